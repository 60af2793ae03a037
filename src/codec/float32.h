// Numbers that lose nothing as 32-bit floating point: formats then spend half of the bytes.
//
// Thread safety: pure.
#pragma once

#include <cmath>
#include <limits>

namespace larder::codec {

// Not NaN, whose bits a conversion may change.
[[nodiscard]] inline bool fits_float32(double value) noexcept {
  if (std::isinf(value)) return true;
  if (std::abs(value) > std::numeric_limits<float>::max()) return false;
  return static_cast<double>(static_cast<float>(value)) == value;
}

}  // namespace larder::codec
