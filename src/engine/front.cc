// The order of checks, and the hooks of the operations that name their keys.
//
// Thread safety: as in front.h.
#include "engine/front.h"

#include <algorithm>

namespace larder::engine {
namespace {

// Families of hooks, as bits.
constexpr unsigned kGet = 1;
constexpr unsigned kSet = 2;
constexpr unsigned kErase = 4;

// The families of item `index` of an operation of `code`.
unsigned families_of(Opcode code, std::size_t index) noexcept {
  switch (code) {
    case Opcode::get:
    case Opcode::contains:
    case Opcode::metadata:
    case Opcode::load:
      return kGet;
    case Opcode::take:
      return kGet | kErase;
    case Opcode::set:
    case Opcode::set_if_absent:
    case Opcode::set_if_present:
    case Opcode::compare_and_set:
    case Opcode::increment:
    case Opcode::touch:
    case Opcode::set_tags:
      return kSet;
    case Opcode::erase:
      return kErase;
    case Opcode::rename:
      return index == 0 ? kErase : kSet;
    default:
      return 0;
  }
}

bool stores_a_value(Opcode code) noexcept {
  return code == Opcode::set || code == Opcode::set_if_absent || code == Opcode::set_if_present ||
         code == Opcode::compare_and_set;
}

std::span<Item> items_of(Operation& op) noexcept {
  if (op.code <= Opcode::rename) return static_cast<KeyOperation&>(op).items;
  if (op.code == Opcode::load) return static_cast<LoadOperation&>(op).items;
  return {};
}

// The value that the item delivered, if it is a T.
const void* delivered(const Operation& op, const Item& item) noexcept {
  if (item.pin) return item.pin.value();
  if (op.code > Opcode::rename || !item.hit) return nullptr;
  const bool copied = static_cast<const KeyOperation&>(op).deliver == Deliver::copy;
  return copied ? item.value : nullptr;
}

bool has_get_hooks(const CacheTraits& traits) noexcept {
  return traits.hooks.pre_get || traits.hooks.post_get;
}

}  // namespace

bool Front::allows_find() const noexcept { return !has_get_hooks(*traits_); }

bool Front::lets_writes_through() const noexcept {
  return !traits_->hooks.pre_set && !traits_->hooks.post_set;
}

bool Front::put(Put& put) noexcept { return lets_writes_through() && inner().put(put); }

void Front::collect(Stats& stats) const {
  inner().collect(stats);
  stats.hook_failures += hook_failures_.load_relaxed();
}

Progress Front::start(Operation& op) noexcept {
  if (inner().closed()) {
    op.error = Error(Errc::closed);
    return Progress::done;
  }
  if (is_empty_batch(op)) return Progress::done;
  if ((op.error = check_input(op))) return Progress::done;
  if (!traits_->hooks.any_around()) return inner().start(op);
  if ((op.error = pre_hooks(op))) return Progress::done;
  Operation::Frame* const frame = op.push(*this);
  if (frame == nullptr) {
    op.error = Error(Errc::invalid_config, "more decorators than an operation has frames for");
    return Progress::done;
  }
  if (stores_a_value(op.code) && traits_->hooks.post_set) {
    static_cast<KeyOperation&>(op).deliver = Deliver::pin;
  }
  if (inner().start(op) == Progress::pending) return Progress::pending;
  after(op, *frame);
  op.pop();
  return Progress::done;
}

std::optional<Error> Front::pre_hooks(Operation& op) noexcept {
  const std::span<Item> items = items_of(op);
  for (std::size_t i = 0; i < items.size(); ++i) {
    const unsigned families = families_of(op.code, i);
    const Item& item = items[i];
    const void* value = stores_a_value(op.code) ? item.value : nullptr;
    unsigned asked = 0;
    std::optional<Error> refusal;
    if ((families & kGet) != 0) refusal = call_pre_get(*traits_, item.key);
    if (!refusal && (families & kSet) != 0) {
      asked |= kSet;
      refusal = call_pre_set(*traits_, item.key, value);
    }
    if (!refusal && (families & kErase) != 0) {
      asked |= kErase;
      refusal = call_pre_erase(*traits_, item.key);
    }
    if (!refusal) continue;
    op.error = refusal;
    post_hooks(op, i);
    tell(op, item, asked);
    return refusal;
  }
  return std::nullopt;
}

void Front::after(Operation& op, Operation::Frame&) noexcept {
  if (op.code == Opcode::get_by_index) {
    filter_found(op);
    return;
  }
  const std::span<Item> items = items_of(op);
  for (const Item& item : items) {
    const HookOutcome outcome{item.hit && !op.error, op.error     ? &*op.error
                                                     : item.error ? &*item.error
                                                                  : nullptr};
    if ((families_of(op.code, static_cast<std::size_t>(&item - items.data())) & kGet) != 0) {
      call_post_get(*traits_, item.key, delivered(op, item), outcome, hook_failures_);
    }
  }
  post_hooks(op, items.size());
}

void Front::post_hooks(Operation& op, std::size_t count) noexcept {
  const std::span<Item> items = items_of(op).first(count);
  for (std::size_t i = 0; i < items.size(); ++i) tell(op, items[i], families_of(op.code, i));
}

void Front::tell(Operation& op, const Item& item, unsigned families) noexcept {
  // Of a rename the first item says whether it took place.
  const Item& judge = op.code == Opcode::rename ? items_of(op).front() : item;
  const Error* error = op.error ? &*op.error : judge.error ? &*judge.error : nullptr;
  const HookOutcome outcome{judge.hit && error == nullptr, error};
  if ((families & kSet) != 0) {
    call_post_set(*traits_, item.key, delivered(op, item), outcome, hook_failures_);
  }
  if ((families & kErase) != 0) call_post_erase(*traits_, item.key, outcome, hook_failures_);
}

// The keys of an index's members are known only afterwards: those that a hook refuses are left out.
void Front::filter_found(Operation& op) noexcept {
  auto& found = static_cast<SearchOperation&>(op).found;
  std::erase_if(found, [this](const SearchOperation::Found& member) {
    if (call_pre_get(*traits_, member.key)) return true;
    call_post_get(*traits_, member.key, member.pin.value(), HookOutcome{true, nullptr},
                  hook_failures_);
    return false;
  });
}

}  // namespace larder::engine
