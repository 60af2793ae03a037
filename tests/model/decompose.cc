// Events to atoms, operation by operation. See decompose.h and docs/history-format.md.
// Thread safety: pure functions.
#include "model/decompose.h"

#include <algorithm>
#include <map>
#include <numeric>
#include <set>
#include <unordered_map>
#include <utility>

#include "model/glob.h"

namespace larder::model {
namespace {

/// An instant after every other of a history, with room for a tolerance and a time to live.
constexpr std::int64_t kEndOfClock = kForever / 2;

bool is_rename(const Event& event) { return event.op == Op::rename && event.keys.size() == 2; }

bool writes_version(const Event& event) {
  if (!event.version || event.version->is_absent()) return false;
  return event.op != Op::update ||
         (event.updater && event.updater->decision == UpdaterRun::Decision::store);
}

class Decomposer {
 public:
  Decomposer(const History& history, Interner& names) : history_(history), names_(names) {}

  Decomposition run() {
    number_keys();
    for (std::size_t i = 0; i < history_.events.size(); ++i) {
      event_ = &history_.events[i];
      event_index_ = static_cast<int>(i);
      if (event_->outcome != Outcome::error || has_loads() || overflowed()) add_event();
    }
    check_versions();
    for (Problem& problem : result_.problems) {
      const bool loads = !problem.loads.empty();
      for (Atom& atom : problem.atoms) atom.pure = !atom.optional && is_pure(atom, loads);
    }
    return std::move(result_);
  }

 private:
  struct Place {
    int problem;
    int slot;
  };

  // --- keys and problems ------------------------------------------------------------------

  void number_keys() {
    for (const std::string& key : history_.facts.keys) add_key(key);
    for (const Event& event : history_.events) {
      for (const std::string& key : event.keys) add_key(key);
      for (const Seen& seen : event.seen) {
        if (!seen.key.empty()) add_key(seen.key);
      }
      for (const Load& load : event.loads) {
        add_key(load.key);
        loaded_keys_.insert(load.key);
      }
    }
    std::vector<int> parent(keys_.size());
    std::iota(parent.begin(), parent.end(), 0);
    const auto root = [&](int key) {
      while (parent[key] != key) key = parent[key] = parent[parent[key]];
      return key;
    };
    for (const Event& event : history_.events) {
      if (is_rename(event)) parent[root(ids_[event.keys[0]])] = root(ids_[event.keys[1]]);
    }
    std::map<int, int> problem_of_root;
    for (std::size_t key = 0; key < keys_.size(); ++key) {
      const int next = static_cast<int>(result_.problems.size());
      const auto [at, added] = problem_of_root.emplace(root(static_cast<int>(key)), next);
      if (added) result_.problems.emplace_back();
      Problem& problem = result_.problems[at->second];
      places_.push_back({at->second, static_cast<int>(problem.keys.size())});
      problem.keys.push_back(keys_[key]);
    }
  }

  void add_key(const std::string& key) {
    if (ids_.emplace(key, static_cast<int>(keys_.size())).second) keys_.push_back(key);
  }

  Place place(const std::string& key) const { return places_[ids_.at(key)]; }

  // --- one event --------------------------------------------------------------------------

  bool has_loads() const { return !event_->loads.empty(); }
  bool overflowed() const {
    return event_->error == "out_of_range" &&
           (event_->op == Op::increment || event_->op == Op::decrement);
  }

  Atom atom(Step step, const std::string& key) const {
    Atom atom;
    atom.step = step;
    atom.event = event_index_;
    atom.key = place(key).slot;
    atom.call_ns = event_->call_ns;
    atom.return_ns = event_->return_ns;
    atom.clock_low_ns = event_->call_clock_ns;
    atom.clock_high_ns = event_->return_clock_ns;
    atom.ttl = event_->ttl;
    if (event_->outcome == Outcome::unknown) {
      atom.optional = true;
      atom.return_ns = kForever;
      atom.clock_high_ns = kEndOfClock;
    }
    return atom;
  }

