// Integers in little-endian bytes, whatever the machine.
//
// Thread safety: pure functions.
#pragma once

#include <concepts>
#include <cstddef>
#include <string_view>

#include "codec/sink.h"

namespace larder::codec {

template <std::unsigned_integral N>
void append_little(Sink& to, N value) {
  char* bytes = to.extend(sizeof(N));
  for (std::size_t i = 0; i < sizeof(N); ++i) {
    bytes[i] = static_cast<char>(static_cast<unsigned char>(value >> (8 * i)));
  }
}

// From the first bytes of `bytes`, which has as many.
template <std::unsigned_integral N>
[[nodiscard]] N read_little(std::string_view bytes) noexcept {
  N value = 0;
  for (std::size_t i = 0; i < sizeof(N); ++i) {
    value =
        static_cast<N>(value | static_cast<N>(N{static_cast<unsigned char>(bytes[i])} << (8 * i)));
  }
  return value;
}

}  // namespace larder::codec
