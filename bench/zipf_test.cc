// Draws against the probabilities of the definition.
#include "bench/zipf.h"

#include <cmath>
#include <vector>

#include <gtest/gtest.h>

namespace larder::bench {
namespace {

// Pearson's statistic over its degrees of freedom: near 1 for draws that follow the distribution.
double chi_square_per_degree(const Zipf& zipf, std::uint32_t count, int draws) {
  Random random(11);
  std::vector<int> seen(count);
  for (int i = 0; i < draws; ++i) ++seen.at(zipf.draw(random));
  double sum = 0;
  for (std::uint32_t rank = 0; rank < count; ++rank) {
    const double expected = zipf.probability(rank) * draws;
    sum += (seen[rank] - expected) * (seen[rank] - expected) / expected;
  }
  return sum / (count - 1);
}

TEST(Zipf, DrawsFollowTheDefinition) {
  for (const double exponent : {0.0, 0.5, 0.99, 1.0, 1.5}) {
    // The standard deviation is sqrt(2 / 499) = 0.063; a wrong exponent gives far above 2.
    EXPECT_NEAR(chi_square_per_degree(Zipf(500, exponent), 500, 1'000'000), 1.0, 0.3) << exponent;
  }
}

TEST(Zipf, AWrongExponentWouldBeSeen) {
  const Zipf drawn(500, 0.99);
  const Zipf claimed(500, 0.95);
  Random random(11);
  std::vector<int> seen(500);
  for (int i = 0; i < 1'000'000; ++i) ++seen.at(drawn.draw(random));
  double sum = 0;
  for (std::uint32_t rank = 0; rank < 500; ++rank) {
    const double expected = claimed.probability(rank) * 1e6;
    sum += (seen[rank] - expected) * (seen[rank] - expected) / expected;
  }
  EXPECT_GT(sum / 499, 2.0);
}

TEST(Zipf, ProbabilitiesAreThoseOfTheLaw) {
  const Zipf zipf(1'000'000, 0.99);
  EXPECT_NEAR(zipf.probability_of_first(1'000'000), 1.0, 1e-9);
  EXPECT_NEAR(zipf.probability(0) / zipf.probability(9), std::pow(10, 0.99), 1e-9);
  // The best hit ratio with room for a tenth.
  EXPECT_NEAR(zipf.probability_of_first(100'000), 0.830, 0.001);
  EXPECT_EQ(zipf.probability_of_first(0), 0);
}

TEST(Zipf, OneRankIsAlwaysDrawn) {
  const Zipf zipf(1, 0.99);
  Random random(1);
  for (int i = 0; i < 100; ++i) EXPECT_EQ(zipf.draw(random), 0U);
}

TEST(Zipf, TheSameSeedDrawsTheSame) {
  const Zipf zipf(1000, 0.99);
  Random one(5);
  Random two(5);
  for (int i = 0; i < 1000; ++i) EXPECT_EQ(zipf.draw(one), zipf.draw(two));
}

}  // namespace
}  // namespace larder::bench