  /// The expectation that a bool answer makes; none if the answer is not known.
  static Expect expect(std::optional<bool> flag) {
    if (!flag) return Expect::any;
    return *flag ? Expect::yes : Expect::no;
  }

  void push(const std::string& key, Atom atom) {
    result_.problems[place(key).problem].atoms.push_back(std::move(atom));
  }

  void add_event() {
    const Event& event = *event_;
    switch (event.op) {
      case Op::get:
      case Op::get_ref:
      case Op::get_entry:
      case Op::contains:
      case Op::metadata:
      case Op::get_many:
      case Op::metadata_many:
        for (const Seen& seen : event.seen) add_seen(seen);
        return;
      case Op::set:
      case Op::set_if_absent:
      case Op::set_if_present:
      case Op::compare_and_set:
      case Op::set_many:
        add_puts();
        return;
      case Op::erase:
      case Op::take:
        add_remove_one();
        return;
      case Op::touch:
        add_flagged(Step::touch);
        return;
      case Op::set_tags:
        add_flagged(Step::set_tags);
        return;
      case Op::rename:
        add_rename();
        return;
      case Op::increment:
      case Op::decrement:
        add_addition();
        return;
      case Op::update:
        add_update();
        return;
      case Op::get_or_set:
      case Op::get_or_set_many:
        add_get_or_set();
        return;
      default:
        add_bulk();
        return;
    }
  }

  void add_bulk() {
    const Event& event = *event_;
    switch (event.op) {
      case Op::erase_many:
        add_counted(Step::remove, event.keys);
        return;
      case Op::clear:
        for (const std::string& key : keys_) push(key, removal(key));
        return;
      case Op::erase_by_pattern:
        add_counted(Step::remove, matching());
        return;
      case Op::erase_by_index:
      case Op::erase_by_tag:
        add_counted(Step::remove, all_but(event.keys));
        return;
      case Op::count_by_index:
        add_counted(Step::observe, keys_);
        return;
      case Op::add_index:
        add_binding(Step::bind);
        return;
      case Op::remove_index:
        add_binding(Step::unbind);
        return;
      case Op::keys_by_pattern:
      case Op::scan:
        add_listing(matching());
        return;
      case Op::get_by_index:
      case Op::get_values_by_index:
        add_listing(keys_);
        return;
      default:
        return;
    }
  }

  // --- reads ------------------------------------------------------------------------------

  void add_seen(const Seen& seen) {
    if (event_->outcome != Outcome::ok) return;
    push(seen.key, reading(seen));
  }

  Atom reading(const Seen& seen) {
    Atom read = atom(Step::observe, seen.key);
    read.success = expect(seen.hit);
    read.result = seen.value;
    if (seen.version) {
      read.version = names_.version(*seen.version);
      observed_[*seen.version].insert(place(seen.key).problem);
    }
    read.expires_at_ns = seen.expires_at_ns;
    read.created_at_ns = seen.created_at_ns;
    if (seen.tags) read.tags_seen = names_.tag_set(*seen.tags);
    return read;
  }

  /// A listing of values alone: a step per key, with as many members as there are values.
  bool names_no_keys() const {
    return std::ranges::all_of(event_->seen, [](const Seen& seen) { return seen.key.empty(); });
  }

  /// A listing shows each key that could be there as found or not found.
  void add_listing(const std::vector<std::string>& candidates) {
    if (event_->outcome != Outcome::ok) return;
    if (event_->op == Op::get_values_by_index && names_no_keys()) {
      add_counted(Step::observe, candidates);
      return;
    }
    std::map<std::string, const Seen*> found;
    for (const Seen& seen : event_->seen) {
      if (!found.emplace(seen.key, &seen).second) violate("lists \"" + seen.key + "\" twice");
    }
    for (const std::string& key : candidates) {
      const auto at = found.find(key);
      Atom read = at == found.end() ? reading(Seen{.key = key}) : reading(*at->second);
      set_condition(read);
      push(key, std::move(read));
      if (at != found.end()) found.erase(at);
    }
    for (const auto& [key, seen] : found) violate("lists \"" + key + "\", which cannot match");
  }

