// Tests of the search in maps and in lists that stand for one.
//
// Thread safety: a test program.
#include "resp/value.h"

#include <string_view>
#include <vector>

#include <gtest/gtest.h>

namespace larder::resp {
namespace {

Value text(std::string_view bytes) { return {.type = Type::text, .text = bytes}; }
Value integer(std::int64_t number) { return {.type = Type::integer, .integer = number}; }

TEST(Value, IsNullByDefault) {
  EXPECT_TRUE(Value{}.is_null());
  EXPECT_FALSE(text("").is_null());
}

TEST(Value, FindsInMapsAndFlatLists) {
  const std::vector<Value> items = {text("server"),
                                    text("redis"),
                                    integer(1),
                                    integer(2),
                                    Value{.type = Type::status, .text = "proto"},
                                    integer(3),
                                    text("server"),
                                    text("again")};
  for (const Type type : {Type::map, Type::list}) {
    const Value value{.type = type, .items = items};
    ASSERT_NE(value.find("server"), nullptr);
    EXPECT_EQ(value.find("server")->text, "redis");  // the first of two
    ASSERT_NE(value.find("proto"), nullptr);
    EXPECT_EQ(value.find("proto")->integer, 3);
    EXPECT_EQ(value.find("redis"), nullptr);  // a value, no key
    EXPECT_EQ(value.find("serve"), nullptr);
    EXPECT_EQ(value.find(""), nullptr);  // a number is no empty key
  }
}

TEST(Value, FindsNothingWhereNoPairsAre) {
  const std::vector<Value> items = {text("a"), text("b"), text("odd")};
  EXPECT_EQ((Value{.type = Type::list, .items = items}.find("odd")), nullptr);
  EXPECT_EQ((Value{.type = Type::set, .items = items}.find("a")), nullptr);
  EXPECT_EQ((Value{.type = Type::push, .items = items}.find("a")), nullptr);
  EXPECT_EQ((Value{.type = Type::map}.find("a")), nullptr);
  EXPECT_EQ(text("a").find("a"), nullptr);
  EXPECT_EQ(Value{}.find("a"), nullptr);
}

}  // namespace
}  // namespace larder::resp
