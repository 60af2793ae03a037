// Wiping and comparing of secret bytes.
//
// Thread safety: as in the header.
#include "base/secure.h"

#include <cstring>

namespace larder::base {

void secure_zero(void* data, std::size_t size) noexcept {
  if (size == 0) return;
  std::memset(data, 0, size);
  // Claims to read the memory through the pointer, so that the zeros must be there.
  asm volatile("" : : "r"(data) : "memory");
}

bool constant_time_equal(std::string_view left, std::string_view right) noexcept {
  if (left.size() != right.size()) return false;
  unsigned char difference = 0;
  for (std::size_t i = 0; i < left.size(); ++i) {
    difference |= static_cast<unsigned char>(left[i] ^ right[i]);
    asm volatile("" : "+r"(difference));  // no early end once bits are set
  }
  return difference == 0;
}

}  // namespace larder::base
