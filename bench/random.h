// A small generator of random words for building streams of requests. Used by the streams and by
// tests; the same seed gives the same stream on every machine.
//
// Thread safety: none; one thread.
#pragma once

#include <cstdint>

namespace larder::bench {

// The finalizer of a 64-bit hash: a bijection that spreads every bit.
constexpr std::uint64_t mix64(std::uint64_t x) noexcept {
  x ^= x >> 30;
  x *= 0xbf58476d1ce4e5b9U;
  x ^= x >> 27;
  x *= 0x94d049bb133111ebU;
  return x ^ (x >> 31);
}

// The same for 32 bits.
constexpr std::uint32_t mix32(std::uint32_t x) noexcept {
  x ^= x >> 16;
  x *= 0x7feb352dU;
  x ^= x >> 15;
  x *= 0x846ca68bU;
  return x ^ (x >> 16);
}

class Random {
 public:
  explicit Random(std::uint64_t seed) noexcept : state_(seed) {}

  std::uint64_t word() noexcept { return mix64(state_ += 0x9e3779b97f4a7c15U); }
  // In [0, 1), with 53 bits.
  double unit() noexcept { return static_cast<double>(word() >> 11) * 0x1.0p-53; }
  // In [0, bound), by a multiplication; its bias is below bound / 2^32.
  std::uint32_t below(std::uint32_t bound) noexcept {
    return static_cast<std::uint32_t>(((word() >> 32) * bound) >> 32);
  }

 private:
  std::uint64_t state_;
};

}  // namespace larder::bench
