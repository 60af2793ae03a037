// Tests of the registry: exact sums over threads, errors, series apart, batches.
//
// Thread safety: one test uses several threads.
#include "observe/metrics_core.h"

#include <thread>
#include <vector>

#include <gtest/gtest.h>

namespace larder::observe {
namespace {

constexpr Series kGet{Opcode::get, false};
constexpr Series kGetMany{Opcode::get, true};
constexpr Series kSet{Opcode::set, false};

TEST(MetricsCoreTest, an_unused_registry_has_no_operation) {
  const MetricsCore core({.sample_every = 16});
  EXPECT_TRUE(core.snapshot().operations.empty());
  EXPECT_EQ(core.snapshot().sample_every, 16U);
  EXPECT_EQ(core.snapshot().of(Opcode::set).calls, 0U);
}

TEST(MetricsCoreTest, case_232_operations_and_outcomes_are_counted_apart) {
  MetricsCore core({});
  core.add(kGet, Outcome::hit);
  core.add(kGet, Outcome::miss, 2);
  core.add(kSet, Outcome::ok);
  core.add_error(kSet, Errc::cache_full);
  core.add_error(kSet, Errc::cache_full);
  core.add_error(kSet, Errc::closed);
  const MetricsSnapshot snapshot = core.snapshot();
  ASSERT_EQ(snapshot.operations.size(), 2U);
  const OperationMetrics get = snapshot.of(Opcode::get);
  EXPECT_EQ(get.calls, 3U);
  EXPECT_EQ(get.of(Outcome::hit), 1U);
  EXPECT_EQ(get.of(Outcome::miss), 2U);
  EXPECT_EQ(get.of(Outcome::failed), 0U);
  const OperationMetrics set = snapshot.of(Opcode::set);
  EXPECT_EQ(set.calls, 4U);
  EXPECT_EQ(set.of(Outcome::ok), 1U);
  EXPECT_EQ(set.of(Outcome::failed), 3U);
  EXPECT_EQ(set.of(Errc::cache_full), 2U);
  EXPECT_EQ(set.of(Errc::closed), 1U);
}

TEST(MetricsCoreTest, case_233_the_size_of_a_batch_is_a_value_of_a_histogram) {
  MetricsCore core({});
  core.add(kGetMany, Outcome::hit, 60);
  core.add(kGetMany, Outcome::miss, 5);
  core.add_batch(kGetMany, 65);
  core.add_batch(kGetMany, 0);
  const OperationMetrics many = core.snapshot().of(Opcode::get, true);
  EXPECT_EQ(many.name(), "get_many");
  EXPECT_EQ(many.calls, 2U);
  EXPECT_EQ(many.batch_size.count, 2U);
  EXPECT_EQ(many.batch_size.sum, 65U);
  EXPECT_NEAR(static_cast<double>(many.batch_size.percentile(1)), 65, 2);
  EXPECT_EQ(core.snapshot().of(Opcode::get).calls, 0U);
}

TEST(MetricsCoreTest, slow_forms_are_always_timed_and_others_by_the_sampler) {
  const MetricsCore core({.sample_every = 1'000'000});
  int singles = 0;
  for (int i = 0; i < 1'000; ++i) {
    EXPECT_TRUE(core.times({Opcode::load, false}));
    EXPECT_TRUE(core.times({Opcode::update, false}));
    EXPECT_TRUE(core.times({Opcode::clear, false}));
    EXPECT_TRUE(core.times(kGetMany));
    singles += core.times(kSet) ? 1 : 0;
  }
  EXPECT_LE(singles, 1);
}

TEST(MetricsCoreTest, latencies_below_zero_count_as_zero) {
  MetricsCore core({});
  core.add(kSet, Outcome::ok);
  core.add_latency(kSet, -5);
  EXPECT_EQ(core.snapshot().of(Opcode::set).latency_ns.sum, 0U);
  EXPECT_EQ(core.snapshot().of(Opcode::set).latency_ns.count, 1U);
}

TEST(MetricsCoreTest, counts_are_exact_over_threads_that_come_and_go) {
  constexpr std::uint64_t kThreads = 8;
  constexpr std::uint64_t kRounds = 3;
  constexpr std::uint64_t kCalls = 20'000;
  MetricsCore core({});
  for (std::uint64_t round = 0; round < kRounds; ++round) {
    std::vector<std::jthread> threads;
    for (std::uint64_t t = 0; t < kThreads; ++t) {
      threads.emplace_back([&core] {
        for (std::uint64_t i = 0; i < kCalls; ++i) {
          core.add(kGet, i % 4 == 0 ? Outcome::miss : Outcome::hit);
          if (i % 10 == 0) core.add_error(kGet, Errc::unavailable);
          if (i % 100 == 0) core.add_latency({static_cast<Opcode>(i % kOpcodes), false}, 5);
        }
      });
    }
  }
  const MetricsSnapshot snapshot = core.snapshot();
  const OperationMetrics get = snapshot.of(Opcode::get);
  EXPECT_EQ(get.of(Outcome::hit), kThreads * kRounds * kCalls * 3 / 4);
  EXPECT_EQ(get.of(Outcome::miss), kThreads * kRounds * kCalls / 4);
  EXPECT_EQ(get.of(Errc::unavailable), kThreads * kRounds * kCalls / 10);
  EXPECT_EQ(get.calls, kThreads * kRounds * kCalls * 11 / 10);
}

TEST(MetricsCoreTest, every_outcome_has_a_name) {
  EXPECT_EQ(to_string(Outcome::hit), "hit");
  EXPECT_EQ(to_string(Outcome::failed), "failed");
  EXPECT_EQ(to_string(static_cast<Outcome>(99)), "unknown");
}

}  // namespace
}  // namespace larder::observe
