// What a server answered, as a tree of views: made by Parser, read by redis/; Reply (reply.h) keeps
// one beyond the life of its bytes.
//
// Thread safety: plain data; views are valid as long as their owner says.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

namespace larder::resp {

// The kinds of value, RESP2's and RESP3's alike.
enum class Type : std::uint8_t {
  null,        // also RESP2's null bulk string and null list
  status,      // `text`: a simple string, as "OK"
  error,       // `text`: a simple or bulk error, its code first ("WRONGTYPE Operation against...")
  integer,     // `integer`
  boolean,     // `integer`: 0 or 1
  number,      // `number`, and as sent in `text`
  big_number,  // `text`: an optional sign and digits
  text,        // `text`: a bulk string, or a verbatim string without the four bytes of its format
  list,        // `items`
  map,         // `items`: key, value, key, value, ...
  set,         // `items`
  push,        // `items`: nobody's reply; the first item tells what it is
};

// One value. Fields that do not belong to its type are empty or zero.
struct Value {
  Type type = Type::null;
  std::int64_t integer = 0;
  double number = 0;
  std::string_view text{};
  std::span<const Value> items{};

  bool is_null() const noexcept { return type == Type::null; }

  // The value that follows the key in a map, or in the flat list that RESP2 sends instead; the
  // first one if there are several. Null where there is none, or this is neither. Linear.
  const Value* find(std::string_view key) const noexcept;
};

}  // namespace larder::resp
