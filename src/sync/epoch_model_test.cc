// A model of the protocol of epoch.h that is explored exhaustively: every interleaving of readers
// and reclaimers on a machine that runs the instructions of a thread out of order wherever nothing
// in the protocol forbids it. Stress tests and ThreadSanitizer cannot show that a barrier is
// missing on a processor that happens to be strong, and the latter does not see fences at all; this
// can. Each wrong protocol at the end differs in one order from a right one, and must be found.
//
// Thread safety: a test program.
//
// The machine. Memory is one array of words, changed by one instruction at a time. An instruction
// may run as soon as no earlier instruction of its thread that it must follow is outstanding:
//   - accesses of one word keep their order; a use waits for the register that it needs;
//   - nothing passes an earlier acquire; a release passes nothing; a full fence is both.
// So a load may run before an earlier store: that is the store buffer, and more. The compiler is
// modelled by the order in which a program is written down. A heavy fence interrupts each other
// thread, in any order, at instants at which the thread has run exactly a prefix of its program
// (a processor that takes an interrupt and runs a full barrier), and is a full fence by itself.
#include <array>
#include <cstdint>
#include <string>
#include <unordered_set>
#include <vector>

#include <gtest/gtest.h>

namespace larder::sync {
namespace {

// ---- the machine ----

enum class Kind : std::uint8_t {
  kLoad,        // reg := word
  kStore,       // word := value
  kAdd,         // reg := word; word := word + value, in one step
  kUse,         // reads the object named by reg, which must not be free
  kFree,        // frees the object `value`, which must not be free
  kAwaitMoved,  // runs once the word differs from an odd reg; at once when reg is even
  kAwaitValue,  // runs once the word equals the value
  kHeavyFence,
};

constexpr int kNoRegister = -1;

struct Instruction {
  Kind kind;
  int word = -1;
  int reg = kNoRegister;
  int value = 0;
  bool acquire = false;
  bool release = false;
  // Runs only if the register holds at least the minimum; otherwise it is skipped (reg := 0).
  int guard = kNoRegister;
  int guard_minimum = 0;
};

using Program = std::vector<Instruction>;

constexpr int kWords = 8;
constexpr int kRegisters = 8;
constexpr int kThreads = 3;

// Words. An object is free when its bit in kFreed is set.
constexpr int kPointer = 0;  // the shared pointer: the name of an object
constexpr int kFreed = 1;
constexpr int kCount = 2;      // number of slots that reclaimers scan
constexpr int kFirstSlot = 3;  // the counters of the slots

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

bool is_memory(const Instruction& i) { return i.word >= 0; }

bool writes_register(const Instruction& i) { return i.kind == Kind::kLoad || i.kind == Kind::kAdd; }

bool reads_register(const Instruction& i, int reg) {
  if (i.guard == reg) return true;
  return (i.kind == Kind::kUse || i.kind == Kind::kAwaitMoved) && i.reg == reg;
}

bool must_follow(const Instruction& later, const Instruction& earlier) {
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
      if ((state.done[thread] >> at & 1) != 0 || !may_run(state, thread, at)) continue;
      moved = run(state, thread, at) || moved;
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

  bool run(const State& state, int thread, std::size_t at) {
    const Instruction& i = programs_[thread][at];
    if (i.kind == Kind::kHeavyFence) return run_heavy_fence(state, thread, at);
    State next = state;
    next.done[thread] |= 1U << at;
    auto& registers = next.registers[thread];
    if (i.guard != kNoRegister && registers[i.guard] < i.guard_minimum) {
      if (writes_register(i)) registers[i.reg] = 0;
      visit(next);
      return true;
    }
    if (i.kind == Kind::kAwaitMoved && registers[i.reg] % 2 != 0 &&
        next.words[i.word] == registers[i.reg]) {
      return false;
    }
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

// ---- the protocol in its instructions ----

constexpr int kSlot1 = kFirstSlot;
constexpr int kSlot2 = kFirstSlot + 1;

// Registers of a reclaimer: the snapshot and the number of slots. Of a reader: the object found.
constexpr int kNoted1 = 0;
constexpr int kNoted2 = 1;
constexpr int kSlots = 2;
constexpr int kFound = 3;

Instruction store(int word, int value, bool release = false) {
  return {.kind = Kind::kStore, .word = word, .value = value, .release = release};
}
Instruction add(int word, int value, bool acq_rel, int reg = kNoRegister) {
  return {.kind = Kind::kAdd,
          .word = word,
          .reg = reg,
          .value = value,
          .acquire = acq_rel,
          .release = acq_rel};
}
Instruction load(int word, int reg, bool acquire = false) {
  return {.kind = Kind::kLoad, .word = word, .reg = reg, .acquire = acquire};
}
Instruction use() { return {.kind = Kind::kUse, .reg = kFound}; }
Instruction find() { return load(kPointer, kFound); }
Instruction heavy_fence() { return {.kind = Kind::kHeavyFence}; }
Instruction await_moved(int word, int noted) {
  return {.kind = Kind::kAwaitMoved, .word = word, .reg = noted, .acquire = true};
}
Instruction free_object(int object) { return {.kind = Kind::kFree, .value = object}; }
Instruction unlink(int next_object) { return store(kPointer, next_object, true); }

Instruction if_second_slot(Instruction i) {
  i.guard = kSlots;
  i.guard_minimum = 2;
  return i;
}

Program operator+(Program left, const Program& right) {
  left.insert(left.end(), right.begin(), right.end());
  return left;
}

// Sections with the fence on the other side. The counter is known: its owner alone writes it.
Program section(int slot, int number) {
  return {store(slot, 2 * number + 1, true), find(), use(), store(slot, 2 * number + 2, true)};
}

Program reader(int slot) { return section(slot, 0) + section(slot, 1); }

Program snapshot() { return {load(kSlot1, kNoted1, true), load(kSlot2, kNoted2, true)}; }

Program await_both() { return {await_moved(kSlot1, kNoted1), await_moved(kSlot2, kNoted2)}; }

Program reclaim(int object) {
  return Program{unlink(object + 1), heavy_fence()} + snapshot() + await_both() +
         Program{free_object(object)};
}

// The same by read-modify-writes.
Program rmw_section(int slot) { return {add(slot, 1, true), find(), use(), add(slot, 1, true)}; }

Program rmw_reader(int slot) { return rmw_section(slot) + rmw_section(slot); }

Program rmw_snapshot() { return {add(kSlot1, 0, true, kNoted1), add(kSlot2, 0, true, kNoted2)}; }

Program rmw_reclaim(int object) {
  return Program{unlink(object + 1)} + rmw_snapshot() + await_both() + Program{free_object(object)};
}

// The second slot is made while the reclaimer is at work.
Program claiming_reader(int slot) { return Program{add(kCount, 1, true)} + section(slot, 0); }

Program count_and_snapshot() {
  return {add(kCount, 0, true, kSlots), load(kSlot1, kNoted1, true),
          if_second_slot(load(kSlot2, kNoted2, true))};
}

Program await_counted() {
  return {await_moved(kSlot1, kNoted1), if_second_slot(await_moved(kSlot2, kNoted2))};
}

void expect_safe(const std::vector<Program>& programs, std::uint8_t slots = 2) {
  const Explorer explorer(programs, slots);
  EXPECT_FALSE(explorer.violation);
  EXPECT_FALSE(explorer.stuck);
  EXPECT_GT(explorer.finished, 0);
  EXPECT_GT(explorer.states(), 100U);
  testing::Test::RecordProperty("states", static_cast<int>(explorer.states()));
}

void expect_found(const std::vector<Program>& programs, std::uint8_t slots = 2) {
  EXPECT_TRUE(Explorer(programs, slots).violation);
}

// ---- the right protocols ----

TEST(EpochModel, HeavyFenceProtectsEverySection) {
  expect_safe({reclaim(1), reader(kSlot1), reader(kSlot2)});
}

TEST(EpochModel, HeavyFenceProtectsOverSeveralGracePeriods) {
  expect_safe({reclaim(1) + reclaim(2), reader(kSlot1), section(kSlot2, 0)});
}

TEST(EpochModel, ReadModifyWritesProtectEverySection) {
  expect_safe({rmw_reclaim(1), rmw_reader(kSlot1), rmw_reader(kSlot2)});
  expect_safe({rmw_reclaim(1) + rmw_reclaim(2), rmw_reader(kSlot1), rmw_section(kSlot2)});
}

TEST(EpochModel, SlotMadeMeanwhileIsCoveredOrSeesTheUnlinking) {
  const Program heavy = Program{unlink(2), heavy_fence()} + count_and_snapshot() + await_counted() +
                        Program{free_object(1)};
  expect_safe({heavy, section(kSlot1, 0), claiming_reader(kSlot2)}, 1);
  const Program by_rmw =
      Program{unlink(2), add(kCount, 0, true, kSlots), add(kSlot1, 0, true, kNoted1),
              if_second_slot(add(kSlot2, 0, true, kNoted2))} +
      await_counted() + Program{free_object(1)};
  expect_safe({by_rmw, rmw_section(kSlot1), Program{add(kCount, 1, true)} + rmw_section(kSlot2)},
              1);
}

// The registry's lock hands a slot from a thread that ends to one that begins.
constexpr int kHandedOver = kSlot2;
Instruction hand_over() { return store(kHandedOver, 2, true); }
Program after_hand_over(const Program& program) {
  const Instruction wait{
      .kind = Kind::kAwaitValue, .word = kHandedOver, .value = 2, .acquire = true};
  return Program{wait} + program;
}
Program reclaim_one_slot() {
  return {unlink(2), heavy_fence(), load(kSlot1, kNoted1, true), await_moved(kSlot1, kNoted1),
          free_object(1)};
}

TEST(EpochModel, SlotMayPassToAnotherThread) {
  expect_safe({reclaim_one_slot(), section(kSlot1, 0) + Program{hand_over()},
               after_hand_over(section(kSlot1, 1))});
}

TEST(EpochModel, NestedSectionIsPartOfTheOuterOne) {
  const Program nested{store(kSlot1, 1, true), find(), use(), find(), use(), use(),
                       store(kSlot1, 2, true)};
  expect_safe({reclaim(1), nested, section(kSlot2, 0)});
}

TEST(EpochModel, ReclaimerInsideItsOwnSectionWaitsForItself) {
  const Program own{store(kSlot1, 1, true),
                    find(),
                    unlink(2),
                    heavy_fence(),
                    load(kSlot1, kNoted1, true),
                    load(kSlot2, kNoted2, true),
                    use(),
                    store(kSlot1, 2, true),
                    await_moved(kSlot1, kNoted1),
                    await_moved(kSlot2, kNoted2),
                    free_object(1)};
  expect_safe({own, reader(kSlot2)});
}

// ---- wrong protocols, each of which the model must find ----

TEST(EpochModelFinds, NoHeavyFence) {
  const Program wrong = Program{unlink(2)} + snapshot() + await_both() + Program{free_object(1)};
  expect_found({wrong, section(kSlot1, 0), section(kSlot2, 0)});
}

TEST(EpochModelFinds, SnapshotBeforeTheFence) {
  const Program wrong = Program{unlink(2)} + snapshot() + Program{heavy_fence()} + await_both() +
                        Program{free_object(1)};
  expect_found({wrong, section(kSlot1, 0), section(kSlot2, 0)});
}

TEST(EpochModelFinds, UnlinkingAfterTheSnapshot) {
  const Program wrong = Program{heavy_fence()} + snapshot() + Program{unlink(2)} + await_both() +
                        Program{free_object(1)};
  expect_found({wrong, section(kSlot1, 0), section(kSlot2, 0)});
}

TEST(EpochModelFinds, UnlinkingBetweenFenceAndSnapshot) {
  const Program wrong =
      Program{heavy_fence(), unlink(2)} + snapshot() + await_both() + Program{free_object(1)};
  expect_found({wrong, section(kSlot1, 0), section(kSlot2, 0)});
}

TEST(EpochModelFinds, FreeingWithoutWaiting) {
  const Program wrong = Program{unlink(2), heavy_fence()} + snapshot() + Program{free_object(1)};
  expect_found({wrong, section(kSlot1, 0), section(kSlot2, 0)});
}

TEST(EpochModelFinds, WaitingForOneReaderOnly) {
  const Program wrong = Program{unlink(2), heavy_fence()} + snapshot() +
                        Program{await_moved(kSlot1, kNoted1), free_object(1)};
  expect_found({wrong, section(kSlot1, 0), section(kSlot2, 0)});
}

TEST(EpochModelFinds, FreeingAheadOfTheWait) {
  Program wrong = reclaim(1);
  for (Instruction& i : wrong) {
    if (i.kind == Kind::kAwaitMoved) i.acquire = false;  // the poll is relaxed
  }
  expect_found({wrong, section(kSlot1, 0), section(kSlot2, 0)});
}

TEST(EpochModelFinds, EntryAfterTheRead) {  // what the compiler may do without the light fence
  const Program wrong{find(), store(kSlot1, 1, true), use(), store(kSlot1, 2, true)};
  expect_found({reclaim(1), wrong, section(kSlot2, 0)});
}

TEST(EpochModelFinds, ExitBeforeTheLastUse) {
  const Program wrong{store(kSlot1, 1, true), find(), store(kSlot1, 2, true), use()};
  expect_found({reclaim(1), wrong, section(kSlot2, 0)});
}

TEST(EpochModelFinds, ExitThatIsNoRelease) {
  const Program wrong{store(kSlot1, 1, true), find(), use(), store(kSlot1, 2, false)};
  expect_found({reclaim(1), wrong, section(kSlot2, 0)});
}

TEST(EpochModelFinds, NestedEntryThatWrites) {
  const Program wrong{store(kSlot1, 1, true), find(), store(kSlot1, 2, true), use(),
                      store(kSlot1, 3, true), use(),  store(kSlot1, 4, true)};
  expect_found({reclaim(1), wrong, section(kSlot2, 0)});
}

TEST(EpochModelFinds, ReclaimerThatSkipsItsOwnSlot) {
  const Program wrong{store(kSlot1, 1, true),
                      find(),
                      unlink(2),
                      heavy_fence(),
                      load(kSlot2, kNoted2, true),
                      await_moved(kSlot2, kNoted2),
                      free_object(1),
                      use(),
                      store(kSlot1, 2, true)};
  expect_found({wrong, reader(kSlot2)});
}

TEST(EpochModelFinds, SlotPassedOnInsideASection) {
  const Program early{store(kSlot1, 1, true), find(), hand_over(), use()};
  expect_found({reclaim_one_slot(), early,
                after_hand_over({store(kSlot1, 2, true), store(kSlot1, 3, true)})});
}

TEST(EpochModelFinds, SlotCountedAfterItsFirstEntry) {
  const Program heavy = Program{unlink(2), heavy_fence()} + count_and_snapshot() + await_counted() +
                        Program{free_object(1)};
  const Program wrong{store(kSlot2, 1, true), find(), add(kCount, 1, true), use(),
                      store(kSlot2, 2, true)};
  expect_found({heavy, section(kSlot1, 0), wrong}, 1);
}

TEST(EpochModelFinds, SlotsCountedBeforeTheFence) {
  const Program wrong =
      Program{add(kCount, 0, true, kSlots), unlink(2), heavy_fence(), load(kSlot1, kNoted1, true),
              if_second_slot(load(kSlot2, kNoted2, true))} +
      await_counted() + Program{free_object(1)};
  expect_found({wrong, section(kSlot1, 0), claiming_reader(kSlot2)}, 1);
}

TEST(EpochModelFinds, SnapshotByPlainReadsWithoutTheFence) {
  const Program wrong = Program{unlink(2)} + snapshot() + await_both() + Program{free_object(1)};
  expect_found({wrong, rmw_section(kSlot1), rmw_section(kSlot2)});
}

TEST(EpochModelFinds, EntryByPlainStoreWithoutTheFence) {
  const Program wrong{store(kSlot1, 1, true), find(), use(), add(kSlot1, 1, true)};
  expect_found({rmw_reclaim(1), wrong, rmw_section(kSlot2)});
}

TEST(EpochModelFinds, RelaxedEntryWithoutTheFence) {
  const Program wrong{add(kSlot1, 1, false), find(), use(), add(kSlot1, 1, true)};
  expect_found({rmw_reclaim(1), wrong, rmw_section(kSlot2)});
}

TEST(EpochModelFinds, RelaxedExitWithoutTheFence) {
  const Program wrong{add(kSlot1, 1, true), find(), use(), add(kSlot1, 1, false)};
  expect_found({rmw_reclaim(1), wrong, rmw_section(kSlot2)});
}

}  // namespace
}  // namespace larder::sync
