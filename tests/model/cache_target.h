// CacheTarget: the workload's view of a real larder::Cache<std::int64_t> through its blocking face;
// what the stress runner drives. The history's cache clock is the wall clock of the cache's Clock,
// in which entries report their instants.
// Thread safety: perform() from any thread; it adds no synchronisation of its own.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "larder/cache.h"
#include "larder/clock.h"
#include "larder/index.h"
#include "model/target.h"
#include "model/workload.h"

namespace larder::model {

/// What a cache under test must be opened with, beside its clock: the index that the facts
/// declare.
inline IndexSpec<std::int64_t> declared_index(const DeclaredIndex& declared) {
  return index(declared.name, [declared](std::int64_t value) { return declared.term_of(value); });
}

/// How far a real engine may be from its clock: instants are reported in whole milliseconds, and
/// reads may use a tick one millisecond old.
inline constexpr std::int64_t kEngineToleranceNs = 2'000'000;

/// A clock moved by hand in which both instants are one number: the wall clock never runs ahead of
/// the monotonic one, whoever moves it when.
class SteppedClock final : public Clock {
 public:
  std::int64_t now_ns() const noexcept override {
    return now_ns_.load(std::memory_order_acquire);  // pairs with advance()
  }
  std::int64_t wall_ns() const noexcept override { return now_ns() + kWallAheadNs; }
  std::chrono::nanoseconds poll_interval() const noexcept override {
    return std::chrono::milliseconds(1);
  }
  void advance(std::int64_t by_ns) noexcept {
    now_ns_.fetch_add(by_ns, std::memory_order_acq_rel);  // pairs with now_ns()
  }

 private:
  static constexpr std::int64_t kWallAheadNs = 1'800'000'000'000'000'000;

  std::atomic<std::int64_t> now_ns_{1'000'000'000};  // role: the instant
};

/// Free-running threads on `clock`; the history's cache clock is its wall clock.
inline Environment environment_on(const std::shared_ptr<SteppedClock>& clock) {
  return free_running_environment([clock] { return clock->wall_ns(); },
                                  [clock](std::int64_t by_ns) { clock->advance(by_ns); });
}

class CacheTarget final : public Target {
 public:
  CacheTarget(Cache<std::int64_t> cache, const Environment& environment)
      : cache_(std::move(cache)), environment_(environment) {}

  void perform(Event& event) override {
    switch (event.op) {
      case Op::get:
        look(event, cache_.get(key(event)), see_value);
        return;
      case Op::get_ref:
        look(event, cache_.get_ref(key(event)), see_ref);
        return;
      case Op::get_entry:
        look(event, cache_.get_entry(key(event)), see_entry);
        return;
      case Op::metadata:
        look(event, cache_.metadata(key(event)), see_metadata);
        return;
      case Op::take:
        look(event, cache_.take(key(event)), see_value);
        return;
      case Op::contains:
        contains(event);
        return;
      case Op::get_many:
        look_many(event, cache_.get_many(event.keys), see_value);
        return;
      case Op::metadata_many:
        look_many(event, cache_.metadata_many(event.keys), see_metadata);
        return;
      case Op::get_by_index:
        list(event, cache_.get_by_index(event.index, event.term));
        return;
      case Op::keys_by_pattern:
        list(event, cache_.keys_by_pattern(event.pattern));
        return;
      case Op::scan:
        scan(event);
        return;
      case Op::get_values_by_index:
        values_by_index(event);
        return;
      default:
        write(event);
        return;
    }
  }

 private:
  static const std::string& key(const Event& event) { return event.keys[0]; }

  // --- answers ----------------------------------------------------------------------------

  static void note(Event& event, const Error& error) {
    event.outcome = error.effect() == Effect::unknown ? Outcome::unknown : Outcome::error;
    event.error = std::string(to_string(error.code()));
  }
  static std::int64_t instant_ns(std::optional<Timestamp> instant) {
    if (!instant) return kForever;
    return std::chrono::nanoseconds(instant->time_since_epoch()).count();
  }
  static VersionId id_of(Version version) { return {version.high(), version.low()}; }

  static void see_value(Seen& seen, std::int64_t value) { seen.value = value; }
  static void see_ref(Seen& seen, const Ref<std::int64_t>& ref) {
    seen.value = *ref;
    seen.version = id_of(ref.version());
  }
  static void see_entry(Seen& seen, const Entry<std::int64_t>& entry) {
    seen.value = entry.value;
    seen.version = id_of(entry.version);
    seen.expires_at_ns = instant_ns(entry.expires_at);
  }
  static void see_metadata(Seen& seen, const EntryMetadata& metadata) {
    seen.version = id_of(metadata.version);
    seen.expires_at_ns = instant_ns(metadata.expires_at);
    seen.created_at_ns = instant_ns(metadata.created_at);
    seen.tags = metadata.tags;
  }

