// The making of tokens.
#include "service/token.h"

#include <algorithm>
#include <array>
#include <cstdint>

#include <sys/random.h>

namespace larder::service {
namespace {

constexpr std::string_view kAlphabet =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

}  // namespace

Result<std::string> make_token() {
  std::array<char, kTokenBytes> bytes{};
  // Requests of up to 256 bytes are answered whole, or not at all.
  if (getrandom(bytes.data(), bytes.size(), 0) != static_cast<ssize_t>(bytes.size())) {
    return Error(Errc::unavailable, "the system gave no random bytes");
  }
  return base64url({bytes.data(), bytes.size()});
}

bool is_token(std::string_view text) noexcept {
  return text.size() == kTokenLength && std::ranges::all_of(text, [](char c) {
           return kAlphabet.find(c) != std::string_view::npos;
         });
}

std::string token_id(std::string_view token) {
  constexpr std::uint64_t kOffset = 0xCBF29CE484222325U;  // FNV-1a
  constexpr std::uint64_t kPrime = 0x100000001B3U;
  std::uint64_t hash = kOffset;
  for (const char c : token) hash = (hash ^ static_cast<unsigned char>(c)) * kPrime;
  std::string digits(16, '0');
  for (std::size_t i = digits.size(); i-- > 0; hash >>= 4) {
    digits[i] = "0123456789abcdef"[hash & 15];
  }
  return digits;
}

std::string base64url(std::string_view bytes) {
  std::string text;
  std::uint32_t bits = 0;
  int held = 0;  // of `bits`, those not written
  for (const char byte : bytes) {
    bits = bits << 8 | static_cast<unsigned char>(byte);
    for (held += 8; held >= 6;) {
      held -= 6;
      text.push_back(kAlphabet[bits >> held & 63]);
    }
  }
  if (held > 0) text.push_back(kAlphabet[bits << (6 - held) & 63]);
  return text;
}

}  // namespace larder::service
