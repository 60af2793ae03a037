// Reading and writing of entries.
// Thread safety: see redis_entries.h.
#include "engine/redis_entries.h"

#include <algorithm>
#include <cstddef>
#include <memory>
#include <utility>

#include "engine/heap_value.h"
#include "redis/open_part.h"

namespace larder::engine {
namespace {

constexpr std::size_t kReadSlice = 64;  // keys per command: what a server does in one go

void note(RedisSpace& space, const Opened& opened) {
  if (opened.state == Opened::State::corrupt) space.corrupt.add_relaxed(1);
  if (opened.state == Opened::State::foreign) space.foreign.add_relaxed(1);
}

Opened counter_of(const RedisSpace& space, const resp::Value& answer) {
  constexpr std::size_t kFields = 8;
  if (answer.items.size() < kFields) {
    Opened nothing;
    if (answer.type == resp::Type::text) nothing.lease = redis::version_of(answer.text);
    return nothing;
  }
  Opened opened = space.values.open_counter(
      answer.items[0].text, redis::version_of(answer.items[1].text), answer.items[2].integer,
      answer.items[3].integer, answer.items[4].text, answer.items[5].text);
  opened.uses = static_cast<std::uint64_t>(answer.items[6].integer);
  opened.used_ms = answer.items[7].integer;
  return opened;
}

// Damaged values go, each only while it is what was read.
Task<std::optional<Error>> drop_corrupt(RedisWay way, std::string entry, std::string bytes) {
  RedisCall::Ptr call;
  const std::string keys[] = {std::move(entry)};
  const std::string_view arguments[] = {bytes};
  co_return co_await run_script(way, call, "drop", keys, arguments, Access::writes);
}

Task<std::optional<Error>> read_counters(RedisWay way, std::span<const std::string> entries,
                                         std::vector<Opened>& opened) {
  RedisCall::Ptr call;
  if (auto error = co_await run_script(way, call, "read", entries, {}, Access::reads)) {
    co_return error;
  }
  for (const resp::Value& answer : call->answer().items) {
    opened.push_back(counter_of(way.space, answer));
  }
  co_return std::nullopt;
}

Task<std::optional<Error>> read_values(RedisWay way, std::span<const std::string> entries,
                                       std::span<const std::string_view> keys,
                                       std::vector<Opened>& opened) {
  RedisCall::Ptr call = RedisCall::make();
  call->add_list("MGET", entries);
  if (auto error = co_await exchange(way, call, Access::reads)) co_return error;
  const std::span<const resp::Value> answers = call->answer().items;
  for (std::size_t i = 0; i < entries.size(); ++i) {
    Opened one = answers[i].is_null() ? Opened{} : way.space.values.open(keys[i], answers[i].text);
    note(way.space, one);
    if (one.state == Opened::State::corrupt) {
      // What the read found stands, whether the damaged value could be removed or not.
      static_cast<void>(co_await drop_corrupt(way, entries[i], std::string(answers[i].text)));
    }
    opened.push_back(std::move(one));
  }
  co_return std::nullopt;
}

// Of a later slice: those before have been carried out.
Error partly_done(const Error& error) {
  if (error.effect() == Effect::unknown) return error;
  return Error(Errc::outcome_unknown,
               "a part of the batch was carried out: " + std::string(error.message()),
               Effect::unknown)
      .with_server_message(std::string(error.server_message()));
}

// A T built by the codec at `storage`, moved behind a pin.
struct Scratch {
  explicit Scratch(const ValueOps& ops)
      : align(static_cast<std::align_val_t>(std::max(ops.align_bytes, std::size_t{1}))),
        storage(::operator new(ops.size_bytes, align)) {}
  ~Scratch() { ::operator delete(storage, align); }
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;

