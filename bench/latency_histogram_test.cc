// Percentiles against sorted samples.
#include "bench/latency_histogram.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include <gtest/gtest.h>

#include "bench/random.h"

namespace larder::bench {
namespace {

TEST(LatencyHistogram, NothingIsZero) {
  EXPECT_EQ(LatencyHistogram().percentile(0.5), 0);
  EXPECT_EQ(LatencyHistogram().total(), 0U);
}

TEST(LatencyHistogram, SmallLatenciesAreExact) {
  LatencyHistogram histogram;
  for (int i = 1; i <= 20; ++i) histogram.record(i);
  EXPECT_EQ(histogram.percentile(0.5), 10);
  EXPECT_EQ(histogram.percentile(0.05), 1);
  EXPECT_EQ(histogram.percentile(1), 20);
  EXPECT_EQ(histogram.percentile(0), 1);
}

TEST(LatencyHistogram, NegativeCountsAsZeroAndHugeAsTheLargest) {
  LatencyHistogram histogram;
  histogram.record(-5);  // the clock's cost was taken off
  EXPECT_EQ(histogram.percentile(1), 0);
  histogram.record(std::numeric_limits<std::int64_t>::max());
  EXPECT_GT(histogram.percentile(1), 1e12);
  EXPECT_EQ(histogram.total(), 2U);
}

TEST(LatencyHistogram, PercentilesAreRightWithinThreePercent) {
  Random random(3);
  LatencyHistogram histogram;
  LatencyHistogram other;
  std::vector<double> samples;
  for (int i = 0; i < 100'000; ++i) {
    const auto ns = static_cast<std::int64_t>(std::exp(random.unit() * 16));  // 1 ns to 9 ms
    samples.push_back(static_cast<double>(ns));
    (i % 3 == 0 ? other : histogram).record(ns);
  }
  histogram.merge(other);
  std::sort(samples.begin(), samples.end());
  for (const double fraction : {0.01, 0.25, 0.5, 0.9, 0.99, 0.999, 1.0}) {
    const auto rank = static_cast<std::size_t>(std::ceil(fraction * 100'000));
    const double exact = samples[rank - 1];
    EXPECT_NEAR(histogram.percentile(fraction), exact, exact * 0.032) << fraction;
  }
  EXPECT_EQ(histogram.total(), 100'000U);
}

}  // namespace
}  // namespace larder::bench
