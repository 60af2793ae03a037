// One small class per defect, and the table that names them. See broken_engines.h.
// Thread safety: as SimpleEngine, but for the defect.
#include "model/broken_engines.h"

#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "model/simple_engine.h"

namespace larder::model {
namespace {

class LostUpdate final : public SimpleEngine {
 public:
  using SimpleEngine::SimpleEngine;

 private:
  void update(Event& event, Lock& lock) override {
    UpdaterRun& run = *event.updater;
    const Entry* before = find(event.keys[0]);
    run.old_value = before ? std::optional(before->value) : std::nullopt;
    window(lock);
    if (run.decision == UpdaterRun::Decision::erase) {
      remove(event.keys[0]);
    } else if (run.decision == UpdaterRun::Decision::store) {
      event.number = run.new_value;
      event.version = store(event.keys[0], run.new_value, event);
    } else {
      event.number = run.old_value;
    }
  }
};

class UpdateResurrects final : public SimpleEngine {
 public:
  using SimpleEngine::SimpleEngine;

 private:
  /// Re-checks what it read, but takes an entry that has gone for one that has not changed.
  void update(Event& event, Lock& lock) override {
    UpdaterRun& run = *event.updater;
    if (run.decision != UpdaterRun::Decision::store) {
      SimpleEngine::update(event, lock);
      return;
    }
    for (;;) {
      const Entry* before = find(event.keys[0]);
      run.old_value = before ? std::optional(before->value) : std::nullopt;
      const VersionId version = before ? before->version : VersionId{};
      window(lock);
      const Entry* now = find(event.keys[0]);
      if (now && now->version != version) continue;
      event.number = run.new_value;
      event.version = store(event.keys[0], run.new_value, event);
      return;
    }
  }
};

/// Every client keeps what it last read for a while, and writes do not reach those copies.
class StaleReadAfterSet final : public SimpleEngine {
 public:
  using SimpleEngine::SimpleEngine;

 private:
  void read(Event& event, Lock& lock) override {
    const std::string& key = event.keys[0];
    if (const auto kept = copies_.find(key); event.op == Op::get && kept != copies_.end()) {
      event.seen.push_back(show(key, &kept->second, Op::get));
      copies_.erase(kept);
      return;
    }
    if (const Entry* entry = find(key)) copies_[key] = *entry;
    SimpleEngine::read(event, lock);
  }
  std::map<std::string, Entry> copies_;
};

class ResurrectingTouch final : public SimpleEngine {
 public:
  using SimpleEngine::SimpleEngine;

 private:
  void touch(Event& event, Lock& lock) override {
    Entry* entry = find(event.keys[0]);
    event.flag = entry != nullptr;
    if (!entry) return;
    Entry copy = *entry;
    window(lock);
    set_expiry(copy, event.ttl, false);
    entries_[event.keys[0]] = copy;
  }
};

class NonAtomicTake final : public SimpleEngine {
 public:
  using SimpleEngine::SimpleEngine;

 private:
  void take(Event& event, Lock& lock) override {
    event.seen.push_back(show(event.keys[0], find(event.keys[0]), Op::take));
    window(lock);
    remove(event.keys[0]);
  }
};

class SetIfAbsentRace final : public SimpleEngine {
 public:
  using SimpleEngine::SimpleEngine;

 private:
  void put(Event& event, Lock& lock) override {
    if (event.op != Op::set_if_absent) {
      SimpleEngine::put(event, lock);
      return;
    }
    event.flag = find(event.keys[0]) == nullptr;
    window(lock);
    if (*event.flag) store(event.keys[0], event.values[0], event);
  }
};

class SetIfPresentCreates final : public SimpleEngine {
 public:
  using SimpleEngine::SimpleEngine;

 private:
  void put(Event& event, Lock& lock) override {
    if (event.op != Op::set_if_present) {
      SimpleEngine::put(event, lock);
      return;
    }
    event.flag = find(event.keys[0]) != nullptr;
    store(event.keys[0], event.values[0], event);
  }
};

class CasIgnoresVersion final : public SimpleEngine {
 public:
  using SimpleEngine::SimpleEngine;

 private:
  void compare_and_set(Event& event, Lock& lock) override {
    const Entry* entry = find(event.keys[0]);
    if (!entry || event.expected->is_absent()) {
      SimpleEngine::compare_and_set(event, lock);
      return;
    }
    event.flag = true;
    store(event.keys[0], event.values[0], event);
  }
};

/// Compares before the window and writes after it.
class CasRace final : public SimpleEngine {
 public:
  using SimpleEngine::SimpleEngine;

 private:
  void compare_and_set(Event& event, Lock& lock) override {
    const Entry* entry = find(event.keys[0]);
    event.flag = (entry ? entry->version : VersionId{}) == *event.expected;
    window(lock);
    if (*event.flag) store(event.keys[0], event.values[0], event);
  }
};

class ExpiredRead final : public SimpleEngine {
 public:
  using SimpleEngine::SimpleEngine;