  const std::align_val_t align;
  void* const storage;
};

}  // namespace

Task<Result<std::vector<Opened>>> read_entries(RedisWay way, std::span<const std::string> entries,
                                               std::span<const std::string_view> keys) {
  std::vector<Opened> opened;
  opened.reserve(entries.size());
  for (std::size_t from = 0; from < entries.size(); from += kReadSlice) {
    const std::size_t count = std::min(kReadSlice, entries.size() - from);
    std::optional<Error> error;
    if (way.space.values.are_counters()) {
      error = co_await read_counters(way, entries.subspan(from, count), opened);
    } else {
      error = co_await read_values(way, entries.subspan(from, count), keys.subspan(from, count),
                                   opened);
    }
    if (error) co_return *error;
  }
  co_return std::move(opened);
}

Task<std::optional<Error>> note_uses(RedisWay way, std::span<const std::string> entries,
                                     std::span<const Opened> opened) {
  if (!way.space.settings.track_access) co_return std::nullopt;
  std::vector<std::string> used;
  std::vector<std::string> versions;
  for (std::size_t i = 0; i < entries.size(); ++i) {
    if (!opened[i].live()) continue;
    used.push_back(entries[i]);
    versions.push_back(redis::version_bytes(opened[i].version));
  }
  if (used.empty()) co_return std::nullopt;
  const std::vector<std::string_view> arguments(versions.begin(), versions.end());
  RedisCall::Ptr call;
  co_return co_await run_script(way, call, "use", used, arguments, Access::reads);
}

Task<Result<std::vector<Stored>>> store_entries(RedisWay way, const StoreTerms& terms,
                                                std::span<const StoreItem> items) {
  const std::string ttl = RedisSpace::ttl_text(terms.ttl);
  std::vector<Stored> stored;
  for (std::size_t from = 0; from < items.size(); from += kStoreSlice) {
    const auto slice = items.subspan(from, std::min(kStoreSlice, items.size() - from));
    std::vector<std::string> keys;
    std::vector<std::string> versions;
    std::vector<std::string_view> arguments = {terms.condition, ttl, way.space.standard_ttl,
                                               terms.goes_on ? "1" : "0"};
    versions.reserve(slice.size());  // the arguments point into it
    for (const StoreItem& item : slice) {
      keys.push_back(item.entry);
      versions.push_back(redis::version_bytes(item.version));
      arguments.insert(arguments.end(),
                       {item.sealed.bytes, item.sealed.terms, versions.back(), item.expected});
    }
    RedisCall::Ptr call;
    if (auto error = co_await run_script(way, call, "store", keys, arguments, Access::writes)) {
      co_return from == 0 ? *error : partly_done(*error);
    }
    for (const resp::Value& answer : call->answer().items) {
      stored.push_back(static_cast<Stored>(answer.items[0].integer));
    }
  }
  co_return std::move(stored);
}

Task<Result<std::vector<Erased>>> erase_entries(RedisWay way, std::span<const std::string> entries,
                                                std::span<const std::string> expected) {
  std::vector<Erased> erased;
  for (std::size_t from = 0; from < entries.size(); from += kStoreSlice) {
    const std::size_t count = std::min(kStoreSlice, entries.size() - from);
    std::vector<std::string_view> arguments(count);
    for (std::size_t i = 0; i < count && !expected.empty(); ++i) arguments[i] = expected[from + i];
    RedisCall::Ptr call;
    if (auto error = co_await run_script(way, call, "erase", entries.subspan(from, count),
                                         arguments, Access::writes)) {
      co_return from == 0 ? *error : partly_done(*error);
    }
    for (const resp::Value& answer : call->answer().items) {
      erased.push_back(static_cast<Erased>(answer.integer));
    }
  }
  co_return std::move(erased);
}

Task<Result<Opened>> read_entry(RedisWay way, std::string_view key) {
  const std::vector<std::string> entries(1, way.space.layout.entry(key));
  const std::vector<std::string_view> keys(1, key);
  auto opened = co_await read_entries(way, entries, keys);
  if (!opened.ok()) co_return opened.error();
  co_return std::move(opened->front());
}

Task<Result<Stored>> store_entry(RedisWay way, const StoreTerms& terms, StoreItem item) {
  std::vector<StoreItem> items;
  items.push_back(std::move(item));
  const auto stored = co_await store_entries(way, terms, items);
  if (!stored.ok()) co_return stored.error();
  co_return Stored{stored->front()};
}

Task<Result<Erased>> erase_entry(RedisWay way, std::string_view key, Version expected) {
  const std::vector<std::string> entries(1, way.space.layout.entry(key));
  const std::vector<std::string> versions(
      1, expected.is_absent() ? std::string(kNothing) : redis::version_bytes(expected));
  const auto erased = co_await erase_entries(way, entries, versions);
  if (!erased.ok()) co_return erased.error();
  co_return Erased{erased->front()};
}

void tell_removed(RedisSpace& space, std::string_view key, RemovalCause cause) {
  space.tally.add(cause);
  call_on_removal(*space.traits, key, cause, space.hook_failures);
}

void tell_stored(RedisSpace& space, std::string_view key, Stored stored) {
  if (stored <= Stored::refused) return;
  space.tally.add(memory::Tally::kStores);
  if (stored == Stored::replaced) tell_removed(space, key, RemovalCause::replaced);
}

Result<Pin> pinned(const RedisSpace& space, const Opened& opened) {
  const ValueOps& ops = *space.traits->ops;
  const Scratch scratch(ops);
  if (auto error = space.values.decode(opened, scratch.storage)) return *std::move(error);
  HeapValue value(ops, scratch.storage, space.settings.secure_wipe);
  ops.destroy(scratch.storage);
  return value.pin(opened.version);
}

bool deliver(const RedisSpace& space, const Opened& opened, Deliver how, Item& item) {
  if (!opened.live()) return false;
  if (how == Deliver::copy) {
    if ((item.error = space.values.decode(opened, item.value))) return false;
  } else if (how == Deliver::pin) {
    auto pin = pinned(space, opened);
    if (!pin.ok()) {
      item.error = pin.error();
      return false;
    }
    item.pin = *std::move(pin);
  }
  item.hit = true;
  item.version = opened.version;
  return true;
}

}  // namespace larder::engine
