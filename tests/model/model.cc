// What each step may do to a state: the contract's rules, one function per step. See model.h.
// Thread safety: pure functions over the caller's Interner.
#include "model/model.h"

#include <algorithm>
#include <iterator>
#include <sstream>
#include <utility>

namespace larder::model {
namespace {

std::int64_t saturating_add(std::int64_t a, std::int64_t b) {
  std::int64_t sum = 0;
  return __builtin_add_overflow(a, b, &sum) ? kForever : sum;
}

bool matches(Expect expect, bool success) {
  return expect == Expect::any || (expect == Expect::yes) == success;
}

/// One application of one atom to one state.
class Application {
 public:
  Application(const State& state, const Atom& atom, const Problem& problem, const Rules& rules,
              Interner& names)
      : state_(state), atom_(atom), problem_(problem), rules_(rules), names_(names) {}

  std::vector<Successor> run() {
    switch (atom_.step) {
      case Step::observe:
        observe();
        break;
      case Step::passive_load:
        passive_load();
        break;
      case Step::load_begin:
        load_begin();
        break;
      case Step::load_end:
        load_end();
        break;
      case Step::put:
        put();
        break;
      case Step::remove:
        remove();
        break;
      case Step::touch:
        touch();
        break;
      case Step::add:
        add();
        break;
      case Step::update:
        update();
        break;
      case Step::set_tags:
        set_tags();
        break;
      case Step::bind:
      case Step::unbind:
        bind();
        break;
      case Step::rename:
        rename();
        break;
    }
    return std::move(successors_);
  }

 private:
  const KeyState& key() const { return state_.keys[atom_.key]; }

  // --- liveness ---------------------------------------------------------------------------

  bool may_live(const KeyState& key) const {
    return key.present && (key.expires_high_ns == kForever ||
                           atom_.clock_low_ns - rules_.clock_tolerance_ns < key.expires_high_ns);
  }
  bool may_have_expired(const KeyState& key) const {
    return key.present && key.expires_low_ns != kForever &&
           atom_.clock_high_ns + rules_.clock_tolerance_ns >= key.expires_low_ns;
  }
  /// Calls `then(state, by_expiry)` for each way in which the key is not live now. An entry taken
  /// for expired stays in the state: an engine tick behind the clock may still show it.
  template <class Then>
  void if_dead(int slot, Then then) {
    const KeyState& key = state_.keys[slot];
    if (!key.present) then(state_, false);
    if (may_have_expired(key)) then(state_, true);
    if (key.present && rules_.evictions) {
      State evicted = state_;
      evicted.keys[slot] = {};
      then(std::move(evicted), false);
    }
  }

  // --- results ----------------------------------------------------------------------------

  void emit(State next, bool success, bool by_expiry = false) {
    if (!matches(atom_.success, success)) return;
    if (atom_.group >= 0 && !count(next, success)) return;
    successors_.push_back({std::move(next), by_expiry});
  }

  bool count(State& next, bool success) const {
    const CountGroup& group = problem_.groups[atom_.group];
    auto at = std::ranges::lower_bound(next.counts, atom_.group, {}, &OpenCount::group);
    if (at == next.counts.end() || at->group != atom_.group) {
      at = next.counts.insert(at, OpenCount{.group = atom_.group});
    }
    ++at->done;
    at->counted += success ? 1 : 0;
    const int left = group.steps - at->done;
    if (at->counted > group.at_most || at->counted + left < group.at_least) return false;
    if (left == 0) next.counts.erase(at);
    return true;
  }

  void fence(State& next, int slot, Fence level) const {
    for (OpenLoad& load : next.loads) {
      if (problem_.loads[load.load].key == slot) load.fence = std::max(load.fence, level);
    }
  }

  // --- entries ----------------------------------------------------------------------------

  void set_expiry(KeyState& next, const KeyState* live) const {
    const std::int64_t tolerance = rules_.clock_tolerance_ns;
    TtlArgument ttl = atom_.ttl;
    if (ttl.kind == TtlArgument::Kind::keep) {
      if (live) {
        next.expires_low_ns = live->expires_low_ns;
        next.expires_high_ns = live->expires_high_ns;
        return;
      }
      ttl.kind = TtlArgument::Kind::standard;
    }
    const std::int64_t span =
        ttl.kind == TtlArgument::Kind::standard ? rules_.standard_ttl_ns : ttl.span_ns;
    if (ttl.kind == TtlArgument::Kind::forever || span == kForever) {
      next.expires_low_ns = next.expires_high_ns = kForever;
      return;
    }
    next.expires_low_ns = saturating_add(atom_.clock_low_ns - tolerance, span);
    next.expires_high_ns = saturating_add(atom_.clock_high_ns + tolerance, span);
  }

