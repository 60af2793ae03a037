// Search: is there an order of one problem's atoms that respects real time and that the model
// allows? It walks the calls and returns in time order and keeps every configuration (state, and
// which of the open steps have taken effect) that explains all returns so far; a step takes effect
// only when a return forces it to (just-in-time linearization), configurations are kept once each
// (memoisation), and steps that change nothing take effect as soon as they can.
// Thread safety: a Search belongs to one thread.
#pragma once

#include <array>
#include <bit>
#include <cstdint>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "model/model.h"

namespace larder::model {

enum class Verdict : std::uint8_t { linearizable, violation, undecided };

/// Bounds of one search. Beyond them the verdict is `undecided`, with the reason.
struct Limits {
  std::size_t max_configurations = 200'000;  ///< alive at one instant
  std::uint64_t max_steps = 100'000'000;     ///< configurations visited in all
};

struct SearchReport {
  Verdict verdict = Verdict::linearizable;
  std::string explanation;  ///< the counterexample, or why it is undecided
  std::uint64_t steps = 0;
  std::size_t largest_frontier = 0;
  std::uint64_t expiries = 0;  ///< steps whose answer an expired entry explains
};

/// Which open steps have taken effect. Bound: kSlots open steps at one instant.
class SlotSet {
 public:
  static constexpr int kSlots = 256;

  [[nodiscard]] bool has(int slot) const { return (words_[slot / 64] >> (slot % 64)) & 1; }
  void add(int slot) { words_[slot / 64] |= std::uint64_t{1} << (slot % 64); }
  void drop(int slot) { words_[slot / 64] &= ~(std::uint64_t{1} << (slot % 64)); }
  [[nodiscard]] int size() const {
    int count = 0;
    for (const std::uint64_t word : words_) count += std::popcount(word);
    return count;
  }
  [[nodiscard]] bool empty() const { return words_ == std::array<std::uint64_t, 4>{}; }
  [[nodiscard]] bool within(const SlotSet& other) const {
    for (std::size_t i = 0; i < words_.size(); ++i) {
      if (words_[i] & ~other.words_[i]) return false;
    }
    return true;
  }
  [[nodiscard]] std::size_t hash() const;
  /// Calls `visit(slot)` in ascending order until it returns false.
  template <class Visit>
  void each(Visit visit) const {
    for (std::size_t i = 0; i < words_.size(); ++i) {
      for (std::uint64_t word = words_[i]; word != 0; word &= word - 1) {
        if (!visit(static_cast<int>(i) * 64 + std::countr_zero(word))) return;
      }
    }
  }
  friend bool operator==(const SlotSet&, const SlotSet&) = default;

 private:
  std::array<std::uint64_t, 4> words_{};
};

class Search {
 public:
  Search(const Problem& problem, const Rules& rules, const Limits& limits, Interner& names);

  /// From every key absent.
  SearchReport run();
  /// From any of `initial`, over the chosen atoms (ascending call instants not required), up to
  /// and including the return of `last` (-1: all).
  SearchReport run(const std::vector<State>& initial, const std::vector<int>& atoms, int last);

  // After a violation: where it was noticed, for the counterexample.
  [[nodiscard]] int failed_atom() const { return failed_atom_; }
  [[nodiscard]] const std::vector<State>& window_start() const { return checkpoint_; }
  [[nodiscard]] const std::vector<int>& window_atoms() const { return window_; }
  [[nodiscard]] const std::vector<std::string>& tried() const { return tried_; }

 private:
  struct Config {
    int state;
    SlotSet done;
    friend bool operator==(const Config&, const Config&) = default;
  };
  struct ConfigHash {
    std::size_t operator()(const Config& config) const {
      return config.done.hash() * 31 + static_cast<std::size_t>(config.state) * 0x9E3779B97F4A7C15U;
    }
  };
  struct StateHash {
    std::size_t operator()(const State& state) const;
  };
  struct Next {
    int state;
    std::vector<int> ended_versions;
  };
  struct Transition {
    std::vector<Next> next;
    bool unchanged = false;  ///< one successor is the state itself
    bool by_expiry = false;
  };
  struct Edge {
    std::int64_t instant_ns;
    bool is_return;
    int atom;
  };
  using Frontier = std::unordered_set<Config, ConfigHash>;

  void reset(const std::vector<State>& initial);
  std::vector<Edge> edges(const std::vector<int>& atoms) const;
  void count_observers(const std::vector<int>& atoms);
  bool on_call(int atom);
  bool on_return(int atom);
  SearchReport run_within(std::size_t width, const std::vector<State>& initial,
                          const std::vector<int>& atoms, int last);
  /// Everything the frontier can reach by letting open steps take effect, ending with `slot`'s.
  bool expand(int slot, Frontier& next);
  void expand_one(const Config& from, int slot, std::vector<Config>& work, Frontier& next);
  void step(const Config& config, int open_slot, std::vector<Config>& out);
  void take_pure_steps(Config& config);
  bool outstanding(const std::vector<int>& versions, const SlotSet& done) const;
  void retire_spent_steps();
  bool dominated(const Config& config, const Frontier& among);
  const Transition& transition(int state, int atom);
  int intern(State state);
  void compact();
  void checkpoint();
  bool undecided(std::string why);
  void fail(int atom, const Frontier& before);

  const Problem& problem_;
  const Rules& rules_;
  const Limits& limits_;
  Interner& names_;

  // Bounded by limits_.max_configurations and compact().
  static constexpr std::size_t kCompactAbove = 1 << 16;
  std::size_t compact_above_ = kCompactAbove;  ///< states kept before unreachable ones go
  std::vector<const State*> states_;
  std::unordered_map<State, int, StateHash> state_ids_;
  std::unordered_map<std::uint64_t, Transition> transitions_;
  Frontier frontier_;
  Frontier visited_;

  // The open steps.
  std::array<int, SlotSet::kSlots> atom_of_slot_{};
  std::vector<int> slot_of_atom_;
  SlotSet open_;
  SlotSet open_pure_;
  SlotSet open_optional_;

  // By version: who still has to see it. A version cannot end before all of them have.
  std::vector<int> uncalled_observers_;
  std::unordered_map<int, SlotSet> open_observers_;

  // Configurations kept at one instant, and whether any were left out. A first pass keeps few: the
  // orders of a good history are mostly found among those that take steps late.
  static constexpr std::size_t kNarrow = 3'000;
  std::size_t width_ = 0;
  bool narrowed_ = false;

  std::vector<bool> by_expiry_;
  SearchReport report_;
  int failed_atom_ = -1;
  std::vector<State> checkpoint_;
  std::vector<int> window_;
  std::vector<std::string> tried_;
};

/// The version that an atom's answer proves to be in use at its instant; 0: none.
int observed_version(const Atom& atom);

}  // namespace larder::model
