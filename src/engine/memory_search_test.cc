// What bulk erases ask about while their members are replaced. What they erase is in the contract
// suite.
// Thread safety: a test.
#include "engine/memory_search.h"

#include <algorithm>
#include <atomic>
#include <thread>

#include <gtest/gtest.h>

#include "larder/cache.h"
#include "larder/manager.h"

namespace larder::engine {
namespace {

using namespace std::chrono_literals;

// An entry and its successor are in the index together for a moment.
TEST(MemorySearchTest, AnEraseAsksOnceAboutAMemberThatIsBeingReplaced) {
  constexpr int kWrites = 200'000;
  Manager manager;
  std::atomic<int> asked{0};
  CacheOptions<int> options;
  options.hooks.pre_erase = [&](std::string_view) {
    ++asked;
    return Verdict::veto("kept, so that it is replaced again");
  };
  const Cache<int> cache = manager.open<int>("numbers", std::move(options)).value();
  const WriteOptions tagged(1h, {"tag"});
  ASSERT_TRUE(cache.set("k", 1, tagged).ok());
  std::atomic<bool> over{false};
  std::thread writer([&] {
    for (int i = 0; i < kWrites; ++i) EXPECT_TRUE(cache.set("k", 1, tagged).ok());
    over = true;
  });
  int most = 0;
  while (!over) {  // bound: kWrites
    asked = 0;
    EXPECT_EQ(cache.erase_by_tag("tag").value_or(1), 0U);
    most = std::max(most, asked.load());
  }
  writer.join();
  EXPECT_EQ(most, 1);
}

}  // namespace
}  // namespace larder::engine