  /// A new entry in place of `live` (null: a new life).
  KeyState new_entry(std::int64_t value, const KeyState* live) const {
    KeyState next;
    next.present = true;
    next.value = value;
    next.version = atom_.version;
    next.created_low_ns = atom_.clock_low_ns;
    next.created_high_ns = atom_.clock_high_ns;
    next.tags = atom_.tags;
    next.bound = live ? live->bound : 0;
    set_expiry(next, live);
    return next;
  }

  /// A version is never used twice: a write must not answer one that is still in use.
  bool reuses_version() const {
    return atom_.version != 0 && std::ranges::any_of(state_.keys, [&](const KeyState& key) {
             return key.version == atom_.version;
           });
  }

  /// Whether touch, set_tags and rename are writes with a version of their own is left open.
  void emit_either_version(State next, int slot, bool by_expiry = false) {
    State fresh = next;
    const bool differs = fresh.keys[slot].version != 0;
    fresh.keys[slot].version = 0;
    emit(std::move(next), true, by_expiry);
    if (differs) emit(std::move(fresh), true, by_expiry);
  }

  bool is_member(const KeyState& key) const {
    if (atom_.condition == Condition::tagged) return names_.contains(key.tags, atom_.word);
    return (!atom_.term.empty() && rules_.declared.term_of(key.value) == atom_.term) ||
           (atom_.word != 0 && names_.contains(key.bound, atom_.word));
  }

  /// Whether what was seen can be this live entry; narrows what is known of it.
  bool agrees(KeyState& key) const {
    if (atom_.result && *atom_.result != key.value) return false;
    if (!atom_.one_of.empty() && !std::ranges::binary_search(atom_.one_of, key.value)) return false;
    if (atom_.tags_seen && *atom_.tags_seen != key.tags) return false;
    if (atom_.version != 0) {
      if (key.version != 0 && key.version != atom_.version) return false;
      key.version = atom_.version;
    }
    const std::int64_t tolerance = rules_.clock_tolerance_ns;
    if (atom_.created_at_ns) {
      const std::int64_t created = *atom_.created_at_ns;
      if (created < key.created_low_ns - tolerance || created > key.created_high_ns + tolerance) {
        return false;
      }
    }
    // An engine that keeps monotonic instants converts them when it reports them: a clock that
    // moves within the call may move the report by as much.
    const std::int64_t moved = atom_.clock_high_ns - atom_.clock_low_ns;
    return !atom_.expires_at_ns || narrow_expiry(key, *atom_.expires_at_ns, tolerance + moved);
  }

  static bool narrow_expiry(KeyState& key, std::int64_t expires, std::int64_t tolerance) {
    if (expires == kForever || key.expires_low_ns == kForever) {
      return expires == key.expires_low_ns;
    }
    if (expires < key.expires_low_ns - tolerance || expires > key.expires_high_ns + tolerance) {
      return false;
    }
    if (key.expires_low_ns != key.expires_high_ns) {
      key.expires_low_ns = std::max(key.expires_low_ns, expires - tolerance);
      key.expires_high_ns = std::min(key.expires_high_ns, expires + tolerance);
    }
    return true;
  }

  // --- steps ------------------------------------------------------------------------------

  void observe() {
    const bool plain = atom_.condition == Condition::always;
    if (may_live(key())) {
      State next = state_;
      const bool yes = plain || is_member(key());
      if (!yes || atom_.success == Expect::no || agrees(next.keys[atom_.key])) {
        emit(std::move(next), yes);
      }
    }
    if_dead(atom_.key,
            [&](State next, bool by_expiry) { emit(std::move(next), false, by_expiry); });
  }

