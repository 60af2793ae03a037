// What became of an operation, key by key, without knowing its family. Used by the decorators that
// judge outcomes: metrics, logging, tracing, circuit breaker.
//
// Thread safety: pure functions of an operation whose outcome is known.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include "larder/engine.h"
#include "larder/metrics.h"

namespace larder::engine {

// The items of an operation; empty for searches. Of a rename the source alone: it is one step.
std::span<const Item> items_of(const Operation& op) noexcept;

// Whether `op` came through a `_many` form.
bool is_batch(const Operation& op) noexcept;

// How the operation ended for `item` of it, apart from errors.
Outcome outcome_of(const Operation& op, const Item& item) noexcept;

// The error that the key of `item` ended with, or null. One of the operation holds for every key.
inline const Error* error_of(const Operation& op, const Item& item) noexcept {
  if (op.error) return &*op.error;
  return item.error ? &*item.error : nullptr;
}

// The first error of the operation, or null.
const Error* first_error(const Operation& op) noexcept;

// Calls visit(Outcome, const Error*) once per key, once for an operation without keys of its own.
template <class Visit>
void for_each_outcome(const Operation& op, Visit visit) {
  const std::span<const Item> items = items_of(op);
  for (const Item& item : items) {
    const Error* error = error_of(op, item);
    visit(error != nullptr ? Outcome::failed : outcome_of(op, item), error);
  }
  if (!items.empty() || is_empty_batch(op)) return;
  visit(op.error ? Outcome::failed : Outcome::ok, op.error ? &*op.error : nullptr);
}

// Keys by outcome.
std::array<std::uint64_t, kOutcomes> count_outcomes(const Operation& op) noexcept;

}  // namespace larder::engine
