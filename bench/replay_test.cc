// Replays: a generated stream with known hit ratios, and the recorded streams where they are at
// hand (named by LARDER_TRACES, or in ../shared/traces beside the source tree).
#include "bench/replay.h"

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "bench/trace.h"
#include "bench/zipf.h"

namespace larder::bench {
namespace {

// Popular keys, with a scan over keys that never come back in every tenth part.
std::vector<std::uint64_t> generated_stream() {
  const Zipf zipf(10'000, 0.9);
  Random random(42);
  std::vector<std::uint64_t> keys;
  for (std::uint64_t part = 0; part < 10; ++part) {
    for (int i = 0; i < 18'000; ++i) keys.push_back(zipf.draw(random));
    for (std::uint64_t i = 0; i < 2'000; ++i) keys.push_back(1'000'000 + part * 2'000 + i);
  }
  return keys;
}

double percent(const ReplayResult& result) { return 100 * result.hit_ratio(); }

TEST(Replay, GeneratedStreamHasItsKnownHitRatio) {
  const auto keys = generated_stream();
  const auto result = replay_cache(keys, 1'000);
  ASSERT_TRUE(result.ok());
  EXPECT_EQ(result->requests, 200'000U);
  EXPECT_EQ(result->uniques, count_uniques(keys));
  EXPECT_NEAR(percent(*result), 58.0, 0.5);
}

TEST(Replay, BarePoliciesHaveTheirKnownHitRatios) {
  const auto keys = generated_stream();
  EXPECT_NEAR(percent(*replay_policy("lru", keys, 1'000)), 49.06, 0.01);
  EXPECT_NEAR(percent(*replay_policy("s3fifo", keys, 1'000)), 56.9, 0.5);
  EXPECT_NEAR(percent(*replay_policy("filtered_clock", keys, 1'000)), 58.0, 0.5);
  EXPECT_FALSE(replay_policy("cache", keys, 1'000).has_value());
}

TEST(Replay, TwoReplaysAgreeExactly) {
  const auto keys = generated_stream();
  EXPECT_EQ(replay_cache(keys, 1'000)->hits, replay_cache(keys, 1'000)->hits);
}

TEST(Replay, WithRoomForAllEveryKeyMissesOnce) {
  const auto keys = generated_stream();
  const auto result = replay_cache(keys, 100'000);
  ASSERT_TRUE(result.ok());
  EXPECT_EQ(result->hits, result->requests - result->uniques);
}

TEST(Replay, ProgressIsTold) {
  const auto keys = generated_stream();
  std::size_t last = 0;
  ASSERT_TRUE(replay_cache(keys, 1'000, [&](std::size_t done) { last = done; }).ok());
  EXPECT_GT(last, keys.size() / 2);
}

std::filesystem::path traces_folder() {
  if (const char* named = std::getenv("LARDER_TRACES")) return named;
  return std::filesystem::path(LARDER_SOURCE_DIR) / "../shared/traces";
}

// The shipped cache differs from one policy in one shard by its shards, each with its share of the
// room. Few entries a shard cost most.
constexpr double kShardsCostPoints = 1.0;
constexpr double kShardsCostPointsOnAverage = 0.2;

TEST(Replay, ShippedCacheIsCloseToItsBarePolicyOnRecordedStreams) {
  std::ifstream sizes(traces_folder() / "sizes.txt");
  if (!sizes) GTEST_SKIP() << "no recorded streams at " << traces_folder();
  double lost = 0;
  int points = 0;
  for (std::string line; std::getline(sizes, line);) {
    std::istringstream words(line);
    std::string name;
    words >> name;
    if (name == "orm-busy") continue;  // long; the others show the same
    const auto keys = read_trace((traces_folder() / (name + ".u64.xz")).string());
    ASSERT_TRUE(keys.ok()) << name;
    for (std::size_t capacity = 0; words >> capacity;) {
      const auto shipped = replay_cache(*keys, capacity);
      ASSERT_TRUE(shipped.ok());
      const double bare = percent(*replay_policy("filtered_clock", *keys, capacity));
      std::printf("%-15s %6zu  cache %6.2f  policy alone %6.2f  %+.2f\n", name.c_str(), capacity,
                  percent(*shipped), bare, percent(*shipped) - bare);
      EXPECT_GT(percent(*shipped), bare - kShardsCostPoints) << name << ' ' << capacity;
      lost += bare - percent(*shipped);
      ++points;
    }
  }
  ASSERT_GT(points, 0);
  EXPECT_LT(lost / points, kShardsCostPointsOnAverage);
}

}  // namespace
}  // namespace larder::bench
