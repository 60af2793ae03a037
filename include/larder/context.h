// Context: what bounds an operation from outside: a deadline, a stop token and a trace parent.
// Bound to a handle by `cache.with(context)`; checked before any effect.
// Thread safety: a value; copies are independent.
#pragma once

#include <chrono>
#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <utility>

#include "larder/clock.h"

namespace larder {

namespace detail {
struct LoadChain;  // the loads a call runs in, innermost first; defined in src/flight
}

/// A deadline on the cache's own clock, a cooperative stop token, and the W3C `traceparent` of
/// the caller. One deadline covers every step of an operation.
struct Context {
  /// Nanoseconds on `Clock::now_ns()` of the cache's clock; absent: no deadline.
  std::optional<std::int64_t> deadline_ns;
  /// Fires: the operation ends with `cancelled`.
  std::stop_token stop;
  /// W3C trace context of the caller; empty: none.
  std::string trace_parent;
  /// The loads this call runs in; set by `LoadContext::cache`, opaque to users.
  std::shared_ptr<const detail::LoadChain> chain;

  /// A context that ends `span` from now.
  static Context within(std::chrono::nanoseconds span, const Clock& clock = *default_clock()) {
    Context context;
    const std::int64_t now_ns = clock.now_ns();
    constexpr std::int64_t kMost = std::numeric_limits<std::int64_t>::max();
    context.deadline_ns = span.count() < kMost - now_ns ? now_ns + span.count() : kMost;
    return context;
  }
  /// A context that ends when `stop` fires.
  static Context until(std::stop_token stop) {
    Context context;
    context.stop = std::move(stop);
    return context;
  }
};

}  // namespace larder