  void passive_load() {
    if (may_live(key()) && key().value == *atom_.result) {
      emit(state_, true);
      return;
    }
    const bool joins = std::ranges::any_of(state_.loads, [&](const OpenLoad& open) {
      const ModelLoad& load = problem_.loads[open.load];
      return load.key == atom_.key && load.ok && load.value == *atom_.result &&
             open.fence != Fence::fenced;
    });
    if (joins) emit(state_, true);
  }

  void load_begin() {
    if (rules_.one_load_per_flight) {
      for (const OpenLoad& open : state_.loads) {
        if (problem_.loads[open.load].key == atom_.key && open.fence == Fence::open) return;
      }
    }
    if_dead(atom_.key, [&](State next, bool by_expiry) {
      const auto at = std::ranges::lower_bound(next.loads, atom_.load, {}, &OpenLoad::load);
      next.loads.insert(at, OpenLoad{.load = atom_.load});
      emit(std::move(next), true, by_expiry);
    });
  }

  void load_end() {
    const auto open = std::ranges::find(state_.loads, atom_.load, &OpenLoad::load);
    if (open == state_.loads.end()) return;
    const Fence fenced = open->fence;
    State ended = state_;
    ended.loads.erase(ended.loads.begin() + (open - state_.loads.begin()));
    const ModelLoad& load = problem_.loads[atom_.load];
    const bool own_value = !atom_.result || *atom_.result == load.value;
    if (!load.ok) {
      emit(std::move(ended), false);
      return;
    }
    if (own_value && fenced != Fence::fenced) {
      State published = ended;
      published.keys[atom_.key] = new_entry(load.value, nullptr);
      fence(published, atom_.key, Fence::fenced);
      emit(std::move(published), true);
    }
    // Without an acknowledged answer (the call failed otherwise) nothing says it was published.
    const bool excused = fenced != Fence::open || rules_.evictions || atom_.success == Expect::any;
    if (excused && own_value) emit(ended, atom_.success != Expect::no);
    if (!own_value && fenced != Fence::open && may_live(key()) && key().value == *atom_.result) {
      emit(std::move(ended), true);  // beaten by a newer flight: its value is the answer
    }
  }

  void put() {
    if (reuses_version()) return;
    const bool needs_absent = atom_.condition == Condition::absent ||
                              (atom_.condition == Condition::version && !atom_.expected_version);
    if (may_live(key())) {
      const bool goes = atom_.condition == Condition::version
                            ? atom_.expected_version && key().version == atom_.expected_version
                            : !needs_absent;
      State next = state_;
      if (goes) {
        next.keys[atom_.key] = new_entry(atom_.value, &key());
        fence(next, atom_.key, Fence::fenced);
      }
      emit(std::move(next), goes);
    }
    const bool creates = needs_absent || atom_.condition == Condition::always;
    if_dead(atom_.key, [&](State next, bool by_expiry) {
      if (creates) next.keys[atom_.key] = new_entry(atom_.value, nullptr);
      fence(next, atom_.key, creates ? Fence::fenced : Fence::maybe);
      emit(std::move(next), creates, by_expiry);
    });
  }

  void remove() {
    const bool plain = atom_.condition == Condition::always;
    if (may_live(key())) {
      State next = state_;
      const bool goes = plain || is_member(key());
      if (!goes || atom_.success == Expect::no || agrees(next.keys[atom_.key])) {
        if (goes) next.keys[atom_.key] = {};
        fence_removed(next, goes);
        emit(std::move(next), goes);
      }
    }
    if_dead(atom_.key, [&](State next, bool by_expiry) {
      fence_removed(next, plain && atom_.miss_fence == Fence::fenced);
      emit(std::move(next), false, by_expiry);
    });
  }

  /// A removal that names the key fences its loads even where it finds nothing; one by index or
  /// tag must fence the loads whose value would be a member, and may fence the others.
  void fence_removed(State& next, bool certain) const {
    for (OpenLoad& open : next.loads) {
      const ModelLoad& load = problem_.loads[open.load];
      if (load.key != atom_.key) continue;
      KeyState loaded;
      loaded.value = load.value;
      loaded.tags = load.tags;
      const bool member = atom_.condition != Condition::always && is_member(loaded);
      open.fence = std::max(open.fence, certain || member ? Fence::fenced : Fence::maybe);
    }
  }

