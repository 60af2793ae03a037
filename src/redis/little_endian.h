// Numbers in the bytes of stored values: little-endian, whatever the machine.
//
// Thread safety: pure functions.
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace larder::redis {

template <std::unsigned_integral N>
void append_little(std::string& to, N number) {
  for (std::size_t i = 0; i < sizeof(N); ++i) {
    to += static_cast<char>(static_cast<std::uint64_t>(number) >> (8 * i) & 0xff);
  }
}

// The number at the front of at least sizeof(N) bytes.
template <std::unsigned_integral N>
N read_little(std::string_view bytes) noexcept {
  std::uint64_t number = 0;
  for (std::size_t i = 0; i < sizeof(N); ++i) {
    number |= static_cast<std::uint64_t>(static_cast<unsigned char>(bytes[i])) << (8 * i);
  }
  return static_cast<N>(number);
}

}  // namespace larder::redis
