// Reads and writes of named keys.
// Thread safety: see memory_keys.h.
#include "engine/memory_keys.h"

#include <algorithm>
#include <array>

#include "base/check.h"
#include "engine/retry.h"
#include "sync/epoch.h"

namespace larder::engine {

using memory::Commit;
using memory::Condition;
using memory::Draft;
using memory::KeySpot;
using memory::kNoRef;
using memory::Node;
using memory::Ref;
using memory::Tally;

Error commit_error(Commit result, const memory::Store& store) {
  if (result == Commit::closed) return Error(Errc::closed);
  if (result == Commit::too_large) {
    return Error(Errc::too_large,
                 "the entry is heavier than max_bytes (" + std::to_string(store.max_bytes()) + ")");
  }
  return Error(Errc::cache_full, "the cache is full: max_entries is " +
                                     std::to_string(store.max_entries()) + ", max_bytes is " +
                                     std::to_string(store.max_bytes()));
}

void MemoryKeys::run(KeyOperation& op) {
  switch (op.code) {
    case Opcode::get:
      return read(op);
    case Opcode::set:
      if (op.batch && store_.settings().on_full == OnFull::reject) return store_all(op);
      break;
    case Opcode::rename:
      return rename(op);
    default:
      break;
  }
  for (Item& item : op.items) {
    switch (op.code) {
      case Opcode::contains:
        contains(item);
        break;
      case Opcode::metadata:
        metadata(item);
        break;
      case Opcode::take:
        take(op, item);
        break;
      case Opcode::erase:
        item.hit = store_.erase(store_.spot(item.key), RemovalCause::erased);
        break;
      case Opcode::increment:
        increment(op, item);
        break;
      case Opcode::touch:
        item.hit = store_.touch(store_.spot(item.key), op.write->ttl);
        break;
      case Opcode::set_tags:
        item.hit = store_.set_tags(store_.spot(item.key), memory::normal_tags(op.write->tags),
                                   item.version);
        break;
      default:
        store_one(op, item);
        break;
    }
  }
}

// Batches go in steps over a few keys at a time: all hashes and buckets are asked for before the
// first is needed, then all entries, so that the misses of the processor's cache overlap.
void MemoryKeys::read(KeyOperation& op) {
  constexpr std::size_t kStep = 16;
  std::array<KeySpot, kStep> spots;
  for (std::size_t from = 0; from < op.items.size(); from += kStep) {
    const std::span<Item> items = op.items.subspan(from, std::min(kStep, op.items.size() - from));
    for (std::size_t i = 0; i < items.size(); ++i) {
      spots[i] = store_.spot(items[i].key);
      if (items.size() > 1) store_.prefetch(spots[i]);
    }
    const sync::ReadSection section;
    for (std::size_t i = 0; items.size() > 1 && i < items.size(); ++i) {
      store_.prefetch_node(spots[i]);
    }
    for (std::size_t i = 0; i < items.size(); ++i) read_one(op, spots[i], items[i]);
  }
}

void MemoryKeys::read_one(const KeyOperation& op, const KeySpot& spot, Item& item) {
  Node* const node = store_.settle(spot, true);
  store_.tally().add(node != nullptr ? Tally::kHits : Tally::kMisses);
  if (node == nullptr || !deliver(op.deliver, *node, item)) return;
  item.hit = true;
  item.version = store_.nodes().version(*node);
  if (op.with_expiry) item.expires_at = store_.timestamp(node->expires_at_ns.load_relaxed());
}

bool MemoryKeys::deliver(Deliver how, Node& node, Item& item) {
  if (how == Deliver::pin) item.pin = store_.nodes().pin(node);
  if (how != Deliver::copy) return true;
  try {  // CALLBACK: the copy constructor of T
    store_.traits().ops->copy(item.value, store_.nodes().value(node));
    return true;
  } catch (...) {
    item.error = Error::from_exception(std::current_exception(), "copy of the value");
    return false;
  }
}

void MemoryKeys::contains(Item& item) {
  const KeySpot spot = store_.spot(item.key);
  const sync::ReadSection section;
  item.hit = store_.settle(spot, false) != nullptr;
}

void MemoryKeys::metadata(Item& item) {
  item.hit = store_.describe(store_.spot(item.key), *static_cast<EntryMetadata*>(item.value));
}

Pin MemoryKeys::pin_live(const KeySpot& spot, Ref& ref) {
  const sync::ReadSection section;
  Node* const node = store_.settle(spot, false);
  ref = node == nullptr ? kNoRef : memory::Arena::ref_of(node);
  return node == nullptr ? Pin() : store_.nodes().pin(*node);
}

void MemoryKeys::take(const KeyOperation& op, Item& item) {
  const KeySpot spot = store_.spot(item.key);
  auto ended =
      settle_by_turns(op, store_.clock().clock(), [&] { return try_take(op, spot, item); });
  if (ended) item.error = std::move(ended);
}

// The copy is made first, so that a copy that throws takes nothing away.
bool MemoryKeys::try_take(const KeyOperation& op, const KeySpot& spot, Item& item) {
  Ref ref = kNoRef;
  Pin pin = pin_live(spot, ref);
  if (!pin) {
    // An erase of nothing, like erase(): loads that began before must not publish.
    if (!store_.erase_nothing(spot)) return false;
    store_.tally().add(Tally::kMisses);
    return true;
  }
  Node& node = store_.nodes().at(ref);
  const Version version = store_.nodes().version(node);
  const bool delivered = deliver(op.deliver, node, item);
  if (delivered && !store_.erase(spot, RemovalCause::erased, ref)) {
    if (op.deliver == Deliver::copy) store_.traits().ops->destroy(item.value);
    item.pin.reset();
    return false;
  }
  store_.tally().add(Tally::kHits);
  item.hit = delivered;
  if (delivered) item.version = version;
  return true;
}

// Makes the entry and commits it. What the draft is to be beside key and value is in it already.
std::optional<Error> MemoryKeys::store(std::string_view key, void* value,
                                       const Condition& condition, Draft& draft, Commit& result) {
  const KeySpot spot = store_.spot(key);
  store_.prefetch(spot);  // its miss overlaps with the making of the entry
  if (auto error = draft.make(store_.traits(), store_.declared(), key, value)) return error;
  result = store_.commit(spot, condition, draft);
  if (result == Commit::stored || result == Commit::refused) return std::nullopt;
  return commit_error(result, store_);
}

void MemoryKeys::store_one(const KeyOperation& op, Item& item) {
  Condition condition;
  if (op.code == Opcode::set_if_absent) condition.kind = Condition::Kind::absent;
  if (op.code == Opcode::set_if_present) condition.kind = Condition::Kind::present;
  if (op.code == Opcode::compare_and_set) {
    condition.kind = Condition::Kind::version;
    condition.version = item.expected;
  }
  const std::vector<std::string_view> tags = memory::normal_tags(op.write->tags);
  Draft draft(store_.nodes());
  draft.ttl = op.write->ttl;
  draft.tags = tags;
  draft.wants_pin = op.deliver == Deliver::pin;
  Commit result = Commit::refused;
  item.error = store(item.key, item.value, condition, draft, result);
  item.pin = std::move(draft.pin);
  item.hit = result == Commit::stored;
  item.version = draft.version;
}

void MemoryKeys::put(Put& put) {
  Draft draft(store_.nodes());
  draft.ttl = put.ttl;
  Commit result = Commit::refused;
  put.error = store(put.key, put.value, {}, draft, result);
  put.version = draft.version;
}

// `OnFull::reject`: a whole batch or nothing.
void MemoryKeys::store_all(KeyOperation& op) {
  const std::vector<std::string_view> tags = memory::normal_tags(op.write->tags);
  std::vector<KeySpot> spots;
  std::vector<Draft> drafts;
  spots.reserve(op.items.size());
  drafts.reserve(op.items.size());
  for (const Item& item : op.items) {
    Draft& draft = drafts.emplace_back(store_.nodes());
    op.error = draft.make(store_.traits(), store_.declared(), item.key, item.value);
    if (op.error) return;
    draft.ttl = op.write->ttl;
    draft.tags = tags;
    draft.wants_pin = op.deliver == Deliver::pin;
    spots.push_back(store_.spot(item.key));
  }
  const Commit result = store_.commit_all(spots, drafts);
  if (result != Commit::stored) {
    op.error = commit_error(result, store_);
    return;
  }
  for (std::size_t i = 0; i < drafts.size(); ++i) {
    op.items[i].hit = true;
    op.items[i].version = drafts[i].version;
    op.items[i].pin = std::move(drafts[i].pin);
  }
}

void MemoryKeys::rename(KeyOperation& op) {
  Item& item = op.items[0];
  const KeySpot from = store_.spot(item.key);
  const KeySpot to = store_.spot(op.items[1].key);
  auto ended =
      settle_by_turns(op, store_.clock().clock(), [&] { return try_rename(from, to, item); });
  if (ended) item.error = std::move(ended);
}

bool MemoryKeys::try_rename(const KeySpot& from, const KeySpot& to, Item& item) {
  Ref ref = kNoRef;
  const Pin pin = pin_live(from, ref);
  item.hit = pin && from.key == to.key;
  if (!pin || item.hit) return true;
  Draft draft(store_.nodes());
  item.error = draft.make_alias(store_.traits(), to.key, ref);
  if (item.error) return true;
  const Commit result = store_.rename(from, to, ref, draft);
  if (result == Commit::refused) return false;
  // No further turn: it might take another entry, that came meanwhile, as well.
  if (result == Commit::cleared) return true;
  item.hit = result == Commit::stored;
  item.version = draft.version;
  if (!item.hit) item.error = commit_error(result, store_);
  return true;
}

}  // namespace larder::engine