 private:
  bool is_live(const Entry& entry) const override {
    return entry.expires_at_ns == kForever || now_ns() < entry.expires_at_ns + 5'000'000;
  }
};

class ExpiresEarly final : public SimpleEngine {
 public:
  using SimpleEngine::SimpleEngine;

 private:
  bool is_live(const Entry& entry) const override {
    return entry.expires_at_ns == kForever || now_ns() < entry.expires_at_ns - 5'000'000;
  }
};

class IncrementLost final : public SimpleEngine {
 public:
  using SimpleEngine::SimpleEngine;

 private:
  void add(Event& event, Lock& lock) override {
    const Entry* entry = find(event.keys[0]);
    const std::int64_t delta = event.op == Op::increment ? event.values[0] : -event.values[0];
    const std::int64_t sum = (entry ? entry->value : 0) + delta;
    window(lock);
    store(event.keys[0], sum, event);
    event.number = sum;
  }
};

class IncrementRenewsExpiry final : public SimpleEngine {
 public:
  using SimpleEngine::SimpleEngine;

 private:
  void add(Event& event, Lock& lock) override {
    SimpleEngine::add(event, lock);
    if (Entry* entry = find(event.keys[0])) set_expiry(*entry, event.ttl, true);
  }
};

class StalePublishAfterInvalidate final : public SimpleEngine {
 public:
  using SimpleEngine::SimpleEngine;

 private:
  void fence(const std::string&) override {}
};

/// Fences the flight but leaves it open to callers who come after the invalidation.
class JoinsInvalidatedFlight final : public SimpleEngine {
 public:
  using SimpleEngine::SimpleEngine;

 private:
  void fence(const std::string& key) override {
    if (const auto at = flights_.find(key); at != flights_.end()) at->second->fenced = true;
  }
  void get_or_set(Event& event, Lock& lock) override {
    SimpleEngine::get_or_set(event, lock);
    std::erase_if(flights_, [](const auto& flight) { return flight.second->done; });
  }
};

class LoadsTwice final : public SimpleEngine {
 public:
  using SimpleEngine::SimpleEngine;

 private:
  void get_or_set(Event& event, Lock& lock) override {
    const std::string& key = event.keys[0];
    if (const Entry* entry = find(key)) {
      event.number = entry->value;
      return;
    }
    event.number = load(event, 0, lock);
    if (const Entry* entry = find(key)) {
      event.number = entry->value;
    } else {
      store(key, *event.number, event);
    }
  }
};

class RenameLeavesSource final : public SimpleEngine {
 public:
  using SimpleEngine::SimpleEngine;

 private:
  void rename(Event& event, Lock& lock) override {
    const Entry* entry = find(event.keys[0]);
    const std::optional<Entry> copy = entry ? std::optional(*entry) : std::nullopt;
    SimpleEngine::rename(event, lock);
    if (copy) entries_[event.keys[0]] = *copy;
  }
};

/// The entry is for a moment at neither key.
class RenameInTwoSteps final : public SimpleEngine {
 public:
  using SimpleEngine::SimpleEngine;

 private:
  void rename(Event& event, Lock& lock) override {
    const Entry* entry = find(event.keys[0]);
    event.flag = entry != nullptr;
    if (!entry || event.keys[0] == event.keys[1]) return;
    const Entry moved = *entry;
    remove(event.keys[0]);
    window(lock);
    fence(event.keys[1]);
    entries_[event.keys[1]] = moved;
  }
};

/// The index learns of a new value only at the next operation that writes.
class IndexLagsValue final : public SimpleEngine {
 public:
  using SimpleEngine::SimpleEngine;

 private:
  bool has_term(const std::string& key, const Entry&, const Event& event) const override {
    const auto known = indexed_.find(key);
    return known != indexed_.end() && facts_.declared.term_of(known->second) == event.term;
  }
  void put(Event& event, Lock& lock) override {
    for (const auto& [key, entry] : entries_) indexed_[key] = entry.value;
    SimpleEngine::put(event, lock);
  }
  std::map<std::string, std::int64_t> indexed_;
};

class TermsOutliveTheLife final : public SimpleEngine {
 public:
  using SimpleEngine::SimpleEngine;

 private:
  void bind(Event& event, Lock& lock) override {
    SimpleEngine::bind(event, lock);
    for (const auto& [key, entry] : entries_)
      kept_[key].insert(entry.bound.begin(), entry.bound.end());
  }
  Entry next_entry(const Entry* old, std::int64_t value, const Event& event) override {
    Entry next = SimpleEngine::next_entry(old, value, event);
    if (!event.keys.empty()) next.bound = kept_[event.keys[0]];
    return next;
  }
  std::map<std::string, std::set<std::pair<std::string, std::string>>> kept_;
};

class TagsSurviveSet final : public SimpleEngine {
 public:
  using SimpleEngine::SimpleEngine;

