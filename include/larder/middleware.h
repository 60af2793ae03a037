// The middleware that the library supplies: metrics, logging, tracing, a circuit breaker and chaos.
// Each factory makes a decorator for `CacheOptions::middleware` or `chain()`; every operation of
// both faces passes through it, batches and bulk operations as the one operation that they are.
// Thread safety: the decorators are thread-safe; the functions in their options run on the thread
// that begins or ends an operation, many at once, and must not call back into the cache. What they
// throw is dropped.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "larder/clock.h"
#include "larder/engine.h"
#include "larder/error.h"
#include "larder/metrics.h"

namespace larder::middleware {

/// Counts and times what reaches this place of the chain.
Middleware metrics(std::shared_ptr<MetricsRecorder> recorder);
/// Tells a sink of yours about each operation.
Middleware metrics(std::shared_ptr<MetricsSink> sink, MetricsOptions options = {});

// ---- logging

enum class LogLevel : std::uint8_t { debug, info, warning, error };
std::string_view to_string(LogLevel level) noexcept;

struct LogRecord {
  LogLevel level;
  Opcode code;
  /// "get miss key=#9f86d081884c7d65", ready to print: one line, printable ASCII only.
  std::string_view message;
  const Error* error = nullptr;  ///< its own message may hold what user code put there
};

struct LogOptions {
  std::function<void(const LogRecord& record)> sink;
  /// Records below it are not made. Errors are `error`, everything else is `debug`.
  LogLevel level = LogLevel::error;
  /// Print keys, index keys and patterns as they are. By default they appear as a hash that is
  /// the same throughout the process, also where they occur in the message of an error.
  bool clear_keys = false;
};
Middleware logging(LogOptions options);

// ---- tracing

/// One operation as a span of a W3C trace.
struct Span {
  std::string trace_id;        ///< 32 hexadecimal digits
  std::string span_id;         ///< 16 hexadecimal digits
  std::string parent_span_id;  ///< empty: a root
  std::string_view name;       ///< "larder.get"
  bool batch = false;
  std::size_t keys = 0;  ///< 0 for operations without keys of their own
  std::chrono::sys_time<std::chrono::nanoseconds> began_at;
  std::chrono::nanoseconds duration{0};
  std::optional<Errc> error;  ///< the first failure
};

struct TraceOptions {
  std::function<void(const Span& span)> sink;
  /// Begin a trace where the context has no valid parent. Otherwise such operations pass untraced,
  /// and reads without a context keep their shortcut.
  bool roots = false;
  /// Null: the system's clocks.
  std::shared_ptr<const Clock> clock{};
};
/// Spans of operations whose parent is sampled. While the operation runs, its context carries the
/// span as the trace parent, so that what a loader does becomes a part of it.
Middleware tracing(TraceOptions options);

// ---- circuit breaker

enum class BreakerState : std::uint8_t {
  closed,     ///< operations pass; failures are counted
  open,       ///< operations are refused with `unavailable`
  half_open,  ///< a few probes pass; they decide
};
std::string_view to_string(BreakerState state) noexcept;

struct BreakerOptions {
  /// It opens when, within `window`, at least so many operations failed. Default 5; 1 or more.
  std::size_t failures = 5;
  /// ... and they are at least this part of those that ended. Default 0.5; 0 to 1.
  double failure_ratio = 0.5;
  std::chrono::nanoseconds window = std::chrono::seconds(10);
  /// How long it stays open. Default 5 s.
  std::chrono::nanoseconds open_for = std::chrono::seconds(5);
  /// Half open: most operations at a time, and successes in a row that close it. Default 3.
  std::size_t probes = 3;
  /// Told of each change of state. Optional.
  std::function<void(BreakerState from, BreakerState to)> on_change{};
  /// Null: the system's clock.
  std::shared_ptr<const Clock> clock{};
};
/// Refuses operations while the engine is failing. Failures are `unavailable`, `overloaded`,
/// `deadline_exceeded` and `outcome_unknown`; what loaders and updaters answer, callers that leave
/// and arguments that are refused say nothing about the engine.
Middleware circuit_breaker(BreakerOptions options = {});

// ---- chaos

/// Errors and delays on purpose, for tests. The n-th operation has the same fate in every run with
/// the same seed. Refused operations had no effect; a completion is never dropped.
struct ChaosOptions {
  struct Fault {
    Errc code = Errc::unavailable;
    double probability = 0;  ///< 0 to 1; of all faults together at most 1
  };

  std::uint64_t seed = 1;
  std::vector<Fault> faults{};
  /// The probability that a write is carried out and its answer is lost: it ends with
  /// `outcome_unknown`. Writes are set*, compare_and_set, erase, touch, set_tags and rename.
  double lost_answer = 0;
  /// All operations from the n-th on (counted from 0), up to before `fail_until`, end with
  /// `fail_code`. Default: none.
  std::optional<std::uint64_t> fail_from{};
  std::optional<std::uint64_t> fail_until{};
  Errc fail_code = Errc::unavailable;
  /// The probability of a delay before an operation, and its length. The thread that begins the
  /// operation waits, at most until the deadline or the stop of the operation's context.
  double delay_probability = 0;
  std::chrono::nanoseconds delay{0};  ///< 0 to 24 h
  /// How to wait; null: until the clock has moved on by the delay.
  std::function<void(std::chrono::nanoseconds)> wait{};
  /// Only these operations; empty: all.
  std::vector<Opcode> only{};
  /// What delays are measured with; null: the cache's clock.
  std::shared_ptr<const Clock> clock{};
};
Middleware chaos(ChaosOptions options);

}  // namespace larder::middleware
