// Tests of the exported metrics.
#include "service/metrics_exporter.h"

#include <chrono>
#include <memory>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace larder::service {
namespace {

using ::testing::HasSubstr;

std::string exported(const Stats& stats, const MetricsSnapshot& metrics) {
  return MetricsExporter("1.2.3", {std::make_shared<CacheCollector>(
                                      CacheSource{.name = "c",
                                                  .stats = [stats] { return stats; },
                                                  .metrics = [metrics] { return metrics; }})})
      .text();
}

TEST(MetricsExporterTest, statistics_have_their_names_and_values) {
  Stats stats;
  stats.hits = 3;
  stats.evicted = 4;
  stats.entries = 5;
  const std::string text = exported(stats, {});
  for (const char* line :
       {"larder_build_info{version=\"1.2.3\"} 1\n", "# TYPE larder_cache_hits_total counter\n",
        "larder_cache_hits_total{cache=\"c\"} 3\n", "larder_cache_misses_total{cache=\"c\"} 0\n",
        "larder_cache_removals_total{cache=\"c\",cause=\"evicted\"} 4\n",
        "# TYPE larder_cache_entries gauge\n", "larder_cache_entries{cache=\"c\"} 5\n"}) {
    EXPECT_THAT(text, HasSubstr(line));
  }
}

TEST(MetricsExporterTest, operations_are_exported_by_outcome_code_and_latency) {
  OperationMetrics get;
  get.code = Opcode::get;
  get.calls = 7;
  get.outcomes[static_cast<std::size_t>(Outcome::hit)] = 6;
  get.outcomes[static_cast<std::size_t>(Outcome::failed)] = 1;
  get.errors[static_cast<std::size_t>(Errc::closed)] = 1;
  get.latency_ns.buckets = {{.least = 200, .most = 207, .count = 2},
                            {.least = 1'000, .most = 1'031, .count = 1},
                            {.least = 20'000'000'000, .most = 20'500'000'000, .count = 1}};
  get.latency_ns.count = 4;
  get.latency_ns.sum = 20'000'001'500;
  const std::string text = exported({}, {.operations = {get}, .sample_every = 1});
  const std::string labels = "{cache=\"c\",operation=\"get\"";
  for (const std::string& line :
       {"larder_cache_operations_total" + labels + ",outcome=\"hit\"} 6\n",
        "larder_cache_operations_total" + labels + ",outcome=\"failed\"} 1\n",
        "larder_cache_errors_total" + labels + ",code=\"closed\"} 1\n",
        "larder_cache_operation_duration_seconds_count" + labels + "} 4\n",
        "larder_cache_operation_duration_seconds_bucket" + labels + ",le=\"2.5e-07\"} 2\n",
        "larder_cache_operation_duration_seconds_bucket" + labels + ",le=\"1e-06\"} 2\n",
        "larder_cache_operation_duration_seconds_bucket" + labels + ",le=\"2.5e-06\"} 3\n",
        "larder_cache_operation_duration_seconds_bucket" + labels + ",le=\"10\"} 3\n",
        "larder_cache_operation_duration_seconds_bucket" + labels + ",le=\"+Inf\"} 4\n"}) {
    EXPECT_THAT(text, HasSubstr(line));
  }
  EXPECT_THAT(text, ::testing::Not(HasSubstr("outcome=\"miss\""))) << "it never happened";
}

TEST(MetricsExporterTest, a_family_stands_once_whatever_its_sources) {
  const auto source = [](std::string name) {
    return std::make_shared<CacheCollector>(
        CacheSource{.name = std::move(name),
                    .stats = [] { return Stats(); },
                    .metrics = [] { return MetricsSnapshot(); }});
  };
  const std::string text = MetricsExporter("1", {source("a"), source("b")}).text();
  const std::string type = "# TYPE larder_cache_hits_total";
  const std::size_t first = text.find(type);
  ASSERT_NE(first, std::string::npos);
  EXPECT_EQ(text.find(type, first + 1), std::string::npos);
  EXPECT_THAT(text, HasSubstr("larder_cache_hits_total{cache=\"a\"} 0\n"));
  EXPECT_THAT(text, HasSubstr("larder_cache_hits_total{cache=\"b\"} 0\n"));
}

TEST(MetricsExporterTest, http_requests_are_counted_by_route_and_status) {
  HttpMetrics http;
  http.connection_opened();
  http.connection_opened();
  http.connection_closed();
  http.answered("/healthz", 200, std::chrono::microseconds(20));
  http.answered("/healthz", 200, std::chrono::seconds(2));
  http.answered("", 404, std::chrono::microseconds(20));
  const std::string text = MetricsExporter("1", {http.registry()}).text();
  for (const char* line : {"larder_http_connections 1\n",
                           "larder_http_requests_total{route=\"/healthz\",status=\"200\"} 2\n",
                           "larder_http_requests_total{route=\"none\",status=\"404\"} 1\n",
                           "larder_http_request_duration_seconds_bucket{le=\"2.5e-05\"} 2\n",
                           "larder_http_request_duration_seconds_count 3\n"}) {
    EXPECT_THAT(text, HasSubstr(line));
  }
}

}  // namespace
}  // namespace larder::service
