// What the tests of codec/ share: encoding and decoding in one line.
//
// Thread safety: functions of what they are handed.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include <gtest/gtest.h>

#include "codec/format.h"

namespace larder::codec::testing {

inline constexpr Format kFormats[] = {Format::json, Format::message_pack, Format::binary};

template <class T>
std::string encoded(Format format, const T& value) {
  std::string bytes;
  const Result<void> result = encode(format, kValueOps<T>, &value, bytes);
  EXPECT_TRUE(result.ok()) << result.error().message();
  return bytes;
}

template <class T>
Result<T> decoded(Format format, std::string_view bytes) {
  std::allocator<T> allocator;
  T* room = allocator.allocate(1);
  const Result<void> result = decode(format, kValueOps<T>, bytes, room);
  Result<T> answer = Error(Errc::serialization);
  if (result.ok()) {
    answer = std::move(*room);
    std::destroy_at(room);
  } else {
    answer = result.error();
  }
  allocator.deallocate(room, 1);
  return answer;
}

// What was refused; empty where it was not.
template <class T>
std::string fault_of(Format format, std::string_view bytes) {
  const auto value = decoded<T>(format, bytes);
  return value.ok() ? std::string() : std::string(value.error().message());
}

// The value after a journey through the bytes of each format.
template <class T>
void expect_round_trip(const T& value) {
  for (const Format format : kFormats) {
    const std::string bytes = encoded(format, value);
    const auto back = decoded<T>(format, bytes);
    ASSERT_TRUE(back.ok()) << to_string(format) << ": " << back.error().message();
    EXPECT_TRUE(*back == value) << to_string(format) << ": " << ::testing::PrintToString(bytes);
  }
}

}  // namespace larder::codec::testing
