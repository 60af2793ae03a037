// The registry behind MetricsRecorder: counters by operation, form and outcome, and histograms.
// Used by the metrics decorator for every operation of a cache.
//
// Thread safety: every member may be called from any thread at any time.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>

#include "base/atomic.h"
#include "larder/clock.h"
#include "larder/metrics.h"
#include "observe/histogram.h"
#include "observe/sampler.h"
#include "sync/striped_counter.h"

namespace larder::observe {

// One operation in one form.
struct Series {
  static constexpr std::size_t kCount = 2 * kOpcodes;

  Opcode code;
  bool batch;

  constexpr std::size_t index() const noexcept {
    return 2 * static_cast<std::size_t>(code) + (batch ? 1 : 0);
  }
};

// Counts are exact: striped where they are frequent, one atomic each where they are errors.
// A histogram is made at the first value of its series and lives as long as the registry.
class MetricsCore {
 public:
  explicit MetricsCore(const MetricsOptions& options);
  ~MetricsCore();
  MetricsCore(const MetricsCore&) = delete;
  MetricsCore& operator=(const MetricsCore&) = delete;

  // Whether this call is to be timed. Asks the sampler for operations on one key.
  bool times(Series series) const noexcept { return is_slow(series) || sampler_.picks(); }
  std::int64_t now_ns() const noexcept { return clock_->now_ns(); }

  // `keys` keys of a call ended so; Outcome::failed goes through add_error().
  void add(Series series, Outcome outcome, std::uint64_t keys = 1) noexcept {
    counters_.add(kPerSeries * series.index() + static_cast<std::size_t>(outcome), keys);
  }
  void add_error(Series series, Errc code) noexcept;
  // A batch of `keys` keys ended; calls of other forms are the sum of their outcomes.
  void add_batch(Series series, std::size_t keys) noexcept;
  void add_latency(Series series, std::int64_t latency_ns) noexcept;

  MetricsSnapshot snapshot() const;

 private:
  using HistogramPlace = base::Atomic<Histogram*>;

  // The outcomes but `failed`, then the calls of batches in its place.
  static constexpr std::size_t kPerSeries = kOutcomes;
  static constexpr std::size_t kBatchCalls = static_cast<std::size_t>(Outcome::failed);

  // So slow that measuring each call does not show.
  static constexpr bool is_slow(Series series) noexcept {
    return series.batch || series.code >= Opcode::load;
  }
  static void record(HistogramPlace& place, std::uint64_t value) noexcept;
  OperationMetrics read(Series series) const;

  // constant after construction
  std::shared_ptr<const Clock> clock_;
  Sampler sampler_;

  // own synchronisation
  sync::StripedCounters<kPerSeries * Series::kCount> counters_;

  // atomics
  std::array<base::Atomic<std::uint64_t>, kErrcs * Series::kCount> errors_{};  // role: statistics
  std::array<HistogramPlace, Series::kCount> latencies_{};  // role: publishes each, once
  std::array<HistogramPlace, Series::kCount> sizes_{};      // role: publishes each, once
};

}  // namespace larder::observe
