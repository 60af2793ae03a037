// A machine that runs small programs in every order that their instructions allow: for models of
// lock-free protocols, whose missing barriers no stress test shows on a processor that happens to
// be strong. Used by epoch_model_test.cc.
//
// Thread safety: a value of one test.
//
// Memory is one array of words, changed by one instruction at a time. An instruction may run as
// soon as no earlier instruction of its thread that it must follow is outstanding:
//   - accesses of one word keep their order; a use waits for the register that it needs;
//   - nothing passes an earlier acquire; a release passes nothing; a full fence is both.
// So a load may run before an earlier store: that is the store buffer, and more. The compiler is
// modelled by the order in which a program is written down. A heavy fence interrupts each other
// thread, in any order, at instants at which the thread has run exactly a prefix of its program
// (a processor that takes an interrupt and runs a full barrier), and is a full fence by itself.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <unordered_set>
#include <utility>
#include <vector>

namespace larder::sync::model {

enum class Kind : std::uint8_t {
  kLoad,        // reg := word
  kStore,       // word := value
  kStoreSum,    // word := reg + value
  kSwap,        // if word == expected (`unless`: if it differs): word := value; in one step
  kAdd,         // reg := word; word := word + value, in one step
  kUse,         // reads the object named by reg, which must not be free
  kFree,        // frees the object `value`, which must not be free
  kAwaitMoved,  // runs once the word differs from an odd reg; at once when reg is even
  kAwaitSum,    // runs once the word is at least reg + value
  kAwaitValue,  // runs once the word equals the value
  kHeavyFence,
};

enum class Check : std::uint8_t { kAtLeast, kNot, kEven };

inline constexpr int kNoRegister = -1;

struct Instruction {
  Kind kind;
  int word = -1;
  int reg = kNoRegister;
  int value = 0;
  bool acquire = false;
  bool release = false;
  // Runs only if the register passes the check; otherwise it is skipped (reg := 0).
  int guard = kNoRegister;
  Check check = Check::kAtLeast;
  int against = 0;
  int expected = 0;
  bool unless = false;
};

using Program = std::vector<Instruction>;

inline constexpr int kWords = 8;
inline constexpr int kRegisters = 8;
inline constexpr int kThreads = 3;

// Words. An object is free when its bit in kFreed is set.
inline constexpr int kPointer = 0;  // the shared pointer: the name of an object
inline constexpr int kFreed = 1;
inline constexpr int kCount = 2;        // number of slots that reclaimers scan
inline constexpr int kFirstSlot = 3;    // S of the slots
inline constexpr int kFirstParked = 5;  // P of the slots
inline constexpr int kEpoch = 7;

struct State {
  std::array<std::uint8_t, kWords> words{};
  std::array<std::array<std::uint8_t, kRegisters>, kThreads> registers{};
  std::array<std::uint32_t, kThreads> done{};        // instructions that have run, a bit each
  std::array<std::uint8_t, kThreads> interrupted{};  // threads that a pending heavy fence reached

  std::string key() const {
    std::string key(words.begin(), words.end());
    for (const auto& file : registers) key.append(file.begin(), file.end());
    for (const std::uint32_t mask : done) key.append(reinterpret_cast<const char*>(&mask), 4);
    key.append(interrupted.begin(), interrupted.end());
    return key;
  }
};

inline bool is_memory(const Instruction& i) { return i.word >= 0; }

inline bool writes_register(const Instruction& i) {
  return i.kind == Kind::kLoad || i.kind == Kind::kAdd;
}

inline bool reads_register(const Instruction& i, int reg) {
  if (i.guard == reg) return true;
  const bool is_reader = i.kind == Kind::kUse || i.kind == Kind::kAwaitMoved ||
                         i.kind == Kind::kAwaitSum || i.kind == Kind::kStoreSum;
  return is_reader && i.reg == reg;
}

inline bool passes(const Instruction& i, int held) {
  switch (i.check) {
    case Check::kAtLeast:
      return held >= i.against;
    case Check::kNot:
      return held != i.against;
    case Check::kEven:
      return held % 2 == 0;
  }
  return false;
}

inline bool must_follow(const Instruction& later, const Instruction& earlier) {
  if (earlier.acquire || later.release) return true;
  if (earlier.kind == Kind::kHeavyFence || later.kind == Kind::kHeavyFence) return true;
  if (is_memory(earlier) && is_memory(later) && earlier.word == later.word) return true;
  if (writes_register(earlier) && earlier.reg != kNoRegister) {
    if (reads_register(later, earlier.reg)) return true;
    if (writes_register(later) && later.reg == earlier.reg) return true;
  }
  // A register that is still to be read is not overwritten.
  return writes_register(later) && later.reg != kNoRegister && reads_register(earlier, later.reg);
}

// Explores all executions of the programs. `violation` is set when an object is used or freed
// after it was freed; `stuck` when threads wait for ever; `finished` counts final states.
class Explorer {
 public:
  explicit Explorer(std::vector<Program> programs, std::uint8_t slots)
      : programs_(std::move(programs)) {
    State start;
    start.words[kPointer] = 1;
    start.words[kCount] = slots;
    visit(start);
  }

  bool violation = false;
  bool stuck = false;
  int finished = 0;
  std::size_t states() const { return seen_.size(); }

