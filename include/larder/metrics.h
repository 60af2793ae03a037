// What a cache's operations did and how long they took: exact counts by operation and outcome, and
// histograms of latencies and batch sizes. A cache opened with `settings.metrics` (the default)
// has a MetricsRecorder of its own; `Cache::metrics()` is its `snapshot()`. More recorders, or
// sinks of your own, go anywhere into a chain of decorators (middleware.h).
// Thread safety: MetricsRecorder and MetricsSink from any thread; snapshots are values.
#pragma once

#include <array>
#include <chrono>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "larder/clock.h"
#include "larder/engine.h"
#include "larder/error.h"

namespace larder {

namespace observe {
class MetricsCore;
}

/// How an operation ended for one key (operations without keys of their own end once).
enum class Outcome : std::uint8_t {
  hit,        ///< get, contains, metadata, take: it was there
  miss,       ///< get, contains, metadata, take: it was not; get_or_set: the loader said absent
  ok,         ///< a write took effect; everything else succeeded
  no_effect,  ///< a write that answered `false`, an update that kept what was there
  failed,     ///< an error; its code is counted
};
inline constexpr std::size_t kOutcomes = static_cast<std::size_t>(Outcome::failed) + 1;
std::string_view to_string(Outcome outcome) noexcept;

inline constexpr std::size_t kErrcs = static_cast<std::size_t>(Errc::not_supported) + 1;

/// A histogram as it was at one moment.
struct HistogramSnapshot {
  struct Bucket {
    std::uint64_t least;  ///< smallest value of the bucket
    std::uint64_t most;   ///< largest value of the bucket
    std::uint64_t count;
  };
  /// Values are told apart within this part of themselves: a percentile is off by less.
  static constexpr double kRelativeError = 1.0 / 32;

  std::vector<Bucket> buckets;  ///< those with a count, rising
  std::uint64_t count = 0;
  std::uint64_t sum = 0;

  /// The value that a `part` of all values do not exceed (0.99 for p99); 0 when there is none.
  [[nodiscard]] std::uint64_t percentile(double part) const noexcept {
    const auto rank = static_cast<std::uint64_t>(std::ceil(part * static_cast<double>(count)));
    std::uint64_t seen = 0;
    for (const Bucket& bucket : buckets) {
      seen += bucket.count;
      if (seen >= rank) return bucket.least + (bucket.most - bucket.least) / 2;
    }
    return 0;
  }
};

/// One operation in one form: `get` and `get_many` are two.
struct OperationMetrics {
  Opcode code = Opcode::get;
  bool batch = false;
  std::uint64_t calls = 0;                          ///< operations that ended, exact
  std::array<std::uint64_t, kOutcomes> outcomes{};  ///< keys by Outcome, exact
  std::array<std::uint64_t, kErrcs> errors{};       ///< failed keys by Errc, exact
  HistogramSnapshot latency_ns;                     ///< of the calls that were timed
  HistogramSnapshot batch_size;                     ///< keys per call; of batches only

  [[nodiscard]] std::uint64_t of(Outcome outcome) const noexcept {
    return outcomes[static_cast<std::size_t>(outcome)];
  }
  [[nodiscard]] std::uint64_t of(Errc code_of_error) const noexcept {
    return errors[static_cast<std::size_t>(code_of_error)];
  }
  /// "get", "get_many".
  [[nodiscard]] std::string name() const {
    return std::string(to_string(code)) + (batch ? "_many" : "");
  }
};

struct MetricsSnapshot {
  /// Those that were called at least once, in the order of Opcode.
  std::vector<OperationMetrics> operations;
  /// Of operations on one key, one in so many is timed; all others are timed each.
  std::uint32_t sample_every = 0;

  /// What was counted for an operation; zeros when it was never called.
  [[nodiscard]] OperationMetrics of(Opcode code, bool batch = false) const {
    for (const OperationMetrics& operation : operations) {
      if (operation.code == code && operation.batch == batch) return operation;
    }
    return {.code = code, .batch = batch, .latency_ns = {}, .batch_size = {}};
  }
};

struct MetricsOptions {
  /// Operations on one key are timed one in so many; 1 times all. Default 256; 1 or more.
  /// Loads, updates, batches and operations on indexes and patterns are always timed.
  std::uint32_t sample_every = 256;
  /// What latencies are measured with; null: the system's clock.
  std::shared_ptr<const Clock> clock{};
};

/// One operation that ended.
struct OperationRecord {
  Opcode code = Opcode::get;
  bool batch = false;
  std::array<std::uint64_t, kOutcomes> outcomes{};    ///< keys by Outcome
  std::optional<Errc> error{};                        ///< the first failure
  std::optional<std::chrono::nanoseconds> latency{};  ///< where this call was timed
};

/// Receives every operation of an engine. Must not call back into the cache.
class MetricsSink {
 public:
  virtual ~MetricsSink() = default;
  /// Runs on the thread that ended the operation, once per operation.
  virtual void record(const OperationRecord& record) noexcept = 0;
};

/// Counts and measures without a lock and, but for the first call of each thread and kind, without
/// an allocation. After an operation has returned, its counts are in the next snapshot.
class MetricsRecorder {
 public:
  explicit MetricsRecorder(MetricsOptions options = {});
  ~MetricsRecorder();
  MetricsRecorder(const MetricsRecorder&) = delete;
  MetricsRecorder& operator=(const MetricsRecorder&) = delete;

  [[nodiscard]] MetricsSnapshot snapshot() const;
  /// For the library's decorator.
  [[nodiscard]] observe::MetricsCore& core() noexcept { return *core_; }

 private:
  std::unique_ptr<observe::MetricsCore> core_;
};

}  // namespace larder
