// Opening, finding and closing caches.
//
// Thread safety: a test.
#include "larder/manager.h"

#include <gtest/gtest.h>

#include <string>
#include <thread>

namespace larder {
namespace {

CacheOptions<std::string> null_options() { return {.settings = {.provider = "null"}}; }

TEST(ManagerTest, OpensACacheOnTheNullProvider) {
  Manager manager;
  const Cache<std::string> cache = manager.open<std::string>("names", null_options()).value();
  EXPECT_EQ(cache.name(), "names");
  EXPECT_TRUE(cache.set("key", "value").ok());
  EXPECT_TRUE(cache.get("key").miss());
  EXPECT_FALSE(cache.contains("key").value());
  EXPECT_FALSE(cache.erase("key").value());
}

}  // namespace
}  // namespace larder