  void touch() {
    if (may_live(key())) {
      State next = state_;
      set_expiry(next.keys[atom_.key], &key());
      if (atom_.success != Expect::no) emit_either_version(std::move(next), atom_.key);
    }
    if_dead(atom_.key,
            [&](State next, bool by_expiry) { emit(std::move(next), false, by_expiry); });
  }

  void add() {
    if (may_live(key())) {
      std::int64_t sum = 0;
      const bool overflow = __builtin_add_overflow(key().value, atom_.value, &sum);
      State next = state_;
      if (overflow == atom_.overflowed && !overflow && (!atom_.result || *atom_.result == sum)) {
        next.keys[atom_.key].value = sum;
        next.keys[atom_.key].version = 0;
        fence(next, atom_.key, Fence::fenced);
        emit(std::move(next), true);
      } else if (overflow && (atom_.overflowed || atom_.optional)) {
        emit(std::move(next), false);
      }
    }
    if (atom_.overflowed || (atom_.result && *atom_.result != atom_.value)) return;
    if_dead(atom_.key, [&](State next, bool by_expiry) {
      next.keys[atom_.key] = new_entry(atom_.value, nullptr);
      fence(next, atom_.key, Fence::fenced);
      emit(std::move(next), true, by_expiry);
    });
  }

  void update() {
    const auto saw = [&](std::optional<std::int64_t> old) {
      return !atom_.old_known || atom_.old_value == old;
    };
    if (may_live(key()) && saw(key().value)) update_live();
    if (!saw(std::nullopt)) return;
    if_dead(atom_.key, [&](State next, bool by_expiry) {
      if (atom_.decision == UpdaterRun::Decision::store) {
        if (reuses_version()) return;
        next.keys[atom_.key] = new_entry(atom_.value, nullptr);
        fence(next, atom_.key, Fence::fenced);
      } else if (atom_.decision == UpdaterRun::Decision::erase) {
        fence(next, atom_.key, Fence::maybe);
      }
      emit(std::move(next), true, by_expiry);
    });
  }

  void update_live() {
    State next = state_;
    KeyState& entry = next.keys[atom_.key];
    switch (atom_.decision) {
      case UpdaterRun::Decision::store:
        if (reuses_version()) return;
        entry.value = atom_.value;
        entry.version = atom_.version;
        if (atom_.tags != 0) entry.tags = atom_.tags;
        set_expiry(entry, &key());
        break;
      case UpdaterRun::Decision::keep:
        if (agrees(entry)) emit(std::move(next), true);
        return;
      case UpdaterRun::Decision::erase:
        entry = {};
        break;
    }
    fence(next, atom_.key, Fence::fenced);
    emit(std::move(next), true);
  }

  void set_tags() {
    if (may_live(key()) && atom_.success != Expect::no) {
      State next = state_;
      next.keys[atom_.key].tags = atom_.tags;
      fence(next, atom_.key, Fence::fenced);
      emit_either_version(std::move(next), atom_.key);
    }
    if_dead(atom_.key, [&](State next, bool by_expiry) {
      fence(next, atom_.key, Fence::maybe);
      emit(std::move(next), false, by_expiry);
    });
  }

  void bind() {
    if (may_live(key())) {
      State next = state_;
      int& bound = next.keys[atom_.key].bound;
      bound = atom_.step == Step::bind ? names_.with(bound, atom_.word)
                                       : names_.without(bound, atom_.word);
      emit(std::move(next), true);
    }
    if_dead(atom_.key,
            [&](State next, bool by_expiry) { emit(std::move(next), false, by_expiry); });
  }

  void rename() {
    if (may_live(key()) && atom_.success != Expect::no) rename_live();
    if (may_live(key()) && atom_.success != Expect::yes && atom_.beside_clear) clear_source();
    if_dead(atom_.key, [&](State next, bool by_expiry) {
      fence(next, atom_.key, Fence::maybe);
      fence(next, atom_.destination, Fence::maybe);
      emit(std::move(next), false, by_expiry);
    });
  }

  /// A clear that is under way may take the entry before it escapes to a key that the clear has
  /// dealt with already. It may do so to each entry that comes meanwhile (rule 12), so that its one
  /// step for the key is not used up.
  void clear_source() {
    if (atom_.key == atom_.destination) return;
    State next = state_;
    next.keys[atom_.key] = {};
    fence(next, atom_.key, Fence::maybe);
    emit(std::move(next), false);
  }

