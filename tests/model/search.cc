// The just-in-time search over configurations. See search.h for the method.
// Thread safety: a Search belongs to one thread.
#include "model/search.h"

#include <algorithm>
#include <numeric>
#include <tuple>
#include <utility>

namespace larder::model {
namespace {

constexpr std::size_t kTriedShown = 8;

void mix(std::size_t& hash, std::uint64_t word) {
  hash = (hash ^ (word + 0x9E3779B97F4A7C15U + (hash << 6) + (hash >> 2))) * 0xFF51AFD7ED558CCDU;
}

}  // namespace

int observed_version(const Atom& atom) {
  if (atom.optional) return 0;
  if (atom.step == Step::put && atom.condition == Condition::version) {
    return atom.success == Expect::yes ? atom.expected_version : 0;
  }
  return atom.version;
}

std::size_t SlotSet::hash() const {
  std::size_t hash = 0;
  for (const std::uint64_t word : words_) mix(hash, word);
  return hash;
}

std::size_t Search::StateHash::operator()(const State& state) const {
  std::size_t hash = 0;
  for (const KeyState& key : state.keys) {
    mix(hash, static_cast<std::uint64_t>(key.value) * 2 + (key.present ? 1 : 0));
    mix(hash, static_cast<std::uint64_t>(key.version) << 32 | static_cast<unsigned>(key.tags));
    mix(hash, static_cast<std::uint64_t>(key.expires_low_ns ^ (key.created_low_ns << 20)));
    mix(hash, static_cast<std::uint64_t>(key.bound));
  }
  for (const OpenLoad& load : state.loads) {
    mix(hash, static_cast<std::uint64_t>(load.load) * 4 + static_cast<std::uint64_t>(load.fence));
  }
  for (const OpenCount& count : state.counts) {
    mix(hash, static_cast<std::uint64_t>(count.group) << 32 |
                  static_cast<std::uint64_t>(count.done * 1024 + count.counted));
  }
  return hash;
}

Search::Search(const Problem& problem, const Rules& rules, const Limits& limits, Interner& names)
    : problem_(problem), rules_(rules), limits_(limits), names_(names) {}

SearchReport Search::run() {
  State absent;
  absent.keys.resize(problem_.keys.size());
  std::vector<int> all(problem_.atoms.size());
  std::iota(all.begin(), all.end(), 0);
  return run({absent}, all, -1);
}

SearchReport Search::run(const std::vector<State>& initial, const std::vector<int>& atoms,
                         int last) {
  SearchReport narrow = run_within(kNarrow, initial, atoms, last);
  if (narrow.verdict == Verdict::linearizable || !narrowed_) return narrow;
  SearchReport wide = run_within(limits_.max_configurations, initial, atoms, last);
  wide.steps += narrow.steps;
  return wide;
}

/// What was left out for its number can only have hidden an order, never made one up.
SearchReport Search::run_within(std::size_t width, const std::vector<State>& initial,
                                const std::vector<int>& atoms, int last) {
  reset(initial);
  width_ = std::min(width, limits_.max_configurations);
  count_observers(atoms);
  for (const Edge& edge : edges(atoms)) {
    const bool goes_on = edge.is_return ? on_return(edge.atom) : on_call(edge.atom);
    if (!goes_on || (edge.is_return && edge.atom == last)) break;
    report_.largest_frontier = std::max(report_.largest_frontier, frontier_.size());
    if (states_.size() > compact_above_ || transitions_.size() > 8 * compact_above_) compact();
    if (edge.is_return && open_.empty()) checkpoint();
  }
  if (report_.verdict == Verdict::violation && narrowed_) {
    undecided("no order found among " + std::to_string(width_) + " configurations at one instant");
  }
  report_.expiries = static_cast<std::uint64_t>(std::ranges::count(by_expiry_, true));
  return report_;
}

void Search::reset(const std::vector<State>& initial) {
  states_.clear();
  state_ids_.clear();
  transitions_.clear();
  frontier_.clear();
  open_ = open_pure_ = open_optional_ = SlotSet{};
  slot_of_atom_.assign(problem_.atoms.size(), -1);
  by_expiry_.assign(problem_.atoms.size(), false);
  open_observers_.clear();
  compact_above_ = kCompactAbove;
  narrowed_ = false;
  report_ = {};
  failed_atom_ = -1;
  window_.clear();
  tried_.clear();
  for (const State& state : initial) frontier_.insert({intern(state), SlotSet{}});
  checkpoint_ = initial;
}

/// In time order; at one instant calls come before returns, for such steps may overlap.
std::vector<Search::Edge> Search::edges(const std::vector<int>& atoms) const {
  std::vector<Edge> edges;
  edges.reserve(atoms.size() * 2);
  for (const int index : atoms) {
    const Atom& atom = problem_.atoms[index];
    edges.push_back({atom.call_ns, false, index});
    if (atom.return_ns != kForever) edges.push_back({atom.return_ns, true, index});
  }
  std::ranges::sort(edges, [](const Edge& a, const Edge& b) {
    return std::tie(a.instant_ns, a.is_return, a.atom) <
           std::tie(b.instant_ns, b.is_return, b.atom);
  });
  return edges;
}

void Search::count_observers(const std::vector<int>& atoms) {
  uncalled_observers_.clear();
  for (const int index : atoms) {
    const auto version = static_cast<std::size_t>(observed_version(problem_.atoms[index]));
    if (version >= uncalled_observers_.size()) uncalled_observers_.resize(version + 1);
    ++uncalled_observers_[version];
  }
}

bool Search::on_call(int atom) {
  int slot = 0;
  while (slot < SlotSet::kSlots && open_.has(slot)) ++slot;
  if (slot == SlotSet::kSlots) {
    return undecided("more than " + std::to_string(SlotSet::kSlots) + " steps open at once");
  }
  const Atom& called = problem_.atoms[atom];
  window_.push_back(atom);
  atom_of_slot_[slot] = atom;
  slot_of_atom_[atom] = slot;
  open_.add(slot);
  if (called.optional) open_optional_.add(slot);
  if (const int version = observed_version(called)) {
    --uncalled_observers_[version];
    open_observers_[version].add(slot);
  }
  if (!called.pure) return true;
  open_pure_.add(slot);
  Frontier next;
  next.reserve(frontier_.size());
  for (Config config : frontier_) {
    const Transition& read = transition(config.state, atom);
    if (read.unchanged) {
      config.done.add(slot);
      if (read.by_expiry) by_expiry_[atom] = true;
    }
    next.insert(config);
  }
  frontier_ = std::move(next);
  return true;
}

bool Search::on_return(int atom) {
  const int slot = slot_of_atom_[atom];
  Frontier next;
  visited_.clear();
  if (!expand(slot, next)) return false;
  if (next.empty()) {
    fail(atom, frontier_);
    return false;
  }
  frontier_.clear();
  open_.drop(slot);
  open_pure_.drop(slot);
  open_optional_.drop(slot);
  Frontier returned;
  for (Config config : next) {
    config.done.drop(slot);
    returned.insert(config);
  }
  for (const Config& config : returned) {
    if (!dominated(config, returned)) frontier_.insert(config);
  }
  if (const int version = observed_version(problem_.atoms[atom])) {
    const auto at = open_observers_.find(version);
    at->second.drop(slot);
    if (at->second.empty()) open_observers_.erase(at);
  }
  retire_spent_steps();
  return true;
}

/// A step of unknown outcome that has taken effect in every configuration is over.
void Search::retire_spent_steps() {
  open_optional_.each([&](int slot) {
    const auto spent = [&](const Config& config) { return config.done.has(slot); };
    if (!std::ranges::all_of(frontier_, spent)) return true;
    Frontier without;
    for (Config config : frontier_) {
      config.done.drop(slot);
      without.insert(config);
    }
    frontier_ = std::move(without);
    open_.drop(slot);
    open_optional_.drop(slot);
    return true;
  });
}

/// Breadth first from the configurations with the fewest steps taken: those keep the most open.
bool Search::expand(int slot, Frontier& next) {
  std::vector<Config> work;
  for (const Config& config : frontier_) {
    if (config.done.has(slot)) {
      next.insert(config);
    } else {
      visited_.insert(config);
      work.push_back(config);
    }
  }
  std::ranges::sort(work, {}, [](const Config& config) { return config.done.size(); });
  for (std::size_t at = 0; at < work.size(); ++at) {
    if (++report_.steps > limits_.max_steps) {
      return undecided("more than " + std::to_string(limits_.max_steps) +
                       " configurations visited");
    }
    expand_one(Config(work[at]), slot, work, next);
    const std::size_t reached = next.size() + visited_.size();
    if (reached > width_ && !next.empty()) {
      narrowed_ = narrowed_ || at + 1 < work.size();
      return true;
    }
    if (reached > limits_.max_configurations) {
      return undecided("more than " + std::to_string(limits_.max_configurations) +
                       " configurations at one instant");
    }
  }
  return true;
}

void Search::expand_one(const Config& from, int slot, std::vector<Config>& work, Frontier& next) {
  std::vector<Config> reached;
  open_.each([&](int open_slot) {
    if (from.done.has(open_slot)) return true;
    reached.clear();
    step(from, open_slot, reached);
    for (const Config& to : reached) {
      if (to.done.has(slot)) {
        next.insert(to);
      } else if (visited_.insert(to).second) {
        work.push_back(to);
      }
    }
    return true;
  });
}

void Search::step(const Config& config, int open_slot, std::vector<Config>& out) {
  const int atom = atom_of_slot_[open_slot];
  SlotSet done = config.done;
  done.add(open_slot);
  const Transition& taken = transition(config.state, atom);
  // A step of unknown outcome that changes nothing need not be taken.
  const bool skip_unchanged = problem_.atoms[atom].optional;
  if (taken.by_expiry) by_expiry_[atom] = true;
  for (const Next& next : taken.next) {
    if (skip_unchanged && next.state == config.state) continue;
    if (outstanding(next.ended_versions, done)) continue;
    out.push_back({next.state, done});
  }
  for (Config& reached : out) take_pure_steps(reached);
}

void Search::take_pure_steps(Config& config) {
  open_pure_.each([&](int slot) {
    if (!config.done.has(slot)) {
      const Transition& read = transition(config.state, atom_of_slot_[slot]);
      if (read.unchanged) {
        config.done.add(slot);
        if (read.by_expiry) by_expiry_[atom_of_slot_[slot]] = true;
      }
    }
    return true;
  });
}

bool Search::outstanding(const std::vector<int>& versions, const SlotSet& done) const {
  return std::ranges::any_of(versions, [&](int version) {
    if (static_cast<std::size_t>(version) < uncalled_observers_.size() &&
        uncalled_observers_[version] > 0) {
      return true;
    }
    const auto at = open_observers_.find(version);
    return at != open_observers_.end() && !at->second.within(done);
  });
}

/// A configuration in which an open step has not taken effect can do all that the same state with
/// the step spent can, if the step need never happen, or if it could happen here and change
/// nothing. The latter is then left out: between returns, where the former can still take the
/// step; not within an expansion, which is how it takes it.
bool Search::dominated(const Config& config, const Frontier& among) {
  bool found = false;
  config.done.each([&](int slot) {
    Config without = config;
    without.done.drop(slot);
    if (among.contains(without)) {
      found = open_optional_.has(slot) || transition(config.state, atom_of_slot_[slot]).unchanged;
    }
    return !found;
  });
  return found;
}

const Search::Transition& Search::transition(int state, int atom) {
  const std::uint64_t id = static_cast<std::uint64_t>(state) << 32 | static_cast<unsigned>(atom);
  const auto [at, added] = transitions_.try_emplace(id);
  if (!added) return at->second;
  const State from = *states_[state];
  Transition made;
  for (Successor& successor : apply(from, problem_.atoms[atom], problem_, rules_, names_)) {
    made.by_expiry = made.by_expiry || successor.by_expiry;
    Next next;
    for (const KeyState& key : from.keys) {
      const auto same = [&](const KeyState& other) { return other.version == key.version; };
      if (key.version && std::ranges::none_of(successor.state.keys, same)) {
        next.ended_versions.push_back(key.version);
      }
    }
    next.state = intern(std::move(successor.state));
    made.unchanged = made.unchanged || next.state == state;
    made.next.push_back(std::move(next));
  }
  Transition& kept = transitions_[id];
  kept = std::move(made);
  return kept;
}

int Search::intern(State state) {
  const auto [at, added] =
      state_ids_.try_emplace(std::move(state), static_cast<int>(states_.size()));
  if (added) states_.push_back(&at->first);
  return at->second;
}

void Search::compact() {
  std::vector<std::pair<State, SlotSet>> alive;
  for (const Config& config : frontier_) alive.emplace_back(*states_[config.state], config.done);
  states_.clear();
  state_ids_.clear();
  transitions_.clear();
  frontier_.clear();
  for (auto& [state, done] : alive) frontier_.insert({intern(std::move(state)), done});
  compact_above_ = std::max(kCompactAbove, 2 * states_.size());
}

void Search::checkpoint() {
  checkpoint_.clear();
  for (const Config& config : frontier_) checkpoint_.push_back(*states_[config.state]);
  window_.clear();
}

bool Search::undecided(std::string why) {
  report_.verdict = Verdict::undecided;
  report_.explanation = std::move(why);
  return false;
}

void Search::fail(int atom, const Frontier& before) {
  report_.verdict = Verdict::violation;
  failed_atom_ = atom;
  std::vector<std::string> tried;
  for (const Config& config : before) {
    tried.push_back(describe(*states_[config.state], problem_, names_));
  }
  for (const Config& config : visited_) {
    if (tried.size() > 64 * kTriedShown) break;
    tried.push_back(describe(*states_[config.state], problem_, names_));
  }
  std::ranges::sort(tried);
  tried.erase(std::ranges::unique(tried).begin(), tried.end());
  if (tried.size() > kTriedShown) {
    const std::size_t hidden = tried.size() - kTriedShown;
    tried.resize(kTriedShown);
    tried.push_back("... and " + std::to_string(hidden) + " more");
  }
  tried_ = std::move(tried);
}

}  // namespace larder::model
