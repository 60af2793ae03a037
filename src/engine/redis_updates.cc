// Updates: read, decide in user code, store if nobody came between.
// Thread safety: see redis_keys.h.
#include <string>
#include <utility>
#include <vector>

#include "engine/heap_value.h"
#include "engine/redis_entries.h"
#include "engine/redis_keys.h"
#include "engine/retry.h"
#include "redis/open_part.h"

namespace larder::engine {
namespace {

using Decision = Updater::Decision;

// Stores the decision over what was seen: true when the update is over.
Task<bool> try_commit(RedisWay way, UpdateOperation& op, const Opened& seen, Decision& decision) {
  RedisSpace& space = way.space;
  Item& item = op.item;
  const WriteOptions& write = decision.write != nullptr ? *decision.write : *op.write;
  const bool keeps_tags = write.tags.empty() && seen.live();
  const std::vector<std::string> tags = keeps_tags ? seen.tags() : write.tags;
  StoreItem one{.entry = space.layout.entry(item.key),
                .sealed = {},
                .version = space.next_version(),
                .expected = seen.live() ? redis::version_bytes(seen.version) : ""};
  auto sealed = space.values.seal(item.key, decision.value, one.version, tags);
  if (!sealed.ok()) {
    item.error = sealed.error();
    co_return true;
  }
  one.sealed = *std::move(sealed);
  const Version version = one.version;
  const StoreTerms terms{.condition = "version", .ttl = write.ttl, .goes_on = true};
  const auto stored = co_await store_entry(way, terms, std::move(one));
  if (!stored.ok()) {
    item.error = stored.error();
    co_return true;
  }
  if (*stored == Stored::foreign) {
    item.error = Error(Errc::serialization, "the key holds a value of another kind");
    co_return true;
  }
  if (*stored <= Stored::refused) co_return false;
  HeapValue value(*space.traits->ops, decision.value, space.settings.secure_wipe);
  item.hit = true;
  item.version = version;
  item.pin = value.pin(version);
  tell_stored(space, item.key, *stored);
  co_return true;
}

Task<bool> try_store(RedisWay way, UpdateOperation& op, const Opened& seen, Decision& decision) {
  RedisSpace& space = way.space;
  Item& item = op.item;
  item.error = ask_set(*space.traits, item.key, decision.value, space.hook_failures);
  if (item.error) co_return true;
  const bool over = co_await try_commit(way, op, seen, decision);
  const Error* const error = item.error ? &*item.error : nullptr;
  call_post_set(*space.traits, item.key, item.pin.value(), {.effective = item.hit, .error = error},
                space.hook_failures);
  co_return over;
}

Task<bool> try_erase(RedisWay way, UpdateOperation& op, const Opened& seen) {
  RedisSpace& space = way.space;
  Item& item = op.item;
  item.error = ask_erase(*space.traits, item.key, space.hook_failures);
  if (item.error) co_return true;
  const auto erased =
      co_await erase_entry(way, item.key, seen.live() ? seen.version : Version::absent());
  if (!erased.ok()) item.error = erased.error();
  const Error* const error = item.error ? &*item.error : nullptr;
  const bool gone = erased.ok() && *erased == Erased::erased;
  call_post_erase(*space.traits, item.key, {.effective = gone, .error = error},
                  space.hook_failures);
  if (gone) tell_removed(space, item.key, RemovalCause::erased);
  co_return !erased.ok() || *erased != Erased::refused;
}

Task<bool> try_update(RedisWay way, UpdateOperation& op) {
  using Kind = Decision::Kind;
  Item& item = op.item;
  const Result<Opened> seen = co_await read_entry(way, item.key);
  if (!seen.ok()) {
    item.error = seen.error();
    co_return true;
  }
  Pin old;
  if (seen->live()) {
    auto pin = pinned(way.space, *seen);
    if (!pin.ok()) item.error = pin.error();
    if (!pin.ok()) co_return true;
    old = *std::move(pin);
  }
  Decision decision = op.updater->decide(old.value());  // CALLBACK: the updater
  op.action = decision.kind;
  switch (decision.kind) {
    case Kind::fail:
      item.error = decision.error;
      co_return true;
    case Kind::keep:
      item.hit = static_cast<bool>(old);
      item.version = old.version();
      item.pin = std::move(old);
      co_return true;
    case Kind::erase:
      co_return co_await try_erase(way, op, *seen);
    case Kind::store:
      co_return co_await try_store(way, op, *seen, decision);
  }
  co_return true;
}

}  // namespace

Task<void> run_update(RedisWay way, UpdateOperation& op) {
  for (;;) {  // bound: the context; somebody else succeeded at each turn that was lost
    const bool over = co_await try_update(way, op);
    if (over && op.action != Decision::Kind::keep) way.space.flights.fence(op.item.key);
    if (over) co_return;
    if ((op.item.error = ended_between(op, way.turn.setup().clock))) co_return;
    way.space.tally.add(memory::Tally::kUpdateRetries);
  }
}

}  // namespace larder::engine
