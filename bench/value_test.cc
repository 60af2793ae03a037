// Values know their key.
#include "bench/value.h"

#include <gtest/gtest.h>

namespace larder::bench {
namespace {

template <class T>
void check_values(std::size_t bytes) {
  const Values<T> values(bytes);
  T value = values.make(77);
  EXPECT_EQ(value.size(), bytes);
  EXPECT_TRUE(values.matches(value, 77));
  EXPECT_FALSE(values.matches(value, 78));
  EXPECT_EQ(values.updates(value), 0U);
  values.count(value);
  values.count(value);
  EXPECT_EQ(values.updates(value), 2U);
  EXPECT_TRUE(values.matches(value, 77));
  if (bytes >= 16) {
    T torn = values.make(78);
    std::copy(value.begin(), value.begin() + 8, torn.begin());
    EXPECT_FALSE(values.matches(torn, 77)) << "head of one value, tail of another";
    EXPECT_FALSE(values.matches(torn, 78));
  }
}

TEST(Value, CarriesItsIdAtBothEndsAndACount) {
  check_values<Bytes<8>>(8);
  check_values<Bytes<64>>(64);
  check_values<Bytes<256>>(256);
  check_values<Bytes<1024>>(1024);
  check_values<std::string>(8);
  check_values<std::string>(64);
}

TEST(Value, StringOfAnotherLengthDoesNotMatch) {
  const Values<std::string> values(64);
  EXPECT_FALSE(values.matches(Values<std::string>(32).make(5), 5));
  EXPECT_FALSE(values.matches({}, 5));
}

}  // namespace
}  // namespace larder::bench