  template <class V, class See>
  static void look(Event& event, const Lookup<V>& lookup, See see) {
    if (lookup.failed()) {
      note(event, lookup.error());
      return;
    }
    Seen seen{.key = key(event), .hit = lookup.hit()};
    if (lookup) see(seen, *lookup);
    event.seen.push_back(std::move(seen));
  }

  /// Elements that failed say nothing and are left out.
  template <class V, class See>
  static void look_many(Event& event, const BatchResult<V>& batch, See see) {
    for (std::size_t i = 0; i < batch.size(); ++i) {
      if (batch[i].failed()) {
        event.error = std::string(to_string(batch[i].error().code()));
        continue;
      }
      Seen seen{.key = event.keys[i], .hit = batch[i].hit()};
      if (batch[i]) see(seen, *batch[i]);
      event.seen.push_back(std::move(seen));
    }
  }

  static void list(Event& event, const Result<std::vector<std::string>>& keys) {
    if (!keys.ok()) {
      note(event, keys.error());
      return;
    }
    for (const std::string& found : *keys) event.seen.push_back({.key = found, .hit = true});
  }

  static void flag(Event& event, const Result<bool>& result) {
    if (result.ok()) {
      event.flag = *result;
    } else {
      note(event, result.error());
    }
  }
  static void count(Event& event, const Result<std::size_t>& result) {
    if (result.ok()) {
      event.count = static_cast<std::int64_t>(*result);
    } else {
      note(event, result.error());
    }
  }

  // --- arguments --------------------------------------------------------------------------

  static Ttl ttl(const Event& event) {
    switch (event.ttl.kind) {
      case TtlArgument::Kind::standard:
        return Ttl::standard();
      case TtlArgument::Kind::forever:
        return Ttl::forever();
      case TtlArgument::Kind::keep:
        return Ttl::keep();
      case TtlArgument::Kind::span:
        return std::chrono::nanoseconds(event.ttl.span_ns);
    }
    return {};
  }
  static WriteOptions options(const Event& event) { return {ttl(event), event.tags}; }

  // --- reads ------------------------------------------------------------------------------

  void contains(Event& event) {
    flag(event, cache_.contains(key(event)));
    if (event.flag) event.seen = {Seen{.key = key(event), .hit = *event.flag}};
  }

  /// All pages as one listing; small pages, so that others write in between.
  void scan(Event& event) {
    constexpr std::size_t kPage = 2;
    std::string cursor;
    do {
      const Result<Page> page = cache_.scan(event.pattern, cursor, kPage);
      if (!page.ok()) {
        note(event, page.error());
        return;
      }
      for (const std::string& found : page->items) {
        event.seen.push_back({.key = found, .hit = true});
      }
      cursor = page->cursor;
    } while (!cursor.empty());
  }

  void values_by_index(Event& event) {
    const BatchResult<std::int64_t> batch = cache_.get_values_by_index(event.index, event.term);
    if (!batch.ok()) {
      note(event, batch.error());
      return;
    }
    for (const Lookup<std::int64_t>& value : batch) {
      if (value) event.seen.push_back({.hit = true, .value = *value});
    }
  }

  // --- writes -----------------------------------------------------------------------------

  void write(Event& event) {
    switch (event.op) {
      case Op::set:
        set(event);
        return;
      case Op::set_if_absent:
        flag(event, cache_.set_if_absent(key(event), event.values[0], options(event)));
        return;
      case Op::set_if_present:
        flag(event, cache_.set_if_present(key(event), event.values[0], options(event)));
        return;
      case Op::compare_and_set:
        flag(event,
             cache_.compare_and_set(key(event), Version(event.expected->high, event.expected->low),
                                    event.values[0], options(event)));
        return;
      case Op::erase:
        flag(event, cache_.erase(key(event)));
        return;
      case Op::touch:
        flag(event, cache_.touch(key(event), ttl(event)));
        return;
      case Op::set_tags:
        flag(event, cache_.set_tags(key(event), event.tags));
        return;
      case Op::rename:
        flag(event, cache_.rename(event.keys[0], event.keys[1]));
        return;
      case Op::increment:
        number(event, cache_.increment(key(event), event.values[0], ttl(event)));
        return;
      case Op::decrement:
        number(event, cache_.decrement(key(event), event.values[0], ttl(event)));
        return;
      case Op::update:
        update(event);
        return;
      case Op::get_or_set:
        get_or_set(event);
        return;
      case Op::get_or_set_many:
        get_or_set_many(event);
        return;
      default:
        bulk(event);
        return;
    }
  }

