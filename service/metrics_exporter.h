// MetricsExporter: everything the process counts, in the text format of Prometheus; and
// HttpMetrics, what the HTTP server counts. All names begin with `larder_`.
// Thread safety: every member may be called from any thread at any time.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <prometheus/collectable.h>
#include <prometheus/counter.h>
#include <prometheus/family.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>

#include "larder/metrics.h"
#include "larder/stats.h"

namespace larder::service {

// What one cache counts, taken at each collection.
struct CacheSource {
  std::string name;
  std::function<Stats()> stats;
  std::function<MetricsSnapshot()> metrics;
};

class CacheCollector final : public prometheus::Collectable {
 public:
  explicit CacheCollector(CacheSource source) : source_(std::move(source)) {}
  std::vector<prometheus::MetricFamily> Collect() const override;

 private:
  const CacheSource source_;
};

class HttpMetrics {
 public:
  HttpMetrics();

  void connection_opened() { connections_.Increment(); }
  void connection_closed() { connections_.Decrement(); }
  // `route` is a pattern, never a path: the number of series is bounded.
  void answered(std::string_view route, unsigned status, std::chrono::nanoseconds duration);
  [[nodiscard]] const std::shared_ptr<prometheus::Registry>& registry() const noexcept {
    return registry_;
  }

 private:
  std::shared_ptr<prometheus::Registry> registry_;  // owns what the others refer to
  prometheus::Gauge& connections_;
  prometheus::Family<prometheus::Counter>& requests_;
  prometheus::Histogram& duration_;
};

class MetricsExporter {
 public:
  MetricsExporter(std::string_view version,
                  std::vector<std::shared_ptr<const prometheus::Collectable>> sources);

  [[nodiscard]] std::string text() const;

 private:
  // constant after construction
  std::shared_ptr<prometheus::Registry> build_info_;
  std::vector<std::shared_ptr<const prometheus::Collectable>> sources_;
};

}  // namespace larder::service
