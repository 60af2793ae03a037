// JSON, value by value.
//
// Thread safety: as in the header.
#include "codec/json_writer.h"

#include <array>
#include <charconv>
#include <cmath>

#include "base/check.h"
#include "codec/base64.h"
#include "codec/utf8.h"

namespace larder::codec {
namespace {

constexpr std::string_view kHexDigits = "0123456789abcdef";
constexpr std::size_t kMaxDigits = 32;  // of any integer and any shortest double

template <class N>
void append_number(N value, Sink& sink) {
  std::array<char, kMaxDigits> digits;
  const auto [end, fault] = std::to_chars(digits.data(), digits.data() + digits.size(), value);
  CHECK(fault == std::errc());
  sink.append(std::string_view(digits.data(), end));
}

bool is_plain(char c) noexcept {
  const auto byte = static_cast<unsigned char>(c);
  return byte >= 0x20 && byte < 0x80 && c != '"' && c != '\\';
}

void append_escape(unsigned code, Sink& sink) {
  const std::array<char, 6> escape = {'\\',
                                      'u',
                                      kHexDigits[code >> 12 & 15U],
                                      kHexDigits[code >> 8 & 15U],
                                      kHexDigits[code >> 4 & 15U],
                                      kHexDigits[code & 15U]};
  sink.append(std::string_view(escape.data(), escape.size()));
}

}  // namespace

bool JsonWriter::before_value() {
  if (!count_value()) return false;
  if (depth() == 0 || level().kind == Container::map) return true;
  if (level().written > 1) sink_.append(',');
  if (level().kind == Container::record) {
    quote(level().names[level().written - 1].text);
    sink_.append(':');
  }
  return true;
}

void JsonWriter::null() {
  if (before_value()) sink_.append("null");
}

void JsonWriter::boolean(bool value) {
  if (before_value()) sink_.append(value ? "true" : "false");
}

void JsonWriter::integer(std::int64_t value) {
  if (before_value()) append_number(value, sink_);
}

void JsonWriter::natural(std::uint64_t value) {
  if (before_value()) append_number(value, sink_);
}

void JsonWriter::number(double value) {
  if (!before_value()) return;
  if (std::isnan(value)) {
    sink_.append(R"("NaN")");
  } else if (std::isinf(value)) {
    sink_.append(value > 0 ? R"("Infinity")" : R"("-Infinity")");
  } else {
    const std::size_t before = sink_.size();
    append_number(value, sink_);
    // What looks like an integer would be read as one, and -0 as 0.
    if (sink_.since(before).find_first_of(".e") == std::string_view::npos) sink_.append(".0");
  }
}

void JsonWriter::text(std::string_view value) {
  if (before_value()) quote(value);
}

void JsonWriter::bytes(std::span<const std::byte> value) {
  if (!before_value()) return;
  sink_.append('"');
  to_base64({reinterpret_cast<const char*>(value.data()), value.size()}, sink_);
  sink_.append('"');
}

bool JsonWriter::begin(char bracket, Container kind, std::size_t size, const FieldName* names) {
  if (!before_value() || !open(kind, size, names)) return false;
  sink_.append(bracket);
  return true;
}

bool JsonWriter::begin_list(std::size_t size) { return begin('[', Container::list, size); }
void JsonWriter::end_list() {
  if (close(Container::list)) sink_.append(']');
}

bool JsonWriter::begin_map(std::size_t size) { return begin('{', Container::map, size); }
void JsonWriter::end_map() {
  if (close(Container::map)) sink_.append('}');
}

void JsonWriter::key(std::string_view key) {
  if (!count_key()) return;
  if (level().written > 1) sink_.append(',');
  quote(key);
  sink_.append(':');
}

bool JsonWriter::begin_record(std::span<const FieldName> names) {
  return begin('{', Container::record, names.size(), names.data());
}
void JsonWriter::end_record() {
  if (close(Container::record)) sink_.append('}');
}

void JsonWriter::quote(std::string_view value) {
  sink_.append('"');
  while (!value.empty()) {
    std::size_t plain = 0;
    while (plain < value.size() && is_plain(value[plain])) ++plain;
    sink_.append(value.substr(0, plain));
    value.remove_prefix(plain);
    if (!value.empty()) quote_special(value);
  }
  sink_.append('"');
}

// Writes the first character of `rest`, which is not plain, and takes it off.
void JsonWriter::quote_special(std::string_view& rest) {
  const auto byte = static_cast<unsigned char>(rest.front());
  if (byte < 0x80) {
    constexpr std::string_view kNamed = "\"\\\b\f\n\r\t";
    constexpr std::string_view kNames = "\"\\bfnrt";
    const std::size_t named = kNamed.find(rest.front());
    if (named != std::string_view::npos) {
      sink_.append('\\');
      sink_.append(kNames[named]);
    } else {
      append_escape(byte, sink_);
    }
    rest.remove_prefix(1);
    return;
  }
  const std::size_t length = utf8_length(rest);
  if (length != 0 && raw_byte(rest) < 0) {
    sink_.append(rest.substr(0, length));
    rest.remove_prefix(length);
    return;
  }
  const std::size_t raw = length == 0 ? 1 : length;
  for (const char c : rest.substr(0, raw)) {
    append_escape(kRawBytes | static_cast<unsigned char>(c), sink_);
  }
  rest.remove_prefix(raw);
}

}  // namespace larder::codec