  void bulk(Event& event) {
    switch (event.op) {
      case Op::set_many:
        set_many(event);
        return;
      case Op::erase_many:
        count(event, cache_.erase_many(event.keys));
        return;
      case Op::clear:
        done(event, cache_.clear());
        return;
      case Op::erase_by_pattern:
        count(event, cache_.erase_by_pattern(event.pattern));
        return;
      case Op::erase_by_tag:
        count(event, cache_.erase_by_tag(event.tags[0]));
        return;
      case Op::erase_by_index:
        count(event, cache_.erase_by_index(event.index, event.term, event.keys));
        return;
      case Op::count_by_index:
        count(event, cache_.count_by_index(event.index, event.term));
        return;
      case Op::add_index:
        count(event, cache_.add_index(event.index, event.pattern, event.term));
        return;
      case Op::remove_index:
        count(event, cache_.remove_index(event.index, event.pattern, event.term));
        return;
      default:
        return;
    }
  }

  static void done(Event& event, const Result<void>& result) {
    if (!result.ok()) note(event, result.error());
  }
  static void number(Event& event, const Result<std::int64_t>& result) {
    if (result.ok()) {
      event.number = *result;
    } else {
      note(event, result.error());
    }
  }

  void set(Event& event) {
    const Result<Version> written = cache_.set(key(event), event.values[0], options(event));
    if (written.ok()) {
      event.version = id_of(*written);
    } else {
      note(event, written.error());
    }
  }

  void set_many(Event& event) {
    std::vector<std::pair<std::string, std::int64_t>> items;
    for (std::size_t i = 0; i < event.keys.size(); ++i) {
      items.emplace_back(event.keys[i], event.values[i]);
    }
    done(event, cache_.set_many(items, options(event)).status());
  }

  void update(Event& event) {
    UpdaterRun run = *event.updater;
    event.updater.reset();
    const auto updater = [&](const std::int64_t* old) -> Change<std::int64_t> {
      run.old_value = old ? std::optional(*old) : std::nullopt;
      event.updater = run;
      environment_.pause();
      switch (run.decision) {
        case UpdaterRun::Decision::store:
          return Change<std::int64_t>::store(run.new_value);
        case UpdaterRun::Decision::keep:
          return larder::keep;
        case UpdaterRun::Decision::erase:
          return larder::erase;
      }
      return larder::keep;
    };
    const Result<Updated<std::int64_t>> result = cache_.update(key(event), updater, options(event));
    if (!result.ok()) {
      note(event, result.error());
      return;
    }
    event.number = result->value;
    if (!result->version.is_absent()) event.version = id_of(result->version);
  }

  /// Runs on the caller's own thread (rule 6), so that the record needs no lock.
  std::int64_t load(Event& event, std::size_t i) const {
    Load load{.key = event.keys[i], .value = event.values[i]};
    load.begin_ns = environment_.order_now_ns();
    environment_.pause();
    load.end_ns = environment_.order_now_ns();
    event.loads.push_back(load);
    return load.value;
  }

  void get_or_set(Event& event) {
    const Lookup<std::int64_t> answer =
        cache_.get_or_set(key(event), [&](LoadContext&) { return load(event, 0); }, options(event));
    if (answer.failed()) note(event, answer.error());
    if (answer) event.number = *answer;
  }

  void get_or_set_many(Event& event) {
    const auto loader = [&](LoadContext&, std::span<const std::string_view> missing) {
      std::vector<std::int64_t> values;
      const std::int64_t begin_ns = environment_.order_now_ns();
      environment_.pause();
      const std::int64_t end_ns = environment_.order_now_ns();
      for (const std::string_view wanted : missing) {
        for (std::size_t i = 0; i < event.keys.size(); ++i) {
          if (event.keys[i] != wanted) continue;
          event.loads.push_back({.key = event.keys[i],
                                 .value = event.values[i],
                                 .begin_ns = begin_ns,
                                 .end_ns = end_ns});
          values.push_back(event.values[i]);
          break;
        }
      }
      return values;
    };
    const BatchResult<std::int64_t> batch =
        cache_.get_or_set_many(event.keys, loader, options(event));
    if (!batch.ok()) {
      note(event, batch.error());
      return;
    }
    for (std::size_t i = 0; i < batch.size(); ++i) {
      event.seen.push_back({.key = event.keys[i],
                            .hit = batch[i].hit(),
                            .value = batch[i] ? std::optional(*batch[i]) : std::nullopt});
    }
  }

  Cache<std::int64_t> cache_;
  const Environment& environment_;
};

}  // namespace larder::model
