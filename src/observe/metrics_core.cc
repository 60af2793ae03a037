// The rare half of the registry (errors, histograms, reading) and the public recorder over it.
//
// Thread safety: as in metrics_core.h.
#include "observe/metrics_core.h"

#include <algorithm>
#include <new>

namespace larder::observe {

MetricsCore::MetricsCore(const MetricsOptions& options)
    : clock_(options.clock != nullptr ? options.clock : default_clock()),
      sampler_(options.sample_every) {
  // Hits of single reads never allocate, not even the first one that is timed.
  // Relaxed: who shares the registry with other threads publishes it.
  latencies_[Series{Opcode::get, false}.index()].store_relaxed(new Histogram);
}

MetricsCore::~MetricsCore() {
  for (HistogramPlace& place : latencies_) delete place.load_acquire();  // pairs with record()
  for (HistogramPlace& place : sizes_) delete place.load_acquire();      // pairs with record()
}

void MetricsCore::add_error(Series series, Errc code) noexcept {
  errors_[kErrcs * series.index() + static_cast<std::size_t>(code)].add_relaxed(1);
}

void MetricsCore::add_batch(Series series, std::size_t keys) noexcept {
  counters_.add(kPerSeries * series.index() + kBatchCalls);
  record(sizes_[series.index()], keys);
}

void MetricsCore::add_latency(Series series, std::int64_t latency_ns) noexcept {
  record(latencies_[series.index()],
         static_cast<std::uint64_t>(std::max<std::int64_t>(latency_ns, 0)));
}

void MetricsCore::record(HistogramPlace& place, std::uint64_t value) noexcept {
  Histogram* histogram = place.load_acquire();  // pairs with the exchange below
  if (histogram == nullptr) {
    auto fresh = std::unique_ptr<Histogram>(new (std::nothrow) Histogram);
    if (fresh == nullptr) return;  // without memory a value is lost, never an operation
    if (place.cas_strong_acq_rel(histogram, fresh.get())) histogram = fresh.release();
  }
  histogram->record(value);
}

OperationMetrics MetricsCore::read(Series series) const {
  OperationMetrics read{
      .code = series.code, .batch = series.batch, .latency_ns = {}, .batch_size = {}};
  const std::size_t first = kPerSeries * series.index();
  for (std::size_t i = 0; i < kBatchCalls; ++i) read.outcomes[i] = counters_.sum(first + i);
  std::uint64_t& failed = read.outcomes[static_cast<std::size_t>(Outcome::failed)];
  for (std::size_t i = 0; i < kErrcs; ++i) {
    read.errors[i] = errors_[kErrcs * series.index() + i].load_relaxed();
    failed += read.errors[i];
  }
  if (series.batch) {
    read.calls = counters_.sum(first + kBatchCalls);
  } else {
    for (const std::uint64_t count : read.outcomes) read.calls += count;
  }
  const Histogram* latency = latencies_[series.index()].load_acquire();  // pairs with record()
  if (latency != nullptr) read.latency_ns = latency->snapshot();
  const Histogram* sizes = sizes_[series.index()].load_acquire();  // pairs with record()
  if (sizes != nullptr) read.batch_size = sizes->snapshot();
  return read;
}

MetricsSnapshot MetricsCore::snapshot() const {
  MetricsSnapshot snapshot;
  snapshot.sample_every = sampler_.every();
  for (std::size_t code = 0; code < kOpcodes; ++code) {
    for (const bool batch : {false, true}) {
      OperationMetrics operation = read({static_cast<Opcode>(code), batch});
      if (operation.calls > 0) snapshot.operations.push_back(std::move(operation));
    }
  }
  return snapshot;
}

}  // namespace larder::observe

namespace larder {

std::string_view to_string(Outcome outcome) noexcept {
  static constexpr std::array<std::string_view, kOutcomes> kNames = {"hit", "miss", "ok",
                                                                     "no_effect", "failed"};
  const auto index = static_cast<std::size_t>(outcome);
  return index < kNames.size() ? kNames[index] : "unknown";
}

MetricsRecorder::MetricsRecorder(MetricsOptions options)
    : core_(std::make_unique<observe::MetricsCore>(options)) {}

MetricsRecorder::~MetricsRecorder() = default;

MetricsSnapshot MetricsRecorder::snapshot() const { return core_->snapshot(); }

}  // namespace larder