 private:
  std::uint32_t all_done(int thread) const { return (1U << programs_[thread].size()) - 1; }

  bool is_prefix(std::uint32_t mask) const { return (mask & (mask + 1)) == 0; }

  void visit(const State& state) {
    if (violation || !seen_.insert(state.key()).second) return;
    bool moved = false;
    bool is_final = true;
    for (int thread = 0; thread < static_cast<int>(programs_.size()); ++thread) {
      if (state.done[thread] == all_done(thread)) continue;
      is_final = false;
      moved = step_thread(state, thread) || moved;
    }
    finished += is_final ? 1 : 0;
    stuck = stuck || (!moved && !is_final);
  }

  // Takes every step that the thread can take; true if there is one.
  bool step_thread(const State& state, int thread) {
    bool moved = false;
    const Program& program = programs_[thread];
    for (std::size_t at = 0; at < program.size(); ++at) {
      if ((state.done[thread] >> at & 1) != 0) continue;
      if (may_skip(state, thread, at) || may_run(state, thread, at)) {
        moved = run(state, thread, at) || moved;
      }
    }
    return moved;
  }

  bool may_run(const State& state, int thread, std::size_t at) const {
    const Program& program = programs_[thread];
    for (std::size_t earlier = 0; earlier < at; ++earlier) {
      if ((state.done[thread] >> earlier & 1) != 0) continue;
      if (must_follow(program[at], program[earlier])) return false;
    }
    return true;
  }

  // What a guard holds back orders nothing: it is out of the way as soon as the guard is known.
  bool may_skip(const State& state, int thread, std::size_t at) const {
    const Program& program = programs_[thread];
    const Instruction& i = program[at];
    if (i.guard == kNoRegister || writes_register(i)) return false;
    for (std::size_t earlier = 0; earlier < at; ++earlier) {
      if ((state.done[thread] >> earlier & 1) != 0) continue;
      if (writes_register(program[earlier]) && program[earlier].reg == i.guard) return false;
    }
    return !passes(i, state.registers[thread][i.guard]);
  }

  bool run(const State& state, int thread, std::size_t at) {
    const Instruction& i = programs_[thread][at];
    if (i.kind == Kind::kHeavyFence) return run_heavy_fence(state, thread, at);
    State next = state;
    next.done[thread] |= 1U << at;
    auto& registers = next.registers[thread];
    if (i.guard != kNoRegister && !passes(i, registers[i.guard])) {
      if (writes_register(i)) registers[i.reg] = 0;
      visit(next);
      return true;
    }
    if (i.kind == Kind::kAwaitMoved && registers[i.reg] % 2 != 0 &&
        next.words[i.word] == registers[i.reg]) {
      return false;
    }
    if (i.kind == Kind::kAwaitSum && next.words[i.word] < registers[i.reg] + i.value) return false;
    if (i.kind == Kind::kAwaitValue && next.words[i.word] != i.value) return false;
    apply(i, next, registers);
    visit(next);
    return true;
  }

  void apply(const Instruction& i, State& next, std::array<std::uint8_t, kRegisters>& registers) {
    switch (i.kind) {
      case Kind::kLoad:
        registers[i.reg] = next.words[i.word];
        return;
      case Kind::kStore:
        next.words[i.word] = static_cast<std::uint8_t>(i.value);
        return;
      case Kind::kStoreSum:
        next.words[i.word] = static_cast<std::uint8_t>(registers[i.reg] + i.value);
        return;
      case Kind::kSwap:
        if ((next.words[i.word] == i.expected) != i.unless) {
          next.words[i.word] = static_cast<std::uint8_t>(i.value);
        }
        return;
      case Kind::kAdd:
        if (i.reg != kNoRegister) registers[i.reg] = next.words[i.word];
        next.words[i.word] = static_cast<std::uint8_t>(next.words[i.word] + i.value);
        return;
      case Kind::kUse:
        violation = violation || (next.words[kFreed] >> registers[i.reg] & 1) != 0;
        return;
      case Kind::kFree:
        violation = violation || (next.words[kFreed] >> i.value & 1) != 0;
        next.words[kFreed] = static_cast<std::uint8_t>(next.words[kFreed] | 1 << i.value);
        return;
      case Kind::kAwaitMoved:
      case Kind::kAwaitSum:
      case Kind::kAwaitValue:
      case Kind::kHeavyFence:
        return;
    }
  }

  // One interrupt of one other thread; the fence is over when all others had theirs.
  bool run_heavy_fence(const State& state, int thread, std::size_t at) {
    bool moved = false;
    for (int other = 0; other < static_cast<int>(programs_.size()); ++other) {
      if (other == thread || (state.interrupted[thread] >> other & 1) != 0) continue;
      if (!is_prefix(state.done[other])) continue;
      State next = state;
      next.interrupted[thread] |= static_cast<std::uint8_t>(1 << other);
      const auto others = static_cast<std::uint8_t>(((1 << programs_.size()) - 1) ^ (1 << thread));
      if (next.interrupted[thread] == others) {
        next.interrupted[thread] = 0;
        next.done[thread] |= 1U << at;
      }
      visit(next);
      moved = true;
    }
    // Another thread that is between two reorderings will come to an instant that fits.
    return moved;
  }

  std::vector<Program> programs_;
  std::unordered_set<std::string> seen_;
};

}  // namespace larder::sync::model
