// All formats: what goes in comes out, what is malformed or another type is an error.
#include "codec/format.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "codec/test_types.h"

namespace larder::codec {
namespace {

using testing::Everything;
using testing::make_everything;

template <class T>
std::string encoded(Format format, const T& value) {
  std::string bytes;
  const Result<void> result = encode(format, kValueOps<T>, &value, bytes);
  EXPECT_TRUE(result.ok()) << result.error().message();
  return bytes;
}

template <class T>
Result<T> decoded(Format format, std::string_view bytes) {
  union Room {
    Room() {}
    ~Room() {}
    T value;
  } room;
  const Result<void> result = decode(format, kValueOps<T>, bytes, &room.value);
  if (!result.ok()) return result.error();
  Result<T> value(std::move(room.value));
  std::destroy_at(&room.value);
  return value;
}

TEST(FormatTest, Everything) {
  auto s = encoded(Format::json, make_everything());
  auto b = decoded<Everything>(Format::json, s);
  ASSERT_TRUE(b.ok()) << b.error().message();
  EXPECT_EQ(*b, make_everything());
}

}  // namespace
}  // namespace larder::codec