 private:
  Entry next_entry(const Entry* old, std::int64_t value, const Event& event) override {
    Entry next = SimpleEngine::next_entry(old, value, event);
    if (old) next.tags.insert(old->tags.begin(), old->tags.end());
    return next;
  }
};

class DuplicatedVersion final : public SimpleEngine {
 public:
  using SimpleEngine::SimpleEngine;

 private:
  VersionId new_version() override { return {1, ++versions_ / 2 + 1}; }
};

/// A key that is created again starts counting again.
class VersionReusedAfterErase final : public SimpleEngine {
 public:
  using SimpleEngine::SimpleEngine;

 private:
  Entry next_entry(const Entry* old, std::int64_t value, const Event& event) override {
    Entry next = SimpleEngine::next_entry(old, value, event);
    next.version = {0, (old ? old->version.low : 0) + 1};
    return next;
  }
};

class EraseReportsTwice final : public SimpleEngine {
 public:
  using SimpleEngine::SimpleEngine;

 private:
  void erase(Event& event, Lock& lock) override {
    event.flag = find(event.keys[0]) != nullptr;
    window(lock);
    remove(event.keys[0]);
  }
};

class ClearMissesKey final : public SimpleEngine {
 public:
  using SimpleEngine::SimpleEngine;

 private:
  void erase_some(Event& event, Lock& lock) override {
    const std::string& spared = facts_.keys.back();
    const Entry* entry = find(spared);
    const std::optional<Entry> copy = entry ? std::optional(*entry) : std::nullopt;
    SimpleEngine::erase_some(event, lock);
    if (event.op == Op::clear && copy) entries_[spared] = *copy;
  }
};

/// Collects the members first and erases whatever is at those keys later.
class EraseByIndexHitsOthers final : public SimpleEngine {
 public:
  using SimpleEngine::SimpleEngine;

 private:
  void erase_some(Event& event, Lock& lock) override {
    std::vector<std::string> chosen;
    for (const std::string& key : keys_of(event)) {
      const Entry* entry = find(key);
      if (entry && selected(key, *entry, event)) chosen.push_back(key);
    }
    std::int64_t count = 0;
    for (const std::string& key : chosen) {
      window(lock);
      count += remove(key) ? 1 : 0;
    }
    event.count = count;
  }
};

class CountsOneTooMany final : public SimpleEngine {
 public:
  using SimpleEngine::SimpleEngine;

 private:
  void erase_some(Event& event, Lock& lock) override {
    SimpleEngine::erase_some(event, lock);
    if (event.count && *event.count > 0 && *event.count < std::ssize(keys_of(event))) {
      ++*event.count;
    }
  }
};

class SetManyDropsLast final : public SimpleEngine {
 public:
  using SimpleEngine::SimpleEngine;

 private:
  void set_many(Event& event, Lock& lock) override {
    if (event.keys.size() < 2) {
      SimpleEngine::set_many(event, lock);
      return;
    }
    const std::string dropped = event.keys.back();
    event.keys.pop_back();
    SimpleEngine::set_many(event, lock);
    event.keys.push_back(dropped);
  }
};

/// Forgets a key now and then although nothing allows it to.
class ForgetsKeys final : public SimpleEngine {
 public:
  using SimpleEngine::SimpleEngine;

