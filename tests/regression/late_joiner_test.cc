// Who asks for a key after an erase by tag or index has returned may not be given a value whose
// load began before it and that has the term: such a caller loads again.
#include <string>
#include <thread>

#include <gtest/gtest.h>

#include "larder/manager.h"

namespace larder {
namespace {

using namespace std::chrono_literals;

struct Owner {
  std::string name;
  int number;
};

class LateJoiner : public ::testing::Test {
 protected:
  /// Asks for the key on another thread, as somebody who knows nothing of the load in flight. The
  /// deadline ends a wait for that load.
  int ask_elsewhere() {
    int number = 0;
    std::jthread([&] {
      const auto cache = cache_.with(Context::within(5s));
      const auto answer = cache.get_or_set("key", [] { return Owner{"ann", 2}; });
      if (answer) number = answer->number;
    }).join();
    return number;
  }

  Manager manager_;
  Cache<Owner> cache_ =
      manager_.open<Owner>("owners", {.indexes = {index("by_name", &Owner::name)}}).value();
};

TEST_F(LateJoiner, LoadsAgainAfterAnEraseByTag) {
  const auto load = [&] {
    EXPECT_EQ(cache_.erase_by_tag("red").value(), 0U);
    EXPECT_EQ(ask_elsewhere(), 2);
    return Owner{"ann", 1};
  };
  const auto first = cache_.get_or_set("key", load, {1h, {"red"}});
  ASSERT_TRUE(first);
  EXPECT_EQ(first->number, 1);  // began before the erase: its own caller still gets it
  EXPECT_EQ(cache_.get("key")->number, 2);
}

TEST_F(LateJoiner, LoadsAgainAfterAnEraseByADeclaredIndex) {
  const auto load = [&] {
    EXPECT_EQ(cache_.erase_by_index("by_name", "ann").value(), 0U);
    EXPECT_EQ(ask_elsewhere(), 2);
    return Owner{"ann", 1};
  };
  ASSERT_TRUE(cache_.get_or_set("key", load));
  EXPECT_EQ(cache_.get("key")->number, 2);
}

TEST_F(LateJoiner, InsideTheLoadItselfIsRefused) {
  const auto load = [&] {
    EXPECT_EQ(cache_.erase_by_tag("red").value(), 0U);
    const auto inner = cache_.get_or_set("key", [] { return Owner{"bob", 3}; });
    EXPECT_TRUE(inner.failed());
    EXPECT_EQ(inner.error().code(), Errc::would_deadlock);
    return Owner{"ann", 1};
  };
  ASSERT_TRUE(cache_.get_or_set("key", load));
}

}  // namespace
}  // namespace larder
