// Base64, three bytes against four characters.
//
// Thread safety: as in the header.
#include "codec/base64.h"

#include <array>
#include <cstddef>
#include <cstdint>

namespace larder::codec {
namespace {

constexpr std::string_view kAlphabet =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr std::uint32_t kNone = 64;

constexpr std::array<std::uint8_t, 256> kDigits = [] {
  std::array<std::uint8_t, 256> digits{};
  digits.fill(kNone);
  for (std::size_t i = 0; i < kAlphabet.size(); ++i) {
    digits[static_cast<unsigned char>(kAlphabet[i])] = static_cast<std::uint8_t>(i);
  }
  return digits;
}();

std::uint32_t digit(char c) noexcept { return kDigits[static_cast<unsigned char>(c)]; }

}  // namespace

void to_base64(std::string_view bytes, Sink& to) {
  char* out = to.extend((bytes.size() + 2) / 3 * 4);
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    const std::size_t count = bytes.size() - i < 3 ? bytes.size() - i : 3;
    std::uint32_t group = 0;
    for (std::size_t j = 0; j < 3; ++j) {
      group = group << 8 | (j < count ? static_cast<unsigned char>(bytes[i + j]) : 0U);
    }
    for (std::size_t j = 0; j < 4; ++j) {
      *out++ = j <= count ? kAlphabet[group >> (18 - 6 * j) & 63U] : '=';
    }
  }
}

bool from_base64(std::string_view text, std::string& bytes) {
  bytes.clear();
  if (text.size() % 4 != 0) return false;
  bytes.reserve(text.size() / 4 * 3);  // once: nothing is left behind by growing
  for (std::size_t i = 0; i < text.size(); i += 4) {
    const bool last = i + 4 == text.size();
    std::size_t count = 3;
    if (last && text[i + 3] == '=') count = text[i + 2] == '=' ? 1 : 2;
    std::uint32_t group = 0;
    for (std::size_t j = 0; j < 4; ++j) {
      const std::uint32_t value = j <= count ? digit(text[i + j]) : 0;
      if (value == kNone) return false;
      group = group << 6 | value;
    }
    // What the padding cuts off is zero, so that each value has one text.
    if (count < 3 && (group & ((1U << (8 * (3 - count))) - 1)) != 0) return false;
    for (std::size_t j = 0; j < count; ++j) {
      bytes.push_back(static_cast<char>(group >> (16 - 8 * j) & 255U));
    }
  }
  return true;
}

}  // namespace larder::codec
