// Values in one exact line of text, so that tests and fuzz targets compare them as wholes.
//
// Thread safety: pure functions.
#pragma once

#include <bit>
#include <cstdint>
#include <string>
#include <string_view>

#include "resp/value.h"

namespace larder::resp {

inline std::string_view type_name(Type type) {
  constexpr std::string_view kNames[] = {"null",    "status", "error",      "integer",
                                         "boolean", "number", "big_number", "text",
                                         "list",    "map",    "set",        "push"};
  return kNames[static_cast<std::size_t>(type)];
}

// type(everything else that is not empty): 'text' verbatim, numbers in decimal, doubles by their
// bits, items in square brackets.
inline std::string show(const Value& value) {
  std::string result(type_name(value.type));
  if (value.integer != 0) result += " " + std::to_string(value.integer);
  if (const auto bits = std::bit_cast<std::uint64_t>(value.number); bits != 0) {
    result += " bits " + std::to_string(bits);
  }
  if (!value.text.empty()) result += " '" + std::string(value.text) + "'";
  if (value.items.empty()) return result;
  result += " [";
  for (const Value& item : value.items) result += show(item) + ";";
  return result + "]";
}

}  // namespace larder::resp
