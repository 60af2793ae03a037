// Reads and writes of named keys.
// Thread safety: see redis_keys.h.
#include "engine/redis_keys.h"

#include <array>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "engine/heap_value.h"
#include "engine/redis_entries.h"
#include "engine/retry.h"
#include "redis/open_part.h"

namespace larder::engine {
namespace {

using memory::Tally;

std::vector<std::string> entries_of(const RedisSpace& space, std::span<const Item> items) {
  std::vector<std::string> entries;
  entries.reserve(items.size());
  for (const Item& item : items) entries.push_back(space.layout.entry(item.key));
  return entries;
}

std::vector<std::string_view> keys_of(std::span<const Item> items) {
  std::vector<std::string_view> keys;
  keys.reserve(items.size());
  for (const Item& item : items) keys.push_back(item.key);
  return keys;
}

// ---- reads

void describe(const RedisSpace& space, const Opened& opened, std::string_view key,
              EntryMetadata& metadata) {
  metadata.key = key;
  metadata.created_at = Timestamp(std::chrono::milliseconds(opened.created_ms));
  metadata.expires_at = opened.expires_at();
  metadata.size_bytes = opened.size_bytes + key.size();
  metadata.tags = opened.tags();
  metadata.version = opened.version;
  if (!space.settings.track_access) return;
  metadata.access_count = opened.uses;
  if (opened.used_ms >= 0) {
    metadata.last_accessed = Timestamp(std::chrono::milliseconds(opened.used_ms));
  }
}

Task<void> read(RedisWay way, KeyOperation& op) {
  const std::vector<std::string> entries = entries_of(way.space, op.items);
  const std::vector<std::string_view> keys = keys_of(op.items);
  const auto opened = co_await read_entries(way, entries, keys);
  if (!opened.ok()) {
    op.error = opened.error();
    co_return;
  }
  if (op.code == Opcode::get) op.error = co_await note_uses(way, entries, *opened);
  if (op.error) co_return;
  for (std::size_t i = 0; i < op.items.size(); ++i) {
    Item& item = op.items[i];
    const Opened& one = (*opened)[i];
    if (op.code == Opcode::contains) {
      item.hit = one.live();
    } else if (op.code == Opcode::metadata) {
      item.hit = one.live();
      if (item.hit) describe(way.space, one, item.key, *static_cast<EntryMetadata*>(item.value));
    } else {
      way.space.tally.add(one.live() ? Tally::kHits : Tally::kMisses);
      if (deliver(way.space, one, op.deliver, item) && op.with_expiry) {
        item.expires_at = one.expires_at();
      }
    }
  }
}

// The copy is made first, so that a T that cannot be made takes nothing away.
Task<bool> try_take(RedisWay way, const KeyOperation& op, Item& item) {
  const Result<Opened> opened = co_await read_entry(way, item.key);
  if (!opened.ok()) {
    item.error = opened.error();
    co_return true;
  }
  if (!opened->live()) {
    // An erase of nothing, like erase(): loads that began before must not publish.
    const auto erased = co_await erase_entry(way, item.key, Version::absent());
    if (!erased.ok()) item.error = erased.error();
    if (erased.ok() && *erased == Erased::refused) co_return false;
    way.space.tally.add(Tally::kMisses);
    co_return true;
  }
  if (!deliver(way.space, *opened, op.deliver, item)) co_return true;
  const auto erased = co_await erase_entry(way, item.key, opened->version);
  if (erased.ok() && *erased == Erased::erased) {
    way.space.tally.add(Tally::kHits);
    tell_removed(way.space, item.key, RemovalCause::erased);
    co_return true;
  }
  if (op.deliver == Deliver::copy) way.space.traits->ops->destroy(item.value);
  item.pin.reset();
  item.hit = false;
  if (!erased.ok()) item.error = erased.error();
  co_return !erased.ok();
}

// ---- writes

std::string_view condition_of(Opcode code) {
  switch (code) {
    case Opcode::set_if_absent:
      return "absent";
    case Opcode::set_if_present:
      return "present";
    case Opcode::compare_and_set:
      return "version";
    default:
      return "always";
  }
}

// The whole input is encoded before the first is sent.
Task<void> store(RedisWay way, KeyOperation& op) {
  RedisSpace& space = way.space;
  const StoreTerms terms{.condition = condition_of(op.code), .ttl = op.write->ttl};
  std::vector<StoreItem> items;
  items.reserve(op.items.size());
  for (const Item& item : op.items) {
    StoreItem one{
        .entry = space.layout.entry(item.key), .sealed = {}, .version = space.next_version()};
    auto sealed = space.values.seal(item.key, item.value, one.version, op.write->tags);
    if (!sealed.ok()) {
      op.error = sealed.error();
      co_return;
    }
    one.sealed = *std::move(sealed);
    if (!item.expected.is_absent()) one.expected = redis::version_bytes(item.expected);
    items.push_back(std::move(one));
  }
  const auto stored = co_await store_entries(way, terms, items);
  if (!stored.ok()) {
    op.error = stored.error();
    co_return;
  }
  for (std::size_t i = 0; i < items.size(); ++i) {
    Item& item = op.items[i];
    item.hit = (*stored)[i] > Stored::refused;
    if (!item.hit) continue;
    item.version = items[i].version;
    if (op.deliver == Deliver::pin) {
      HeapValue value(*space.traits->ops, item.value, space.settings.secure_wipe);
      item.pin = value.pin(item.version);
    }
    tell_stored(space, item.key, (*stored)[i]);
  }
}

Task<void> erase(RedisWay way, KeyOperation& op) {
  const std::vector<std::string> entries = entries_of(way.space, op.items);
  const auto erased = co_await erase_entries(way, entries);
  if (!erased.ok()) {
    op.error = erased.error();
    co_return;
  }
  for (std::size_t i = 0; i < op.items.size(); ++i) {
    op.items[i].hit = (*erased)[i] == Erased::erased;
    if (op.items[i].hit) tell_removed(way.space, op.items[i].key, RemovalCause::erased);
  }
}

Task<void> touch(RedisWay way, KeyOperation& op) {
  const std::vector<std::string> entries = entries_of(way.space, op.items);
  const std::string ttl = RedisSpace::ttl_text(op.write->ttl);
  const std::vector<std::string_view> arguments = {ttl, way.space.standard_ttl};
  RedisCall::Ptr call;
  op.error = co_await run_script(way, call, "touch", entries, arguments, Access::writes);
  if (op.error) co_return;
  for (std::size_t i = 0; i < op.items.size(); ++i) {
    op.items[i].hit = call->answer().items[i].integer != 0;
  }
}

// One turn of what reads, makes and writes: true when it is over.
Task<bool> try_set_tags(RedisWay way, const KeyOperation& op, Item& item) {
  const Result<Opened> opened = co_await read_entry(way, item.key);
  if (!opened.ok()) item.error = opened.error();
  if (!opened.ok() || !opened->live()) co_return true;
  StoreItem one{.entry = way.space.layout.entry(item.key),
                .sealed = {},
                .version = way.space.next_version(),
                .expected = redis::version_bytes(opened->version)};
  auto sealed = way.space.values.seal_again(item.key, *opened, one.version, &op.write->tags);
  if (!sealed.ok()) {
    item.error = sealed.error();
    co_return true;
  }
  one.sealed = *std::move(sealed);
  item.version = one.version;
  const StoreTerms terms{.condition = "version", .ttl = Ttl::keep(), .goes_on = true};
  const auto stored = co_await store_entry(way, terms, std::move(one));
  if (!stored.ok()) item.error = stored.error();
  if (!stored.ok()) co_return true;
  item.hit = *stored > Stored::refused;
  tell_stored(way.space, item.key, *stored);
  co_return item.hit;
}

Task<bool> try_rename(RedisWay way, Item& from, std::string_view to) {
  const Result<Opened> opened = co_await read_entry(way, from.key);
  if (!opened.ok()) from.error = opened.error();
  if (!opened.ok() || !opened->live()) co_return true;
  from.hit = from.key == to;
  if (from.hit) co_return true;
  RedisSpace& space = way.space;
  const Version version = space.next_version();
  const auto sealed = space.values.seal_again(to, *opened, version, nullptr);
  if (!sealed.ok()) {
    from.error = sealed.error();
    co_return true;
  }
  const std::vector<std::string> keys = {space.layout.entry(from.key), space.layout.entry(to)};
  const std::string expected = redis::version_bytes(opened->version);
  const std::string renewed = redis::version_bytes(version);
  const std::vector<std::string_view> arguments = {expected, sealed->bytes, sealed->terms, renewed};
  RedisCall::Ptr call;
  from.error = co_await run_script(way, call, "rename", keys, arguments, Access::writes);
  if (from.error) co_return true;
  const auto moved = static_cast<Stored>(call->answer().items[0].integer);
  if (moved == Stored::refused) co_return false;
  if (moved == Stored::foreign) {
    from.error = Error(Errc::server_error, "the destination holds a value of another kind");
    co_return true;
  }
  from.hit = true;
  from.version = version;
  tell_removed(space, from.key, RemovalCause::erased);
  tell_stored(space, to, moved);
  co_return true;
}

// ---- counters

std::string text_of(Delta delta) {
  return (delta.negative ? "-" : "") + std::to_string(delta.magnitude);
}

bool deliver_text(const RedisSpace& space, std::string_view text, Version version, Deliver how,
                  Item& item) {
  return deliver(space, space.values.open_counter(text, version, 0, -1, {}, {}), how, item);
}

Error foreign_counter() {
  return Error(Errc::serialization, "the key holds something that is no counter");
}

// A sum has the tags that the counter had; a new counter those of the call.
std::vector<std::string> tags_of(const Opened& opened, const KeyOperation& op) {
  return opened.live() ? opened.tags() : op.write->tags;
}

// Numbers beyond what the script counts exactly: read, add here, store if nobody came between.
Task<bool> try_add(RedisWay way, const KeyOperation& op, Item& item) {
  RedisSpace& space = way.space;
  const ValueOps& ops = *space.traits->ops;
  const Result<Opened> opened = co_await read_entry(way, item.key);
  if (!opened.ok()) item.error = opened.error();
  if (!opened.ok()) co_return true;
  alignas(std::max_align_t) std::array<std::byte, 16> sum;
  if (opened->live()) {
    if ((item.error = space.values.decode(*opened, sum.data()))) co_return true;
  } else {
    ops.zero(sum.data());
  }
  if (!ops.add(sum.data(), op.delta)) {
    item.error = Error(Errc::out_of_range, "the counter would leave the range of its type");
    co_return true;
  }
  StoreItem one{.entry = space.layout.entry(item.key),
                .sealed = {},
                .version = space.next_version(),
                .expected = opened->live() ? redis::version_bytes(opened->version) : ""};
  auto sealed = space.values.seal(item.key, sum.data(), one.version, tags_of(*opened, op));
  if (!sealed.ok()) item.error = sealed.error();
  if (!sealed.ok()) co_return true;
  const std::string text = sealed->bytes;
  item.version = one.version;
  one.sealed = *std::move(sealed);
  const StoreTerms terms{
      .condition = "version", .ttl = opened->live() ? Ttl::keep() : op.write->ttl, .goes_on = true};
  const auto stored = co_await store_entry(way, terms, std::move(one));
  if (!stored.ok()) item.error = stored.error();
  if (!stored.ok()) co_return true;
  if (*stored == Stored::foreign) item.error = foreign_counter();
  if (*stored <= Stored::refused) co_return *stored == Stored::foreign;
  tell_stored(space, item.key, *stored);
  deliver_text(space, text, item.version, op.deliver, item);
  item.hit = true;
  co_return true;
}

Task<void> add_here(RedisWay way, const KeyOperation& op, Item& item) {
  for (;;) {  // bound: the context; somebody else succeeded at each turn that was lost
    const bool over = co_await try_add(way, op, item);
    if (over) co_return;
    if ((item.error = ended_between(op, way.turn.setup().clock))) co_return;
  }
}

Task<void> increment(RedisWay way, const KeyOperation& op, Item& item) {
  RedisSpace& space = way.space;
  if (!space.traits->indexes.empty()) {  // the terms of the sum are for user code to say
    co_await add_here(way, op, item);
    co_return;
  }
  const CounterRange& range = space.range;
  const Version version = space.next_version();
  const std::string step = text_of(op.delta);
  const std::string ttl = RedisSpace::ttl_text(op.write->ttl);
  const std::string bytes = redis::version_bytes(version);
  const std::string terms = RedisValues::tag_terms(op.write->tags);
  const std::vector<std::string> keys = {space.layout.entry(item.key)};
  const std::vector<std::string_view> arguments = {
      step, range.least, range.most, ttl, space.standard_ttl, bytes, terms};
  RedisCall::Ptr call;
  item.error = co_await run_script(way, call, "increment", keys, arguments, Access::writes);
  if (item.error) co_return;
  const std::span<const resp::Value> answer = call->answer().items;
  switch (answer[0].integer) {
    case 0:
      item.error = Error(Errc::out_of_range, "the counter would leave the range of its type");
      co_return;
    case -1:
      item.error = foreign_counter();
      co_return;
    case -4:
      co_await add_here(way, op, item);
      co_return;
    default:
      break;
  }
  tell_stored(space, item.key, static_cast<Stored>(answer[0].integer));
  deliver_text(space, answer[1].text, version, op.deliver, item);
  item.hit = true;
}

// Later callers load again: what they join must have begun after the write.
void fence_written(RedisSpace& space, const KeyOperation& op) {
  switch (op.code) {
    case Opcode::get:
    case Opcode::contains:
    case Opcode::metadata:
    case Opcode::touch:
      return;
    default:
      break;
  }
  const bool erases = op.code == Opcode::erase || op.code == Opcode::take;
  const Item& judge = op.items.front();  // of a rename
  for (const Item& item : op.items) {
    const bool is_lost = op.error.has_value() || item.error.has_value();
    if (erases || is_lost || item.hit || (op.code == Opcode::rename && judge.hit)) {
      space.flights.fence(item.key);
    }
  }
}

Task<void> carry_out(RedisWay way, KeyOperation& op) {
  switch (op.code) {
    case Opcode::get:
    case Opcode::contains:
    case Opcode::metadata:
      co_await read(way, op);
      co_return;
    case Opcode::erase:
      co_await erase(way, op);
      co_return;
    case Opcode::touch:
      co_await touch(way, op);
      co_return;
    case Opcode::take:
    case Opcode::set_tags:
    case Opcode::increment:
    case Opcode::rename:
      break;
    default:
      co_await store(way, op);
      co_return;
  }
  for (Item& item : op.code == Opcode::rename ? op.items.first(1) : op.items) {
    if (op.code == Opcode::increment) {
      co_await increment(way, op, item);
      continue;
    }
    for (;;) {  // bound: the context; somebody else succeeded at every turn that was lost
      bool over = false;
      if (op.code == Opcode::take) {
        over = co_await try_take(way, op, item);
      } else if (op.code == Opcode::set_tags) {
        over = co_await try_set_tags(way, op, item);
      } else {
        over = co_await try_rename(way, item, op.items[1].key);
      }
      if (over) break;
      if ((item.error = ended_between(op, way.turn.setup().clock))) break;
    }
  }
}

}  // namespace

Task<void> run_keys(RedisWay way, KeyOperation& op) {
  co_await carry_out(way, op);
  fence_written(way.space, op);
}

}  // namespace larder::engine
