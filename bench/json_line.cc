// Writing JSON by hand: flat objects of strings, numbers and lists of numbers.
//
// Thread safety: see json_line.h.
#include "bench/json_line.h"

#include <cmath>
#include <cstdio>

namespace larder::bench {
namespace {

std::string number(double value) {
  if (!std::isfinite(value)) return "null";
  char text[32];
  std::snprintf(text, sizeof(text), "%.9g", value);
  return text;
}

std::string quoted(std::string_view value) {
  std::string text = "\"";
  for (const char c : value) {
    if (c == '"' || c == '\\') {
      text += '\\';
      text += c;
    } else if (static_cast<unsigned char>(c) < 0x20) {
      char escape[8];
      std::snprintf(escape, sizeof(escape), "\\u%04x", static_cast<unsigned>(c));
      text += escape;
    } else {
      text += c;
    }
  }
  return text + "\"";
}

}  // namespace

JsonLine& JsonLine::add(std::string_view name, std::string_view value) {
  return add_raw(name, quoted(value));
}

JsonLine& JsonLine::add(std::string_view name, bool value) {
  return add_raw(name, value ? "true" : "false");
}

JsonLine& JsonLine::add(std::string_view name, double value) {
  return add_raw(name, number(value));
}

JsonLine& JsonLine::add(std::string_view name, std::span<const double> values) {
  std::string list = "[";
  for (const double value : values) list += (list.size() > 1 ? "," : "") + number(value);
  return add_raw(name, list + "]");
}

JsonLine& JsonLine::add_raw(std::string_view name, std::string_view value) {
  if (text_.size() > 1) text_ += ',';
  text_ += quoted(name);
  text_ += ':';
  text_ += value;
  return *this;
}

void JsonLine::print() const {
  std::printf("%s\n", text().c_str());
  std::fflush(stdout);
}

}  // namespace larder::bench
