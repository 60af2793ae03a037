// The mapping of Larder's statistics to metric families.
#include "service/metrics_exporter.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <iterator>
#include <map>
#include <sstream>
#include <utility>

#include <prometheus/text_serializer.h>

namespace larder::service {
namespace {

using prometheus::ClientMetric;
using prometheus::MetricFamily;
using prometheus::MetricType;
using Labels = std::vector<ClientMetric::Label>;

constexpr double kNanosecond = 1e-9;

// Upper bounds of the exported latency buckets; the recorder's own are finer.
constexpr std::array<std::uint64_t, 14> kLatencyBoundsNs = {
    250,       1'000,     2'500,      10'000,      25'000,      100'000,       250'000,
    1'000'000, 2'500'000, 10'000'000, 100'000'000, 250'000'000, 1'000'000'000, 10'000'000'000};

struct StatsField {
  const char* name;
  const char* help;
  std::uint64_t Stats::* field;
};

constexpr StatsField kCounters[] = {
    {"larder_cache_hits_total", "Reads that found a live entry", &Stats::hits},
    {"larder_cache_misses_total", "Reads that found none", &Stats::misses},
    {"larder_cache_stores_total", "Writes that stored a value", &Stats::stores},
    {"larder_cache_rejected_total", "Writes refused for want of room", &Stats::rejected},
    {"larder_cache_loads_total", "Loaders started", &Stats::loads},
    {"larder_cache_load_joins_total", "Callers that waited for another's load", &Stats::joins},
    {"larder_cache_load_failures_total", "Loads that failed", &Stats::load_failures},
    {"larder_cache_loads_fenced_total", "Loaded values not stored because a write came between",
     &Stats::loads_fenced},
    {"larder_cache_load_leaves_total", "Callers that left a load before its end", &Stats::leaves},
    {"larder_cache_update_retries_total", "Updates tried again after a conflict",
     &Stats::update_retries},
    {"larder_cache_hook_failures_total", "Exceptions of hooks that were dropped",
     &Stats::hook_failures},
};

constexpr StatsField kGauges[] = {
    {"larder_cache_entries", "Live entries", &Stats::entries},
    {"larder_cache_bytes", "Bytes of the live entries as the weigher counts them", &Stats::bytes},
    {"larder_cache_resident_bytes", "Memory held for entries, tables and policy",
     &Stats::resident_bytes},
    {"larder_cache_pinned_bytes", "Bytes of removed values that are still in use",
     &Stats::pinned_bytes},
    {"larder_cache_loads_in_flight", "Loads that run", &Stats::flights},
    {"larder_cache_load_waiters", "Callers waiting for loads", &Stats::waiters},
};

constexpr std::pair<const char*, std::uint64_t Stats::*> kRemovals[] = {
    {"erased", &Stats::erased},   {"expired", &Stats::expired},
    {"evicted", &Stats::evicted}, {"replaced", &Stats::replaced},
    {"cleared", &Stats::cleared}, {"invalidated", &Stats::invalidated},
};

MetricFamily family(const char* name, const char* help, MetricType type) {
  MetricFamily made;
  made.name = name;
  made.help = help;
  made.type = type;
  return made;
}

ClientMetric counter(Labels labels, std::uint64_t value) {
  ClientMetric metric;
  metric.label = std::move(labels);
  metric.counter.value = static_cast<double>(value);
  return metric;
}

ClientMetric gauge(Labels labels, std::uint64_t value) {
  ClientMetric metric;
  metric.label = std::move(labels);
  metric.gauge.value = static_cast<double>(value);
  return metric;
}

// A bucket of the recorder counts where it ends: within its relative error.
ClientMetric latency(Labels labels, const HistogramSnapshot& snapshot) {
  ClientMetric metric;
  metric.label = std::move(labels);
  metric.histogram.sample_count = snapshot.count;
  metric.histogram.sample_sum = static_cast<double>(snapshot.sum) * kNanosecond;
  auto bucket = snapshot.buckets.begin();
  std::uint64_t cumulative = 0;
  for (const std::uint64_t bound : kLatencyBoundsNs) {
    for (; bucket != snapshot.buckets.end() && bucket->most <= bound; ++bucket) {
      cumulative += bucket->count;
    }
    metric.histogram.bucket.push_back(
        {.cumulative_count = cumulative, .upper_bound = static_cast<double>(bound) * kNanosecond});
  }
  return metric;
}

void add_stats(const std::string& cache, const Stats& stats, std::vector<MetricFamily>& families) {
  for (const StatsField& field : kCounters) {
    families.push_back(family(field.name, field.help, MetricType::Counter));
    families.back().metric.push_back(counter({{"cache", cache}}, stats.*field.field));
  }
  families.push_back(family("larder_cache_removals_total", "Entries that ceased to be, by cause",
                            MetricType::Counter));
  for (const auto& [cause, field] : kRemovals) {
    families.back().metric.push_back(counter({{"cache", cache}, {"cause", cause}}, stats.*field));
  }
  for (const StatsField& field : kGauges) {
    families.push_back(family(field.name, field.help, MetricType::Gauge));
    families.back().metric.push_back(gauge({{"cache", cache}}, stats.*field.field));
  }
}

void add_operation(const std::string& cache, const OperationMetrics& operation,
                   MetricFamily& outcomes, MetricFamily& errors, MetricFamily& latencies) {
  const Labels labels = {{"cache", cache}, {"operation", operation.name()}};
  const auto with = [&labels](const char* name, std::string_view value) {
    Labels more = labels;
    more.push_back({name, std::string(value)});
    return more;
  };
  for (std::size_t i = 0; i < kOutcomes; ++i) {
    if (operation.outcomes[i] == 0) continue;
    const auto outcome = to_string(static_cast<Outcome>(i));
    outcomes.metric.push_back(counter(with("outcome", outcome), operation.outcomes[i]));
  }
  for (std::size_t i = 0; i < kErrcs; ++i) {
    if (operation.errors[i] == 0) continue;
    const auto code = to_string(static_cast<Errc>(i));
    errors.metric.push_back(counter(with("code", code), operation.errors[i]));
  }
  if (operation.latency_ns.count > 0) {
    latencies.metric.push_back(latency(labels, operation.latency_ns));
  }
}

void add_metrics(const std::string& cache, const MetricsSnapshot& snapshot,
                 std::vector<MetricFamily>& families) {
  MetricFamily outcomes = family("larder_cache_operations_total",
                                 "Keys of operations that ended, by outcome", MetricType::Counter);
  MetricFamily errors = family("larder_cache_errors_total",
                               "Keys of operations that failed, by code", MetricType::Counter);
  MetricFamily latencies =
      family("larder_cache_operation_duration_seconds",
             "Duration of operations; of those on one key a sample", MetricType::Histogram);
  for (const OperationMetrics& operation : snapshot.operations) {
    add_operation(cache, operation, outcomes, errors, latencies);
  }
  for (MetricFamily* made : {&outcomes, &errors, &latencies}) {
    if (!made->metric.empty()) families.push_back(std::move(*made));
  }
}

}  // namespace

std::vector<MetricFamily> CacheCollector::Collect() const {
  std::vector<MetricFamily> families;
  add_stats(source_.name, source_.stats(), families);
  add_metrics(source_.name, source_.metrics(), families);
  return families;
}

HttpMetrics::HttpMetrics()
    : registry_(std::make_shared<prometheus::Registry>()),
      connections_(prometheus::BuildGauge()
                       .Name("larder_http_connections")
                       .Help("Open connections")
                       .Register(*registry_)
                       .Add({})),
      requests_(prometheus::BuildCounter()
                    .Name("larder_http_requests_total")
                    .Help("Requests answered, by route and status")
                    .Register(*registry_)),
      duration_(prometheus::BuildHistogram()
                    .Name("larder_http_request_duration_seconds")
                    .Help("From a request read to its response handed over")
                    .Register(*registry_)
                    .Add({}, prometheus::Histogram::BucketBoundaries{
                                 1e-5, 2.5e-5, 1e-4, 2.5e-4, 1e-3, 2.5e-3, 1e-2, 1e-1, 1.0})) {}

void HttpMetrics::answered(std::string_view route, unsigned status,
                           std::chrono::nanoseconds duration) {
  requests_
      .Add({{"route", std::string(route.empty() ? "none" : route)},
            {"status", std::to_string(status)}})
      .Increment();
  duration_.Observe(static_cast<double>(duration.count()) * kNanosecond);
}

MetricsExporter::MetricsExporter(
    std::string_view version, std::vector<std::shared_ptr<const prometheus::Collectable>> sources)
    : build_info_(std::make_shared<prometheus::Registry>()), sources_(std::move(sources)) {
  prometheus::BuildGauge()
      .Name("larder_build_info")
      .Help("1; the version is a label")
      .Register(*build_info_)
      .Add({{"version", std::string(version)}})
      .Set(1);
  sources_.push_back(build_info_);
}

std::string MetricsExporter::text() const {
  std::map<std::string, MetricFamily> by_name;  // a family stands once, whatever its sources
  for (const auto& source : sources_) {
    for (MetricFamily& found : source->Collect()) {
      auto [place, is_new] = by_name.try_emplace(found.name, found);
      if (is_new) continue;
      std::ranges::move(found.metric, std::back_inserter(place->second.metric));
    }
  }
  std::vector<MetricFamily> families;
  for (auto& [name, merged] : by_name) families.push_back(std::move(merged));
  std::ostringstream text;
  prometheus::TextSerializer().Serialize(text, families);
  return std::move(text).str();
}

}  // namespace larder::service