 private:
  void put(Event& event, Lock& lock) override {
    SimpleEngine::put(event, lock);
    if (versions_ % 16 == 0) entries_.erase(event.keys[0]);
  }
};

template <class Engine>
std::unique_ptr<Target> make(const CacheFacts& facts, const Environment& environment) {
  return std::make_unique<Engine>(facts, environment);
}

std::vector<BrokenEngine> make_table() {
  return {
      {"lost_update", "update writes over what changed while its updater ran",
       only({Op::update, Op::get}), false, make<LostUpdate>},
      {"update_resurrects", "update stores a successor of an entry that was erased meanwhile",
       only({Op::update, Op::set, Op::erase, Op::get}), false, make<UpdateResurrects>},
      {"stale_read_after_set", "get answers from a copy that writes do not reach",
       only({Op::get, Op::set, Op::erase}), false, make<StaleReadAfterSet>},
      {"resurrecting_touch", "touch writes back the entry it read, erased or not",
       only({Op::touch, Op::set, Op::erase, Op::get}), false, make<ResurrectingTouch>},
      {"non_atomic_take", "take reads in one step and erases in another",
       only({Op::take, Op::set, Op::get}), false, make<NonAtomicTake>},
      {"set_if_absent_race", "set_if_absent checks in one step and writes in another",
       only({Op::set_if_absent, Op::erase, Op::get}), false, make<SetIfAbsentRace>},
      {"set_if_present_creates", "set_if_present answers false and writes nevertheless",
       only({Op::set_if_present, Op::erase, Op::set, Op::get}), false, make<SetIfPresentCreates>},
      {"cas_ignores_version", "compare_and_set succeeds with any version",
       only({Op::compare_and_set, Op::set, Op::get_entry}), false, make<CasIgnoresVersion>},
      {"cas_race", "compare_and_set compares in one step and writes in another",
       only({Op::compare_and_set, Op::get_entry}), false, make<CasRace>},
      {"expired_read", "entries are shown for 5 ms after their expiry",
       only({Op::set, Op::get, Op::get, Op::get, Op::contains, Op::touch}), true,
       make<ExpiredRead>},
      {"expires_early", "entries go 5 ms before their expiry",
       only({Op::set, Op::get, Op::get, Op::get, Op::contains, Op::touch}), true,
       make<ExpiresEarly>},
      {"increment_lost", "increment reads in one step and writes in another",
       only({Op::increment, Op::decrement, Op::get}), false, make<IncrementLost>},
      {"increment_renews_expiry", "increment gives a live counter a new time to live",
       only({Op::increment, Op::get_entry, Op::set}), false, make<IncrementRenewsExpiry>},
      {"stale_publish_after_invalidate",
       "a load in flight publishes over an acknowledged write or removal",
       only({Op::get_or_set, Op::set, Op::erase, Op::get}), false,
       make<StalePublishAfterInvalidate>},
      {"joins_invalidated_flight",
       "callers who come after an invalidation still join the older load",
       only({Op::get_or_set, Op::erase}), false, make<JoinsInvalidatedFlight>},
      {"loads_twice", "two callers of get_or_set load at the same time",
       only({Op::get_or_set, Op::erase}), false, make<LoadsTwice>},
      {"rename_leaves_source", "after rename the entry lives at both keys",
       only({Op::rename, Op::set, Op::get}), false, make<RenameLeavesSource>},
      {"rename_in_two_steps", "during rename the entry is at neither key",
       only({Op::rename, Op::set, Op::get}), false, make<RenameInTwoSteps>},
      {"index_lags_value", "the declared index learns of a value only at the next write",
       only({Op::set, Op::get_by_index, Op::count_by_index}), false, make<IndexLagsValue>},
      {"terms_outlive_the_life", "a re-created key has the bound terms of its former life",
       only({Op::add_index, Op::erase, Op::set, Op::get_by_index}), false,
       make<TermsOutliveTheLife>},
      {"tags_survive_set", "an overwrite keeps the tags of the former entry",
       only({Op::set, Op::metadata, Op::erase_by_tag}), false, make<TagsSurviveSet>},
      {"duplicated_version", "two writes get the same version", only({Op::set, Op::get_entry}),
       false, make<DuplicatedVersion>},
      {"version_reused_after_erase", "a re-created key counts its versions from the start",
       only({Op::set, Op::erase, Op::get_entry}), false, make<VersionReusedAfterErase>},
      {"erase_reports_twice", "two erases both claim the same entry", only({Op::erase, Op::set}),
       false, make<EraseReportsTwice>},
      {"clear_misses_key", "clear leaves one key", only({Op::clear, Op::set, Op::get}), false,
       make<ClearMissesKey>},
      {"erase_by_index_hits_others", "erase_by_index erases keys that are members no longer",
       only({Op::erase_by_index, Op::set, Op::get}), false, make<EraseByIndexHitsOthers>},
      {"counts_one_too_many", "bulk erases count one key more than they erased",
       only({Op::erase_many, Op::erase_by_pattern, Op::set}), false, make<CountsOneTooMany>},
      {"set_many_drops_last", "set_many acknowledges a key that it did not write",
       only({Op::set_many, Op::get_many, Op::erase}), false, make<SetManyDropsLast>},
      {"forgets_keys", "an entry vanishes though nothing may evict it",
       only({Op::set, Op::get, Op::contains}), false, make<ForgetsKeys>},
  };
}

}  // namespace

std::span<const BrokenEngine> broken_engines() {
  static const std::vector<BrokenEngine> table = make_table();
  return table;
}

Workload workload_for(const BrokenEngine& engine, std::uint64_t seed) {
  Workload workload{.name = std::string(engine.name),
                    .clients = 4,
                    .operations_per_client = 100,
                    .keys = 2,
                    .seed = seed,
                    .weights = engine.weights};
  if (engine.about_time) {
    workload.operations_per_client = 250;
    workload.short_ttl_percent = 100;
    workload.advance_percent = 30;
  }
  return workload;
}

std::unique_ptr<Target> make_simple_engine(const CacheFacts& facts,
                                           const Environment& environment) {
  return make<SimpleEngine>(facts, environment);
}

}  // namespace larder::model
