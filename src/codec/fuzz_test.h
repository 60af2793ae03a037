// What the fuzz targets of all formats do with their bytes.
//
// Thread safety: functions of what they are handed.
#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "base/check.h"
#include "codec/any_test.h"
#include "codec/format.h"
#include "codec/types_test.h"

namespace larder::codec::testing {

// The value in `bytes`; nothing where they were refused, with a reason.
template <class T>
std::optional<T> try_decode(Format format, std::string_view bytes, Wiping wiping) {
  alignas(T) std::byte room[sizeof(T)];
  const auto result = decode(format, kValueOps<T>, bytes, room, wiping);
  if (!result.ok()) {
    CHECK(result.error() == Errc::serialization);
    CHECK(!result.error().message().empty());
    return std::nullopt;
  }
  T* value = reinterpret_cast<T*>(room);
  std::optional<T> answer(std::move(*value));
  std::destroy_at(value);
  return answer;
}

// What was read can be written in every format, and read again as the same.
template <class T>
void check_journey(Format format, std::string_view bytes) {
  const auto value = try_decode<T>(format, bytes, Wiping::off);
  CHECK_EQ(try_decode<T>(format, bytes, Wiping::on).has_value(), value.has_value());
  if (!value) return;
  for (const Format next : {Format::json, Format::message_pack, Format::binary}) {
    std::string out;
    CHECK(encode(next, kValueOps<T>, &*value, out).ok());
    const auto back = try_decode<T>(next, out, Wiping::off);
    CHECK(back.has_value());
    if constexpr (requires { value->single; }) {
      if (std::isnan(value->single) || std::isnan(value->number)) continue;
    }
    if (next == format) CHECK(*back == *value);
  }
}

inline int fuzz_format(Format format, const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  check_journey<Any>(format, bytes);
  check_journey<Everything>(format, bytes);
  check_journey<Tree>(format, bytes);
  return 0;
}

}  // namespace larder::codec::testing
