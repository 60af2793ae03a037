// Keys and streams of requests.
#include "bench/requests.h"

#include <algorithm>
#include <set>
#include <string>

#include <gtest/gtest.h>

namespace larder::bench {
namespace {

TEST(Requests, DifferentIdsHaveDifferentKeysOfTwentyCharacters) {
  std::set<KeyText> keys;
  for (std::uint32_t id = 0; id < 100'000; ++id) keys.insert(key_text(id));
  EXPECT_EQ(keys.size(), 100'000U);
  const KeyText text = key_text(42);
  EXPECT_EQ(std::string(text.data(), 4), "user");
  EXPECT_TRUE(std::all_of(text.begin() + 4, text.end(),
                          [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); }));
}

TEST(Requests, StreamsAreWholeChunksAndReproducible) {
  const Zipf zipf(1000, 0.99);
  const auto one = draw_requests(zipf, kChunk + 1, 7);
  const auto two = draw_requests(zipf, kChunk + 1, 7);
  ASSERT_EQ(one.size(), 2 * kChunk);
  std::size_t writes = 0;
  for (std::size_t i = 0; i < one.size(); ++i) {
    ASSERT_EQ(one[i].id, two[i].id);
    ASSERT_LT(one[i].id, 1000U);
    ASSERT_EQ(one[i].text, key_text(one[i].id));
    writes += one[i].writes;
  }
  // A quarter of 8192, give or take five standard deviations.
  EXPECT_NEAR(static_cast<double>(writes), 2048, 200);
  const auto other = draw_requests(zipf, kChunk, 8);
  EXPECT_FALSE(std::equal(other.begin(), other.end(), one.begin(),
                          [](const Request& a, const Request& b) { return a.id == b.id; }));
}

TEST(Requests, ShuffledIdsAreAllIdsInAnotherOrder) {
  std::vector<std::uint32_t> ids = shuffled_ids(1000, 3);
  EXPECT_FALSE(std::is_sorted(ids.begin(), ids.end()));
  std::sort(ids.begin(), ids.end());
  for (std::uint32_t i = 0; i < 1000; ++i) EXPECT_EQ(ids[i], i);
  EXPECT_EQ(shuffled_ids(1, 3), std::vector<std::uint32_t>{0});
}

}  // namespace
}  // namespace larder::bench
