// The search against the plainest possible one: all orders of a few steps, tried one by one. Both
// must agree on thousands of small histories, good ones and damaged ones.
#include "model/search.h"

#include <algorithm>
#include <random>
#include <set>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "model/broken_engines.h"
#include "model/checker.h"
#include "model/decompose.h"

namespace larder::model {
namespace {

/// Depth-first over every order that respects real time; no memory, no shortcuts. Versions are
/// judged by their own rule: one that has ended never comes back.
class AllOrders {
 public:
  AllOrders(const Problem& problem, const Rules& rules, Interner& names)
      : problem_(problem), rules_(rules), names_(names), done_(problem.atoms.size(), false) {}

  bool exists() {
    State absent;
    absent.keys.resize(problem_.keys.size());
    return extend(absent, {});
  }

 private:
  bool extend(const State& state, const std::set<int>& ended) {
    std::int64_t first_return_ns = kForever;
    bool complete = true;
    for (std::size_t i = 0; i < done_.size(); ++i) {
      const Atom& atom = problem_.atoms[i];
      if (done_[i] || atom.optional) continue;
      complete = false;
      first_return_ns = std::min(first_return_ns, atom.return_ns);
    }
    if (complete) return true;
    for (std::size_t i = 0; i < done_.size(); ++i) {
      if (done_[i] || problem_.atoms[i].call_ns > first_return_ns) continue;
      done_[i] = true;
      const bool found = take(state, problem_.atoms[i], ended);
      done_[i] = false;
      if (found) return true;
    }
    return false;
  }

  bool take(const State& state, const Atom& atom, const std::set<int>& ended) {
    for (const Successor& next : apply(state, atom, problem_, rules_, names_)) {
      std::set<int> ended_now = ended;
      if (comes_back(next.state, ended)) continue;
      for (const KeyState& key : state.keys) {
        if (key.version && !holds(next.state, key.version)) ended_now.insert(key.version);
      }
      // The version of a write that was replaced within the same step is also used up.
      if (atom.version && !holds(next.state, atom.version)) ended_now.insert(atom.version);
      if (extend(next.state, ended_now)) return true;
    }
    return false;
  }

  static bool holds(const State& state, int version) {
    return std::ranges::any_of(state.keys,
                               [&](const KeyState& key) { return key.version == version; });
  }
  static bool comes_back(const State& state, const std::set<int>& ended) {
    return std::ranges::any_of(state.keys, [&](const KeyState& key) {
      return key.version && ended.contains(key.version);
    });
  }

  const Problem& problem_;
  const Rules& rules_;
  Interner& names_;
  std::vector<bool> done_;
};

/// Changes one recorded answer, or lets one call end with an unknown outcome.
void damage(History& history, std::mt19937_64& random) {
  Event& event = history.events[random() % history.events.size()];
  switch (random() % 4) {
    case 0:
      if (event.flag) event.flag = !*event.flag;
      if (event.count) *event.count += random() % 2 ? 1 : -1;
      break;
    case 1:
      for (Seen& seen : event.seen) {
        const Event& other = history.events[random() % history.events.size()];
        if (seen.value && !other.values.empty()) seen.value = other.values[0];
        if (seen.version && other.version) seen.version = other.version;
      }
      break;
    case 2:
      event.outcome = Outcome::unknown;
      event.flag.reset();
      event.count.reset();
      event.number.reset();
      event.version.reset();
      event.seen.clear();
      break;
    default:
      if (event.op == Op::get && !event.seen.empty()) {
        event.seen[0].hit = !event.seen[0].hit;
        event.seen[0].value.reset();
      }
  }
}

struct Tally {
  int good = 0;
  int bad = 0;
};

/// Judges every problem of `history` both ways.
void compare(const History& history, Tally& tally) {
  Interner names;
  const Decomposition parts = decompose(history, names);
  const Rules rules{.clock_tolerance_ns = history.facts.clock_tolerance_ns,
                    .standard_ttl_ns = history.facts.standard_ttl_ns,
                    .evictions = history.facts.evictions,
                    .declared = history.facts.declared};
  // Histories in which one version has two writers are refused before any search.
  if (!parts.violations.empty()) return;
  for (const Problem& problem : parts.problems) {
    const SearchReport found = Search(problem, rules, Limits{}, names).run();
    const bool exists = AllOrders(problem, rules, names).exists();
    ASSERT_EQ(found.verdict == Verdict::linearizable, exists)
        << history.name << " seed " << history.seed << '\n'
        << check(history).text();
    ++(exists ? tally.good : tally.bad);
  }
}

TEST(Search, AgreesWithTryingAllOrders) {
  std::mt19937_64 random(11);
  Tally tally;
  for (std::uint64_t seed = 1; seed <= 1500; ++seed) {
    Workload workload{.name = "small",
                      .clients = 3,
                      .operations_per_client = seed % 10 == 0 ? 4 : 3,
                      .keys = 2,
                      .seed = seed,
                      .pause_percent = 70};
    workload.facts.evictions = seed % 5 == 0;
    if (seed % 2 == 0) {
      workload.weights = only({Op::set, Op::get_entry, Op::get, Op::erase, Op::compare_and_set,
                               Op::get_or_set, Op::update, Op::take});
    }
    const History history = run_deterministic(workload, make_simple_engine);
    compare(history, tally);
    for (int i = 0; i < 4; ++i) {
      History damaged = history;
      damage(damaged, random);
      compare(damaged, tally);
    }
    if (HasFatalFailure()) return;
  }
  EXPECT_GT(tally.good, 1000);
  EXPECT_GT(tally.bad, 150);
}

TEST(Search, AgreesWithTryingAllOrdersOnBrokenEngines) {
  Tally tally;
  for (const BrokenEngine& engine : broken_engines()) {
    for (std::uint64_t seed = 1; seed <= 20; ++seed) {
      Workload workload = workload_for(engine, seed);
      workload.clients = 3;
      workload.operations_per_client = 3;
      compare(run_deterministic(workload, engine.make), tally);
      if (HasFatalFailure()) return;
    }
  }
  EXPECT_GT(tally.good, 100);
  EXPECT_GT(tally.bad, 50);
}

}  // namespace
}  // namespace larder::model
