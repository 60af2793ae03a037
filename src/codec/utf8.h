// UTF-8 as JSON needs it: telling what is valid, and a reversible spelling of what is not.
//
// Thread safety: pure functions.
#pragma once

#include <cstddef>
#include <string_view>

namespace larder::codec {

// A byte that is no part of valid UTF-8 is spelled as the character kRawBytes + byte, of a private
// use area; so are the three bytes of such a character that was in the text itself.
inline constexpr unsigned kRawBytes = 0xEF00;
inline constexpr std::size_t kRawBytesLength = 3;  // of such a character in UTF-8

// The length of the valid UTF-8 character that `text` begins with (1 to 4); 0 if it is not valid.
[[nodiscard]] std::size_t utf8_length(std::string_view text) noexcept;

// The byte that `text` begins with the spelling of; nothing: -1.
[[nodiscard]] inline int raw_byte(std::string_view text) noexcept {
  // U+EF80 to U+EFFF are EE BE 80 to EE BF BF.
  if (text.size() < kRawBytesLength || text[0] != '\xEE') return -1;
  if (text[1] != '\xBE' && text[1] != '\xBF') return -1;
  const int low = static_cast<unsigned char>(text[2]) & 0x3F;
  return 0x80 | (text[1] == '\xBF' ? 0x40 : 0) | low;
}

// Replaces the spellings of raw bytes in the valid UTF-8 `text` by the bytes; `to` has room for as
// many bytes as `text`. Returns how many were written.
std::size_t restore_raw_bytes(std::string_view text, char* to) noexcept;

}  // namespace larder::codec
