// Tests of the key hash, the mixer and the process seed.
//
// Thread safety: a test program.
#include "base/hash.h"

#include <bit>
#include <cstdlib>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "base/atomic.h"

namespace larder::base {
namespace {

TEST(Hash, IsTheSeededXxh3) {
  // The published value of XXH3-64 of no bytes under seed 0.
  EXPECT_EQ(hash_bytes("", 0), 0x2d06800538d394c2U);
}

TEST(Hash, DependsOnEveryByteAndOnTheSeed) {
  for (const std::size_t size : {1, 3, 8, 16, 20, 128, 240, 241, 1000}) {
    const std::string key(size, 'k');
    std::set<std::uint64_t> seen{hash_bytes(key, 1), hash_bytes(key, 2)};
    for (std::size_t i = 0; i < size; ++i) {
      std::string other = key;
      other[i] = 'q';
      seen.insert(hash_bytes(other, 1));
    }
    EXPECT_EQ(seen.size(), size + 2) << size;
  }
}

TEST(Hash, TakesAnyBytes) {
  using std::string_view_literals::operator""sv;
  EXPECT_NE(hash_bytes("a\0b"sv, 1), hash_bytes("a\0c"sv, 1));
  EXPECT_NE(hash_bytes("\0"sv, 1), hash_bytes("\0\0"sv, 1));
}

TEST(Hash, SpreadsShortKeysOverHighAndLowBits) {
  constexpr int kBuckets = 64;
  constexpr int kKeys = 64 * 1'000;
  std::vector<int> low(kBuckets), high(kBuckets);
  for (int i = 0; i < kKeys; ++i) {
    const std::uint64_t hash = hash_bytes("key:" + std::to_string(i), 99);
    ++low[hash % kBuckets];
    ++high[hash >> 58];
  }
  for (int i = 0; i < kBuckets; ++i) {  // six standard deviations around 1,000
    EXPECT_NEAR(low[i], 1'000, 190);
    EXPECT_NEAR(high[i], 1'000, 190);
  }
}

TEST(Mix64, IsABijectionThatAvalanches) {
  std::set<std::uint64_t> seen;
  for (std::uint64_t i = 0; i < 10'000; ++i) seen.insert(mix64(i));
  EXPECT_EQ(seen.size(), 10'000U);
  for (int bit = 0; bit < 64; ++bit) {
    int flipped = 0;
    for (std::uint64_t i = 1; i <= 100; ++i) {
      flipped += std::popcount(mix64(i) ^ mix64(i ^ (std::uint64_t{1} << bit)));
    }
    EXPECT_NEAR(flipped, 3'200, 400) << bit;
  }
}

// The seed is a property of the process, so its tests run in processes of their own.
class SeedDeathTest : public testing::Test {
 protected:
  SeedDeathTest() { GTEST_FLAG_SET(death_test_style, "threadsafe"); }
};

void exit_with(bool success) { std::exit(success ? 0 : 1); }

TEST_F(SeedDeathTest, IsDrawnOnceForAllThreads) {
  EXPECT_EXIT(
      {
        Atomic<int> differing;
        Atomic<std::uint64_t> first;
        std::vector<std::thread> threads;
        for (int i = 0; i < 8; ++i) {
          threads.emplace_back([&] {
            const std::uint64_t seed = process_seed();
            std::uint64_t before = 0;
            if (!first.cas_strong_relaxed(before, seed) && before != seed) differing.add_relaxed(1);
          });
        }
        for (auto& thread : threads) thread.join();
        exit_with(differing.load_relaxed() == 0 && process_seed() != 0);
      },
      testing::ExitedWithCode(0), "");
}

TEST_F(SeedDeathTest, CanBeFixedBeforeItsFirstUseOnly) {
  EXPECT_EXIT(exit_with(fix_process_seed(77) && process_seed() == 77 && fix_process_seed(77) &&
                        !fix_process_seed(78) && process_seed() == 77),
              testing::ExitedWithCode(0), "");
  EXPECT_EXIT(exit_with(process_seed() != 77 && !fix_process_seed(77)), testing::ExitedWithCode(0),
              "");
  EXPECT_EXIT(exit_with(fix_process_seed(0) && process_seed() == 1), testing::ExitedWithCode(0),
              "");
}

TEST_F(SeedDeathTest, DiffersBetweenProcesses) {
  const std::uint64_t mine = process_seed();
  const std::string name = "LARDER_HASH_TEST_SEED";
  setenv(name.c_str(), std::to_string(mine).c_str(), 0);  // the child keeps what it inherits
  EXPECT_EXIT(exit_with(std::to_string(process_seed()) != getenv(name.c_str())),
              testing::ExitedWithCode(0), "");
  unsetenv(name.c_str());
}

}  // namespace
}  // namespace larder::base