  void set_condition(Atom& atom) {
    if (!event_->index.empty()) {
      atom.condition = Condition::member;
      if (event_->index == history_.facts.declared.name) atom.term = event_->term;
      atom.word = names_.bound(event_->index, event_->term);
    } else if (event_->op == Op::erase_by_tag) {
      atom.condition = Condition::tagged;
      atom.word = names_.tag(event_->tags.at(0));
    }
  }

  // --- writes -----------------------------------------------------------------------------

  void add_puts() {
    for (std::size_t i = 0; i < event_->keys.size(); ++i) {
      Atom put = atom(Step::put, event_->keys[i]);
      put.value = event_->values.at(i);
      put.tags = names_.tag_set(event_->tags);
      put.success = expect(event_->flag);
      if (event_->version) put.version = names_.version(*event_->version);
      if (event_->op == Op::set_if_absent) put.condition = Condition::absent;
      if (event_->op == Op::set_if_present) put.condition = Condition::present;
      if (event_->op == Op::compare_and_set) {
        put.condition = Condition::version;
        put.expected_version = names_.version(event_->expected.value_or(VersionId{}));
        if (event_->flag.value_or(false) && put.expected_version) {
          observed_[*event_->expected].insert(place(event_->keys[i]).problem);
        }
      }
      push(event_->keys[i], std::move(put));
    }
  }

  Atom removal(const std::string& key) {
    Atom remove = atom(Step::remove, key);
    remove.miss_fence = event_->op == Op::take ? Fence::maybe : Fence::fenced;
    set_condition(remove);
    return remove;
  }

  void add_remove_one() {
    const std::string& key = event_->keys.at(0);
    Atom remove = removal(key);
    if (event_->op == Op::erase) remove.success = expect(event_->flag);
    if (event_->op == Op::take && !event_->seen.empty()) {
      remove.success = expect(event_->seen[0].hit);
      remove.result = event_->seen[0].value;
    }
    push(key, std::move(remove));
  }

  void add_flagged(Step step) {
    const std::string& key = event_->keys.at(0);
    Atom flagged = atom(step, key);
    flagged.success = expect(event_->flag);
    flagged.tags = names_.tag_set(event_->tags);
    push(key, std::move(flagged));
  }

  void add_rename() {
    const std::string& from = event_->keys.at(0);
    Atom rename = atom(Step::rename, from);
    rename.destination = place(event_->keys.at(1)).slot;
    rename.success = expect(event_->flag);
    rename.beside_clear = std::ranges::any_of(history_.events, [&](const Event& other) {
      return other.op == Op::clear && other.call_ns < event_->return_ns &&
             other.return_ns > event_->call_ns;
    });
    push(from, std::move(rename));
  }

  void add_addition() {
    const std::string& key = event_->keys.at(0);
    Atom add = atom(Step::add, key);
    add.value = event_->values.at(0);
    if (event_->op == Op::decrement) add.value = -add.value;
    add.result = event_->number;
    add.overflowed = overflowed();
    push(key, std::move(add));
  }

  /// Without a record of its updater the call did nothing.
  void add_update() {
    if (!event_->updater) return;
    const UpdaterRun& run = *event_->updater;
    const std::string& key = event_->keys.at(0);
    Atom update = atom(Step::update, key);
    update.old_known = true;
    update.old_value = run.old_value;
    update.decision = run.decision;
    update.value = run.new_value;
    update.tags = names_.tag_set(event_->tags);
    if (event_->version) update.version = names_.version(*event_->version);
    if (update.version && run.decision == UpdaterRun::Decision::keep) {
      observed_[*event_->version].insert(place(key).problem);
    }
    push(key, std::move(update));
    const bool stored = run.decision == UpdaterRun::Decision::store;
    if (event_->number && *event_->number != (stored ? run.new_value : run.old_value)) {
      violate("answers another value than its updater left");
    }
  }

