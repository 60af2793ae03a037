// Validity of UTF-8 by the table of the Unicode standard (well-formed byte sequences).
//
// Thread safety: as in the header.
#include "codec/utf8.h"

namespace larder::codec {
namespace {

unsigned byte_at(std::string_view text, std::size_t i) noexcept {
  return i < text.size() ? static_cast<unsigned char>(text[i]) : 0;
}

bool is_between(unsigned byte, unsigned low, unsigned high) noexcept {
  return byte >= low && byte <= high;
}

}  // namespace

std::size_t utf8_length(std::string_view text) noexcept {
  const unsigned first = byte_at(text, 0);
  const auto is_tail = [&](std::size_t i) { return is_between(byte_at(text, i), 0x80, 0xBF); };
  if (first < 0x80) return text.empty() ? 0 : 1;
  if (is_between(first, 0xC2, 0xDF)) return is_tail(1) ? 2 : 0;
  if (is_between(first, 0xE0, 0xEF)) {
    const unsigned low = first == 0xE0 ? 0xA0 : 0x80;   // else it would fit into two bytes
    const unsigned high = first == 0xED ? 0x9F : 0xBF;  // else it would be a surrogate
    return is_between(byte_at(text, 1), low, high) && is_tail(2) ? 3 : 0;
  }
  if (is_between(first, 0xF0, 0xF4)) {
    const unsigned low = first == 0xF0 ? 0x90 : 0x80;   // else it would fit into three bytes
    const unsigned high = first == 0xF4 ? 0x8F : 0xBF;  // else it would be above U+10FFFF
    return is_between(byte_at(text, 1), low, high) && is_tail(2) && is_tail(3) ? 4 : 0;
  }
  return 0;
}

std::size_t restore_raw_bytes(std::string_view text, char* to) noexcept {
  std::size_t written = 0;
  for (std::size_t i = 0; i < text.size();) {
    const int raw = raw_byte(text.substr(i));
    to[written++] = raw < 0 ? text[i] : static_cast<char>(raw);
    i += raw < 0 ? 1 : kRawBytesLength;
  }
  return written;
}

}  // namespace larder::codec
