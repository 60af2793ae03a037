// The families of operations, told apart by their codes.
//
// Thread safety: pure functions of an operation whose outcome is known.
#include "engine/outcome.h"

namespace larder::engine {

std::span<const Item> items_of(const Operation& op) noexcept {
  if (op.code == Opcode::rename) return static_cast<const KeyOperation&>(op).items.first(1);
  if (op.code < Opcode::rename) return static_cast<const KeyOperation&>(op).items;
  if (op.code == Opcode::load) return static_cast<const LoadOperation&>(op).items;
  if (op.code == Opcode::update) return {&static_cast<const UpdateOperation&>(op).item, 1};
  return {};
}

bool is_batch(const Operation& op) noexcept {
  if (op.code <= Opcode::rename) return static_cast<const KeyOperation&>(op).batch;
  if (op.code == Opcode::load) return static_cast<const LoadOperation&>(op).batch;
  if (op.code == Opcode::update || op.code > Opcode::clear) return false;
  return static_cast<const SearchOperation&>(op).batch;
}

Outcome outcome_of(const Operation& op, const Item& item) noexcept {
  switch (op.code) {
    case Opcode::get:
    case Opcode::contains:
    case Opcode::metadata:
    case Opcode::take:
      return item.hit ? Outcome::hit : Outcome::miss;
    case Opcode::load:
      return item.hit ? Outcome::ok : Outcome::miss;
    case Opcode::update: {
      using Kind = Updater::Decision::Kind;
      const Kind action = static_cast<const UpdateOperation&>(op).action;
      return action == Kind::store || action == Kind::erase ? Outcome::ok : Outcome::no_effect;
    }
    default:
      return item.hit ? Outcome::ok : Outcome::no_effect;
  }
}

const Error* first_error(const Operation& op) noexcept {
  if (op.error) return &*op.error;
  for (const Item& item : items_of(op)) {
    if (item.error) return &*item.error;
  }
  return nullptr;
}

std::array<std::uint64_t, kOutcomes> count_outcomes(const Operation& op) noexcept {
  std::array<std::uint64_t, kOutcomes> counts{};
  for_each_outcome(
      op, [&](Outcome outcome, const Error*) { ++counts[static_cast<std::size_t>(outcome)]; });
  return counts;
}

}  // namespace larder::engine