  void add_binding(Step step) {
    for (const std::string& key : matching()) {
      Atom bind = atom(step, key);
      bind.word = names_.bound(event_->index, event_->term);
      push(key, std::move(bind));
    }
    const auto most = static_cast<std::int64_t>(matching().size());
    if (event_->count && (*event_->count < 0 || *event_->count > most)) {
      violate("counts more keys than match");
    }
  }

  // --- get_or_set -------------------------------------------------------------------------

  void add_get_or_set() {
    const bool batch = event_->op == Op::get_or_set_many;
    for (std::size_t i = 0; i < event_->keys.size(); ++i) {
      const std::string& key = event_->keys[i];
      std::optional<std::int64_t> answer = event_->number;
      if (batch) answer = i < event_->seen.size() ? event_->seen[i].value : std::nullopt;
      if (event_->outcome != Outcome::ok) answer.reset();
      const bool first = std::find(event_->keys.begin(), event_->keys.begin() + i, key) ==
                         event_->keys.begin() + i;
      if (first) add_loads(key, answer);
      const bool loaded =
          std::ranges::any_of(event_->loads, [&](const Load& load) { return load.key == key; });
      if (answer && !loaded) {
        Atom passive = atom(Step::passive_load, key);
        passive.result = answer;
        push(key, std::move(passive));
      }
    }
  }

  /// The loads of `key` follow one another; the last one's end carries the answer.
  void add_loads(const std::string& key, std::optional<std::int64_t> answer) {
    std::vector<const Load*> loads;
    for (const Load& load : event_->loads) {
      if (load.key == key) loads.push_back(&load);
    }
    Problem& problem = result_.problems[place(key).problem];
    std::int64_t from_ns = event_->call_ns;
    for (std::size_t i = 0; i < loads.size(); ++i) {
      const bool last = i + 1 == loads.size();
      Atom begin = atom(Step::load_begin, key);
      begin.load = static_cast<int>(problem.loads.size());
      begin.optional = false;
      begin.call_ns = from_ns;
      begin.return_ns = loads[i]->begin_ns;
      Atom end = atom(Step::load_end, key);
      end.load = begin.load;
      end.call_ns = loads[i]->end_ns;
      end.return_ns = last ? end.return_ns : loads[i + 1]->begin_ns;
      end.tags = names_.tag_set(event_->tags);
      if (last && answer) {
        end.success = Expect::yes;
        end.result = answer;
      }
      from_ns = loads[i]->end_ns;
      problem.loads.push_back(
          {.key = begin.key, .value = loads[i]->value, .ok = loads[i]->ok, .tags = end.tags});
      problem.atoms.push_back(std::move(begin));
      problem.atoms.push_back(std::move(end));
    }
  }

  // --- bulk operations --------------------------------------------------------------------

  std::vector<std::string> matching() const {
    std::vector<std::string> keys;
    for (const std::string& key : keys_) {
      if (glob_matches(event_->pattern, key)) keys.push_back(key);
    }
    return keys;
  }

  std::vector<std::string> all_but(const std::vector<std::string>& excepted) const {
    std::vector<std::string> keys;
    for (const std::string& key : keys_) {
      if (std::ranges::find(excepted, key) == excepted.end()) keys.push_back(key);
    }
    return keys;
  }

  /// A bulk erase may fence loads of keys that it does not select: generations are coarse.
  void add_passing_fences(const std::vector<std::string>& selected) {
    for (const std::string& key : loaded_keys_) {
      if (std::ranges::find(selected, key) != selected.end()) continue;
      Atom fence = atom(Step::remove, key);
      fence.condition = Condition::member;  // of no index: it removes nothing
      push(key, std::move(fence));
    }
  }

