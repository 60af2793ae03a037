// An erase by index that excepts a key says nothing about that key: a load of it that runs
// meanwhile is stored. If the fence of the erase held for it too, a value would be returned and
// then be gone, without a removal that explains it.
#include <string>

#include <gtest/gtest.h>

#include "larder/manager.h"

namespace larder {
namespace {

struct Owner {
  std::string name;
};

class SparedLoad : public ::testing::Test {
 protected:
  Manager manager_;
  Cache<Owner> cache_ =
      manager_.open<Owner>("owners", {.indexes = {index("by_name", &Owner::name)}}).value();
};

TEST_F(SparedLoad, OfAnExceptedKeyIsStored) {
  const auto loaded = cache_.get_or_set("mine", [&] {
    EXPECT_EQ(cache_.erase_by_index("by_name", "ann", {"mine"}).value(), 0U);
    return Owner{"ann"};
  });
  EXPECT_TRUE(loaded);
  EXPECT_TRUE(cache_.contains("mine").value());
  EXPECT_EQ(cache_.stats().loads_fenced, 0U);
}

TEST_F(SparedLoad, OfAnotherKeyIsFenced) {
  const auto loaded = cache_.get_or_set("theirs", [&] {
    EXPECT_EQ(cache_.erase_by_index("by_name", "ann", {"mine"}).value(), 0U);
    return Owner{"ann"};
  });
  EXPECT_TRUE(loaded);
  EXPECT_FALSE(cache_.contains("theirs").value());
  EXPECT_EQ(cache_.stats().loads_fenced, 1U);
}

}  // namespace
}  // namespace larder
