// Tests of the histogram: buckets without gaps, the stated error bound, percentiles, concurrency.
//
// Thread safety: one test uses several threads.
#include "observe/histogram.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "base/prng.h"

namespace larder::observe {
namespace {

TEST(HistogramTest, buckets_follow_each_other_without_a_gap) {
  for (std::size_t i = 0; i < Histogram::kBuckets; ++i) {
    const std::uint64_t least = Histogram::least_of(i);
    const std::uint64_t most = Histogram::least_of(i + 1) - 1;
    EXPECT_EQ(Histogram::bucket_of(least), i);
    EXPECT_EQ(Histogram::bucket_of(most), i);
    EXPECT_LE(
        static_cast<double>(most - least) / 2,
        HistogramSnapshot::kRelativeError * static_cast<double>(std::max<std::uint64_t>(least, 1)));
  }
}

TEST(HistogramTest, too_large_values_land_in_the_last_bucket) {
  EXPECT_EQ(Histogram::bucket_of(std::numeric_limits<std::uint64_t>::max()),
            Histogram::kBuckets - 1);
}

TEST(HistogramTest, an_empty_one_has_no_percentile) {
  const HistogramSnapshot snapshot = Histogram().snapshot();
  EXPECT_EQ(snapshot.count, 0U);
  EXPECT_EQ(snapshot.percentile(0.5), 0U);
}

TEST(HistogramTest, small_values_are_exact) {
  Histogram histogram;
  for (std::uint64_t value = 1; value <= 30; ++value) histogram.record(value);
  const HistogramSnapshot snapshot = histogram.snapshot();
  EXPECT_EQ(snapshot.count, 30U);
  EXPECT_EQ(snapshot.sum, 465U);
  EXPECT_EQ(snapshot.percentile(0.0), 1U);
  EXPECT_EQ(snapshot.percentile(0.5), 15U);
  EXPECT_EQ(snapshot.percentile(0.9), 27U);
  EXPECT_EQ(snapshot.percentile(1.0), 30U);
}

// Against the sorted values themselves, over seven orders of magnitude.
TEST(HistogramTest, percentiles_are_within_the_stated_error) {
  base::Prng random(7);
  Histogram histogram;
  std::vector<std::uint64_t> values;
  for (int i = 0; i < 100'000; ++i) {
    const double exponent = static_cast<double>(random.below(7'000'000)) / 1e6;
    values.push_back(static_cast<std::uint64_t>(100 * std::pow(10.0, exponent)));
    histogram.record(values.back());
  }
  std::ranges::sort(values);
  const HistogramSnapshot snapshot = histogram.snapshot();
  for (const double part : {0.01, 0.25, 0.5, 0.9, 0.99, 0.999, 1.0}) {
    const auto rank = static_cast<std::size_t>(std::ceil(part * 100'000)) - 1;
    const auto exact = static_cast<double>(values[rank]);
    EXPECT_NEAR(static_cast<double>(snapshot.percentile(part)), exact,
                HistogramSnapshot::kRelativeError * exact)
        << part;
  }
}

TEST(HistogramTest, no_value_is_lost_between_threads) {
  constexpr std::uint64_t kThreads = 8;
  constexpr std::uint64_t kValues = 20'000;
  Histogram histogram;
  {
    std::vector<std::jthread> threads;
    for (std::uint64_t t = 0; t < kThreads; ++t) {
      threads.emplace_back([&] {
        for (std::uint64_t i = 0; i < kValues; ++i) histogram.record(i);
      });
    }
  }
  const HistogramSnapshot snapshot = histogram.snapshot();
  EXPECT_EQ(snapshot.count, kThreads * kValues);
  EXPECT_EQ(snapshot.sum, kThreads * (kValues * (kValues - 1) / 2));
}

}  // namespace
}  // namespace larder::observe
