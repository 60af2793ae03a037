// Updates and counters: read without a lock, decide in user code, commit if nothing came between.
// Thread safety: see memory_keys.h.
#include "engine/memory_keys.h"
#include "engine/retry.h"

namespace larder::engine {
namespace {

using memory::Commit;
using memory::Condition;
using memory::Draft;
using memory::KeySpot;
using memory::kNoRef;
using memory::Ref;

// `increment` as an update: the sum lives in `sum`.
class Counting final : public Updater {
 public:
  Counting(const ValueOps& ops, Delta step, const WriteOptions* created)
      : ops_(ops), step_(step), created_(created) {}

  Decision decide(const void* old_value) noexcept override {
    Decision decision;
    if (old_value != nullptr) {
      ops_.copy(sum, old_value);
    } else {
      ops_.zero(sum);
    }
    if (!ops_.add(sum, step_)) {
      decision.kind = Decision::Kind::fail;
      decision.error = Error(Errc::out_of_range, "the counter would leave the range of its type");
      return decision;
    }
    decision.kind = Decision::Kind::store;
    decision.value = sum;
    decision.write = old_value == nullptr ? created_ : &kKeep;
    return decision;
  }

  alignas(std::max_align_t) std::byte sum[sizeof(std::uint64_t)];

 private:
  static const WriteOptions kKeep;

  const ValueOps& ops_;
  const Delta step_;
  const WriteOptions* const created_;
};
const WriteOptions Counting::kKeep{Ttl::keep()};

}  // namespace

void MemoryKeys::run(UpdateOperation& op) { update(op, store_.traits().hooks.any_around()); }

void MemoryKeys::update(UpdateOperation& op, bool hooked) {
  const KeySpot spot = store_.spot(op.item.key);
  bool again = false;
  auto ended = settle_by_turns(op, store_.clock().clock(), [&] {
    if (std::exchange(again, true)) store_.tally().add(memory::Tally::kUpdateRetries);
    return try_update(op, spot, hooked);
  });
  if (ended) op.item.error = std::move(ended);
}

bool MemoryKeys::try_update(UpdateOperation& op, const KeySpot& spot, bool hooked) {
  using Kind = Updater::Decision::Kind;
  Ref ref = kNoRef;
  Pin old = pin_live(spot, ref);
  Updater::Decision decision = op.updater->decide(old.value());  // CALLBACK: the updater
  op.action = decision.kind;
  switch (decision.kind) {
    case Kind::fail:
      op.item.error = decision.error;
      return true;
    case Kind::keep:
      op.item.hit = static_cast<bool>(old);
      op.item.version = old.version();
      op.item.pin = std::move(old);
      return true;
    case Kind::erase:
      return try_erase(op, spot, old, ref);
    case Kind::store:
      return try_store(op, spot, ref, decision, hooked);
  }
  return true;
}

bool MemoryKeys::try_erase(UpdateOperation& op, const KeySpot& spot, const Pin& old, Ref ref) {
  op.item.error = ask_erase(store_.traits(), spot.key, failures_);
  if (op.item.error) return true;
  const bool over =
      old ? store_.erase(spot, RemovalCause::erased, ref) : store_.erase_nothing(spot);
  call_post_erase(store_.traits(), spot.key, {.effective = over && old}, failures_);
  return over;
}

bool MemoryKeys::try_store(UpdateOperation& op, const KeySpot& spot, Ref ref,
                           Updater::Decision& decision, bool hooked) {
  if (!hooked) return try_commit(op, spot, ref, decision);
  op.item.error = ask_set(store_.traits(), spot.key, decision.value, failures_);
  if (op.item.error) return true;
  const bool over = try_commit(op, spot, ref, decision);
  const Error* const error = op.item.error ? &*op.item.error : nullptr;
  call_post_set(store_.traits(), spot.key, op.item.pin.value(),
                {.effective = op.item.hit, .error = error}, failures_);
  return over;
}

bool MemoryKeys::try_commit(UpdateOperation& op, const KeySpot& spot, Ref ref,
                            Updater::Decision& decision) {
  Draft draft(store_.nodes());
  op.item.error = draft.make(store_.traits(), store_.declared(), spot.key, decision.value);
  if (op.item.error) return true;
  const WriteOptions& write = decision.write != nullptr ? *decision.write : *op.write;
  const std::vector<std::string_view> tags = memory::normal_tags(write.tags);
  draft.ttl = write.ttl;
  draft.tags = tags;
  draft.replaces_tags = !tags.empty();
  draft.continues_entry = true;
  draft.wants_pin = true;
  const Condition condition{.kind = Condition::Kind::node, .node = ref};
  const Commit result = store_.commit(spot, condition, draft);
  if (result == Commit::refused) return false;
  if (result != Commit::stored) op.item.error = commit_error(result, store_);
  op.item.hit = result == Commit::stored;
  op.item.version = draft.version;
  op.item.pin = std::move(draft.pin);
  return true;
}

void MemoryKeys::increment(KeyOperation& op, Item& item) {
  const ValueOps& ops = *store_.traits().ops;
  if (ops.add == nullptr) {
    item.error = Error(Errc::not_supported, "increment needs an integral value type");
    return;
  }
  Counting counting(ops, op.delta, op.write);
  UpdateOperation update;
  update.context = op.context;
  update.item.key = item.key;
  update.write = op.write;
  update.updater = &counting;
  this->update(update, false);  // the front has called the hooks of `increment`
  item.error = std::move(update.item.error);
  item.hit = update.item.hit;
  item.version = update.item.version;
  if (item.hit && op.deliver == Deliver::copy) ops.copy(item.value, counting.sum);
}

}  // namespace larder::engine