  /// One step per key; the count of the whole bounds the successes within each problem.
  void add_counted(Step step, std::vector<std::string> keys) {
    std::ranges::sort(keys);
    keys.erase(std::ranges::unique(keys).begin(), keys.end());
    std::map<int, std::vector<std::string>> by_problem;
    for (const std::string& key : keys) by_problem[place(key).problem].push_back(key);
    std::vector<std::int64_t> values;
    for (const Seen& seen : event_->seen) values.push_back(seen.value.value_or(0));
    std::ranges::sort(values);
    const bool listed = event_->op == Op::get_values_by_index;
    const bool counted = event_->outcome == Outcome::ok && (listed || event_->count);
    const auto total = static_cast<int>(keys.size());
    const std::int64_t answered = listed ? std::ssize(values) : event_->count.value_or(0);
    const int count = static_cast<int>(std::min<std::int64_t>(answered, total));
    if (counted && (answered < 0 || answered > total)) {
      violate("counts more keys than there are");
      return;
    }
    for (const auto& [problem_index, members] : by_problem) {
      Problem& problem = result_.problems[problem_index];
      const auto steps = static_cast<int>(members.size());
      const CountGroup group{.steps = steps,
                             .at_least = std::max(0, count - (total - steps)),
                             .at_most = std::min(count, steps)};
      // A count that leaves one way, or every way, needs no counting during the search.
      Expect success = Expect::any;
      if (counted && group.at_most == 0) success = Expect::no;
      if (counted && group.at_least == steps) success = Expect::yes;
      const bool open =
          counted && success == Expect::any && (group.at_least > 0 || group.at_most < steps);
      if (open) problem.groups.push_back(group);
      for (const std::string& key : members) {
        Atom part = step == Step::remove ? removal(key) : atom(step, key);
        if (step == Step::observe) set_condition(part);
        part.group = open ? static_cast<int>(problem.groups.size()) - 1 : -1;
        part.success = success;
        part.one_of = values;
        push(key, std::move(part));
      }
    }
  }

  // --- what needs no search ---------------------------------------------------------------

  void violate(const std::string& what) {
    result_.violations.push_back(describe(*event_) + "\n  " + what);
  }

  void check_versions() {
    std::map<VersionId, const Event*> writers;
    for (const Event& event : history_.events) {
      if (event.outcome != Outcome::ok || !writes_version(event)) continue;
      event_ = &event;
      const auto [at, added] = writers.emplace(*event.version, &event);
      if (!added) violate("answers the version of another write: " + describe(*at->second));
      observed_[*event.version].insert(place(event.keys.at(0)).problem);
    }
    for (const auto& [version, problems] : observed_) {
      if (!version.is_absent() && problems.size() > 1) {
        result_.violations.push_back(describe(version) + " is seen on keys of different writes");
      }
    }
  }

  /// Steps whose recorded answer says that they changed nothing. With loads in flight a step that
  /// found nothing may still have fenced them.
  static bool is_pure(const Atom& atom, bool loads) {
    if (atom.group >= 0) return false;
    switch (atom.step) {
      case Step::observe:
      case Step::passive_load:
        return true;
      case Step::touch:
        return atom.success == Expect::no;
      case Step::update:
        return atom.decision == UpdaterRun::Decision::keep;
      case Step::add:
        return atom.overflowed;
      case Step::put:
        return atom.success == Expect::no && (atom.condition == Condition::absent || !loads);
      case Step::remove:
      case Step::set_tags:
      case Step::rename:
        return atom.success == Expect::no && !loads && !atom.beside_clear;
      default:
        return false;
    }
  }

  const History& history_;
  Interner& names_;
  Decomposition result_;
  std::vector<std::string> keys_;
  std::unordered_map<std::string, int> ids_;
  std::vector<Place> places_;
  std::set<std::string> loaded_keys_;
  std::map<VersionId, std::set<int>> observed_;
  const Event* event_ = nullptr;
  int event_index_ = 0;
};

}  // namespace

Decomposition decompose(const History& history, Interner& names) {
  return Decomposer(history, names).run();
}

}  // namespace larder::model
