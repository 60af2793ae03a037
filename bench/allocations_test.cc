// The counter of allocations, and what it says of reads: a hit allocates nothing.
#include "bench/allocations.h"

#include <array>
#include <cstddef>
#include <memory>
#include <new>
#include <string>
#include <thread>

#include <gtest/gtest.h>

#include "larder/cache.h"
#include "larder/manager.h"

namespace larder::bench {
namespace {

// Keeps the compiler from leaving out an allocation and its release.
void touch(void* memory) { asm volatile("" : : "r"(memory) : "memory"); }

class Allocations : public testing::Test {
 protected:
  void SetUp() override {
    if (!counts_allocations()) GTEST_SKIP() << "a sanitizer owns operator new";
  }

  template <class F>
  static std::uint64_t count(F&& work) {
    const std::uint64_t before = thread_allocations();
    work();
    return thread_allocations() - before;
  }
};

TEST_F(Allocations, EveryFormOfNewCounts) {
  struct alignas(128) Wide {
    char bytes[128];
  };
  const std::uint64_t counted = count([] {
    const std::unique_ptr<int> one(new int);
    const std::unique_ptr<int[]> many(new int[3]);
    const std::unique_ptr<Wide> wide(new Wide);
    const std::unique_ptr<int> quiet(new (std::nothrow) int);
    touch(one.get());
    touch(many.get());
    touch(wide.get());
    touch(quiet.get());
  });
  EXPECT_EQ(counted, 4U);
}

TEST_F(Allocations, OfOtherThreadsDoNotCount) {
  const std::uint64_t alone = count([] { std::jthread([] {}).join(); });
  const std::uint64_t busy = count([] {
    std::jthread([] {
      for (int i = 0; i < 100; ++i) touch(std::make_unique<int>(i).get());
    }).join();
  });
  EXPECT_EQ(alone, busy);
}

TEST_F(Allocations, ReadHitAllocatesNothing) {
  Manager manager;
  auto bytes = manager.open<std::array<std::byte, 64>>("bytes").value();
  auto words = manager.open<std::string>("words").value();
  ASSERT_TRUE(bytes.set("key", {}).ok());
  ASSERT_TRUE(words.set("short", "in the string").ok());
  ASSERT_TRUE(words.set("long", std::string(100, 'x')).ok());
  int hits = 0;
  const auto read = [&](const auto& cache, const char* key) {
    for (int i = 0; i < 10'000; ++i) hits += cache.get(key).hit() ? 1 : 0;
  };
  EXPECT_EQ(count([&] { read(bytes, "key"); }), 0U);
  EXPECT_EQ(count([&] { read(bytes, "missing"); }), 0U);
  EXPECT_EQ(count([&] {
              for (int i = 0; i < 10'000; ++i) hits += bytes.get_ref("key").hit() ? 1 : 0;
            }),
            0U);
  EXPECT_EQ(count([&] { read(words, "short"); }), 0U);
  EXPECT_EQ(count([&] { read(words, "long"); }), 10'000U) << "the copy of the value itself";
  EXPECT_EQ(hits, 40'000);
}

}  // namespace
}  // namespace larder::bench
