// The memory of keys that have left: what it remembers, for how long, and what it mistakes.
#include "eviction/frequency_history.h"

#include <gtest/gtest.h>

#include "base/hash.h"

namespace larder::eviction {
namespace {

std::uint64_t hash(std::uint64_t key) { return base::mix64(key + 12'345); }

TEST(FrequencyHistory, WithoutMemoryRemembersNothing) {
  FrequencyHistory history;
  history.put(hash(1), 5);
  EXPECT_FALSE(history.active());
  EXPECT_EQ(history.take(hash(1)), 0u);
  EXPECT_EQ(history.bytes(), 0u);
}

TEST(FrequencyHistory, GivesACountBackOnce) {
  FrequencyHistory history;
  history.resize(100);
  history.put(hash(1), 5);
  history.put(hash(2), 99);
  history.put(hash(3), 0);
  EXPECT_EQ(history.take(hash(1)), 5u);
  EXPECT_EQ(history.take(hash(1)), 0u);
  EXPECT_EQ(history.take(hash(2)), FrequencyHistory::kMaxCount);
  EXPECT_EQ(history.take(hash(3)), 0u);
}

TEST(FrequencyHistory, AgesByHalves) {
  FrequencyHistory history;
  history.resize(1'000);
  for (unsigned age = 0; age <= 5; ++age) {
    for (std::uint64_t key = 0; key < 50; ++key) history.put(hash(key), 13);
    for (unsigned i = 0; i < age; ++i) history.age();
    for (std::uint64_t key = 0; key < 50; ++key) {
      ASSERT_EQ(history.take(hash(key)), 13u >> age) << age;
    }
  }
  EXPECT_EQ(FrequencyHistory::aged(13, 250, 252), 3u);
  EXPECT_EQ(FrequencyHistory::aged(13, 255, 1), 3u);
  EXPECT_EQ(FrequencyHistory::aged(15, 0, 200), 0u);
}

TEST(FrequencyHistory, PrefersWhatWasUsedMoreAndThenWhatIsNewer) {
  FrequencyHistory history;
  history.resize(1);  // one block of 31
  for (std::uint64_t key = 0; key < 10; ++key) history.put(hash(key), 2);
  for (std::uint64_t key = 100; key < 200; ++key) history.put(hash(key), 1);
  for (std::uint64_t key = 0; key < 10; ++key) EXPECT_EQ(history.take(hash(key)), 2u) << key;
  for (std::uint64_t key = 179; key < 200; ++key) EXPECT_EQ(history.take(hash(key)), 1u) << key;
  EXPECT_EQ(history.take(hash(178)), 0u);
}

TEST(FrequencyHistory, RemembersAboutAsManyAsTheCapacityAndSeldomErrs) {
  constexpr std::uint64_t kCapacity = 10'000;
  FrequencyHistory history;
  history.resize(kCapacity);
  EXPECT_LE(history.bytes(), kCapacity * 3);
  for (std::uint64_t key = 0; key < kCapacity; ++key) history.put(hash(key), 3);
  unsigned known = 0;
  unsigned mistaken = 0;
  for (std::uint64_t key = 0; key < kCapacity; ++key) {
    mistaken += history.take(hash(1'000'000 + key)) != 0 ? 1 : 0;
  }
  for (std::uint64_t key = 0; key < kCapacity; ++key) known += history.take(hash(key)) == 3 ? 1 : 0;
  EXPECT_GE(known, kCapacity * 96 / 100);
  EXPECT_LE(mistaken, kCapacity / 100);
}

TEST(FrequencyHistory, KeepsMostOfItThroughResizing) {
  FrequencyHistory history;
  history.resize(4'000);
  for (std::uint64_t key = 0; key < 1'000; ++key) history.put(hash(key), 7);
  history.age();
  for (const std::size_t capacity : {8'000u, 8'100u, 20'000u}) history.resize(capacity);
  EXPECT_LE(history.bytes(), 60'000u);
  unsigned known = 0;
  for (std::uint64_t key = 0; key < 1'000; ++key) known += history.take(hash(key)) == 3 ? 1 : 0;
  EXPECT_GE(known, 900u);
  history.resize(0);
  EXPECT_EQ(history.bytes(), 0u);
}

}  // namespace
}  // namespace larder::eviction
