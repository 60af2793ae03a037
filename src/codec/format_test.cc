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

class FormatTest : public ::testing::TestWithParam<Format> {};

TEST_P(FormatTest, EverythingComesBack) {
  const std::string bytes = encoded(GetParam(), make_everything());
  auto value = decoded<Everything>(GetParam(), bytes);
  ASSERT_TRUE(value.ok()) << value.error().message();
  EXPECT_EQ(*value, make_everything());
  RecordProperty("bytes", static_cast<int>(bytes.size()));
}

INSTANTIATE_TEST_SUITE_P(All, FormatTest,
                         ::testing::Values(Format::json, Format::message_pack, Format::binary),
                         [](const auto& info) { return std::string(to_string(info.param)); });

}  // namespace
}  // namespace larder::codec