  /// The contract lets the entry move; whose bound terms the destination has then is left open.
  void rename_live() {
    if (atom_.key == atom_.destination) {
      emit_either_version(state_, atom_.key);
      return;
    }
    const int source = key().bound;
    const int replaced = state_.keys[atom_.destination].bound;
    std::vector<int> choices = {source, replaced, names_.united(source, replaced), 0};
    std::ranges::sort(choices);
    choices.erase(std::ranges::unique(choices).begin(), choices.end());
    for (const int bound : choices) {
      State next = state_;
      next.keys[atom_.destination] = key();
      next.keys[atom_.destination].bound = bound;
      next.keys[atom_.key] = {};
      fence(next, atom_.key, Fence::fenced);
      fence(next, atom_.destination, Fence::fenced);
      emit_either_version(std::move(next), atom_.destination);
    }
  }

  const State& state_;
  const Atom& atom_;
  const Problem& problem_;
  const Rules& rules_;
  Interner& names_;
  std::vector<Successor> successors_;
};

void describe_instant(std::ostream& out, std::int64_t low, std::int64_t high) {
  if (low == kForever) {
    out << "never";
  } else if (low == high) {
    out << low;
  } else {
    out << low << ".." << high;
  }
}

void describe_key(std::ostream& out, const KeyState& key, const Interner& names) {
  if (!key.present) {
    out << "absent";
    return;
  }
  out << key.value << ' ' << (key.version ? describe(names.version_id(key.version)) : "v?");
  out << " expires ";
  describe_instant(out, key.expires_low_ns, key.expires_high_ns);
  for (const int tag : names.members(key.tags)) out << ' ' << names.word_text(tag);
  for (const int term : names.members(key.bound)) out << ' ' << names.word_text(term);
}

}  // namespace

std::vector<Successor> apply(const State& state, const Atom& atom, const Problem& problem,
                             const Rules& rules, Interner& names) {
  return Application(state, atom, problem, rules, names).run();
}

std::string describe(const State& state, const Problem& problem, const Interner& names) {
  std::ostringstream out;
  for (std::size_t slot = 0; slot < state.keys.size(); ++slot) {
    out << (slot ? "; " : "") << problem.keys[slot] << ": ";
    describe_key(out, state.keys[slot], names);
  }
  static constexpr std::string_view kFences[] = {"may publish", "perhaps fenced", "fenced"};
  for (const OpenLoad& load : state.loads) {
    out << "; load of " << problem.loads[load.load].value << ' '
        << kFences[static_cast<int>(load.fence)];
  }
  return out.str();
}

int Interner::version(const VersionId& version) {
  if (version.is_absent()) return 0;
  const auto [at, added] = versions_.emplace(version, static_cast<int>(versions_by_id_.size()));
  if (added) versions_by_id_.push_back(version);
  return at->second;
}

int Interner::word(const std::string& text) {
  const auto [at, added] = words_.emplace(text, static_cast<int>(words_by_id_.size()));
  if (added) words_by_id_.push_back(text);
  return at->second;
}

int Interner::set_of(std::vector<int> members) {
  std::ranges::sort(members);
  members.erase(std::ranges::unique(members).begin(), members.end());
  const auto [at, added] = sets_.emplace(members, static_cast<int>(sets_by_id_.size()));
  if (added) sets_by_id_.push_back(std::move(members));
  return at->second;
}

int Interner::tag_set(const std::vector<std::string>& tags) {
  std::vector<int> members;
  for (const std::string& name : tags) members.push_back(tag(name));
  return set_of(std::move(members));
}

bool Interner::contains(int set, int member) const {
  return std::ranges::binary_search(sets_by_id_[set], member);
}

int Interner::with(int set, int member) {
  if (contains(set, member)) return set;
  std::vector<int> members = sets_by_id_[set];
  members.push_back(member);
  return set_of(std::move(members));
}

int Interner::without(int set, int member) {
  std::vector<int> members = sets_by_id_[set];
  std::erase(members, member);
  return set_of(std::move(members));
}

int Interner::united(int a, int b) {
  std::vector<int> members = sets_by_id_[a];
  members.insert(members.end(), sets_by_id_[b].begin(), sets_by_id_[b].end());
  return set_of(std::move(members));
}

}  // namespace larder::model
