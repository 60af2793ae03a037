// A value of any shape: what a format can hold, without a type to hold it. Used by the fuzz
// targets.
//
// Thread safety: a value.
#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "larder/codec.h"

namespace larder::codec::testing {

struct Any {
  FieldReader::Kind kind = FieldReader::Kind::null;
  bool boolean = false;
  bool negative = false;
  std::uint64_t bits = 0;  // of an integer
  double number = 0;
  std::string text;               // or bytes
  std::vector<Any> list;          // or the values of a map
  std::vector<std::string> keys;  // of a map, as many

  bool operator==(const Any& other) const {
    const bool same_number =
        number == other.number || (std::isnan(number) && std::isnan(other.number));
    return kind == other.kind && boolean == other.boolean && negative == other.negative &&
           bits == other.bits && same_number && text == other.text && list == other.list &&
           keys == other.keys;
  }
};

}  // namespace larder::codec::testing

template <>
struct larder::Codec<larder::codec::testing::Any> {
  using Any = larder::codec::testing::Any;
  using Kind = FieldReader::Kind;

  static constexpr std::string_view name() { return "any"; }
  static constexpr std::uint32_t schema_version() { return 1; }

  static void write(const Any& value, FieldWriter& to) {
    switch (value.kind) {
      case Kind::boolean:
        return to.boolean(value.boolean);
      case Kind::integer:
        return value.negative ? to.integer(static_cast<std::int64_t>(value.bits))
                              : to.natural(value.bits);
      case Kind::number:
        return to.number(value.number);
      case Kind::text:
        return to.text(value.text);
      case Kind::bytes:
        return to.bytes(std::as_bytes(std::span(value.text)));
      case Kind::list:
        if (!to.begin_list(value.list.size())) return;
        for (const Any& element : value.list) write(element, to);
        return to.end_list();
      case Kind::map:
        if (!to.begin_map(value.keys.size())) return;
        for (std::size_t i = 0; i < value.keys.size(); ++i) {
          to.key(value.keys[i]);
          write(value.list[i], to);
        }
        return to.end_map();
      case Kind::record:
      case Kind::null:
      case Kind::nothing:
        return to.null();
    }
  }

  static bool read(Any& value, FieldReader& from) {
    value.kind = from.kind();
    std::string_view text;
    std::span<const std::byte> bytes;
    switch (value.kind) {
      case Kind::null:
        return from.null();
      case Kind::boolean:
        return from.boolean(value.boolean);
      case Kind::integer:
        return read_integer(value, from);
      case Kind::number:
        return from.number(value.number);
      case Kind::text:
        if (!from.text(text)) return false;
        value.text = text;
        return true;
      case Kind::bytes:
        if (!from.bytes(bytes)) return false;
        value.text.assign(reinterpret_cast<const char*>(bytes.data()), bytes.size());
        return true;
      case Kind::list:
        return read_list(value, from);
      case Kind::map:
        return read_map(value, from);
      case Kind::record:  // without the names of its fields it can only be passed over
        value.kind = Kind::null;
        return from.begin_record() && !from.next_field({}) && from.ok();
      case Kind::nothing:
        return from.skip();
    }
    return false;
  }

 private:
  // Naturals beyond the range of signed integers are left to other tests.
  static bool read_integer(Any& value, FieldReader& from) {
    std::int64_t integer = 0;
    if (!from.integer(integer)) return false;
    value.bits = static_cast<std::uint64_t>(integer);
    value.negative = integer < 0;
    return true;
  }
  static bool read_list(Any& value, FieldReader& from) {
    std::size_t size = 0;
    if (!from.begin_list(size)) return false;
    while (from.next_element()) {
      if (!read(value.list.emplace_back(), from)) return false;
    }
    return from.ok() && value.list.size() == size;
  }
  static bool read_map(Any& value, FieldReader& from) {
    std::size_t size = 0;
    if (!from.begin_map(size)) return false;
    for (std::string_view key; from.next_key(key);) {
      value.keys.emplace_back(key);
      if (!read(value.list.emplace_back(), from)) return false;
    }
    return from.ok() && value.keys.size() == size;
  }
};
