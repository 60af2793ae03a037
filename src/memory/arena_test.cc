// Tests of the slab allocator: classes, references, reuse, lifetime.
#include "memory/arena.h"

#include <algorithm>
#include <cstring>
#include <map>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "base/prng.h"

namespace larder::memory {
namespace {

TEST(ArenaTest, EverySizeFitsItsClassAndWastesAtMostAnEighthAndAGrain) {
  for (std::size_t bytes = 1; bytes <= Arena::kMaxObjectBytes; bytes += bytes < 5000 ? 1 : 37) {
    const std::size_t rounded = Arena::rounded(bytes);
    ASSERT_GE(rounded, bytes);
    ASSERT_LE(rounded, bytes + bytes / 8 + Arena::kGrain) << bytes;
    ASSERT_EQ(Arena::rounded(rounded), rounded);
  }
}

TEST(ArenaTest, ObjectsNeverOverlapAndReferencesLeadBack) {
  int owner = 0;
  Arena arena(&owner);
  std::map<std::byte*, std::size_t> live;
  std::vector<std::pair<Ref, std::size_t>> refs;
  for (std::size_t i = 0; i < 3000; ++i) {
    const std::size_t bytes = 1 + (i * 7919) % 3000;
    const Ref ref = arena.allocate(bytes);
    std::byte* at = arena.at(ref);
    ASSERT_NE(ref, kNoRef);
    ASSERT_EQ(Arena::ref_of(at), ref);
    ASSERT_EQ(Arena::owner_of(at), &owner);
    ASSERT_EQ(reinterpret_cast<std::uintptr_t>(at) % Arena::kGrain, 0U);
    const auto next = live.lower_bound(at);
    if (next != live.end()) {
      ASSERT_LE(at + bytes, next->first);
    }
    if (next != live.begin()) {
      const auto before = std::prev(next);
      ASSERT_LE(before->first + before->second, at);
    }
    live[at] = bytes;
    refs.emplace_back(ref, bytes);
    if (i % 3 == 0) {
      const auto [freed, size] = refs[refs.size() / 2];
      refs.erase(refs.begin() + static_cast<std::ptrdiff_t>(refs.size() / 2));
      live.erase(arena.at(freed));
      arena.free(freed, size);
    }
  }
}

TEST(ArenaTest, FreedMemoryIsUsedAgain) {
  int owner = 0;
  Arena arena(&owner);
  std::size_t after_first_round = 0;
  for (int round = 0; round < 20; ++round) {
    std::vector<Ref> refs;
    for (int i = 0; i < 5000; ++i) refs.push_back(arena.allocate(144));
    for (const Ref ref : refs) arena.free(ref, 144);
    if (round == 0) after_first_round = arena.resident_bytes();
  }
  EXPECT_EQ(arena.resident_bytes(), after_first_round);
}

TEST(ArenaTest, ThreadsMayFreeWhatOthersAllocated) {
  int owner = 0;
  Arena arena(&owner);
  constexpr int kThreads = 4;
  std::vector<std::vector<Ref>> mine(kThreads);
  for (int round = 0; round < 5; ++round) {
    std::vector<std::thread> threads;
    for (int t = 0; t < kThreads; ++t) {
      threads.emplace_back([&, t] {
        for (const Ref ref : mine[static_cast<std::size_t>(t)]) {
          EXPECT_EQ(arena.at(ref)[5], std::byte{0x77});
          arena.free(ref, 100);
        }
        mine[static_cast<std::size_t>(t)].clear();
        for (int i = 0; i < 2000; ++i) {
          const Ref ref = arena.allocate(100);
          std::memset(arena.at(ref), 0x77, 100);
          mine[static_cast<std::size_t>(t)].push_back(ref);
        }
      });
    }
    for (auto& thread : threads) thread.join();
    std::rotate(mine.begin(), mine.begin() + 1, mine.end());
  }
  EXPECT_LE(arena.resident_bytes(), 2U * kThreads * 2000 * 112);
}

}  // namespace
}  // namespace larder::memory
