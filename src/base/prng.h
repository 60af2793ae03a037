// A small, fast pseudo-random generator with an explicit seed. Used for sampling and tie-breaking;
// never for secrets.
//
// Thread safety: an object belongs to one thread at a time.
#pragma once

#include <cstdint>
#include <limits>

#include "base/hash.h"

namespace larder::base {

// A counter with an odd step, mixed: 8 bytes of state, any seed is good, period 2^64. A uniform
// random bit generator in the sense of <random>.
class Prng {
 public:
  using result_type = std::uint64_t;

  constexpr explicit Prng(std::uint64_t seed) noexcept : state_(mix64(seed)) {}

  static constexpr result_type min() noexcept { return 0; }
  static constexpr result_type max() noexcept { return std::numeric_limits<result_type>::max(); }

  constexpr result_type operator()() noexcept {
    state_ += 0x9e3779b97f4a7c15U;  // 2^64 divided by the golden ratio: odd, without pattern
    return mix64(state_);
  }

  // A number below `bound`, which is at least 1. Biased by less than bound / 2^64.
  constexpr std::uint64_t below(std::uint64_t bound) noexcept {
    return static_cast<std::uint64_t>((static_cast<Wide>((*this)()) * bound) >> 64);
  }

 private:
  __extension__ using Wide = unsigned __int128;

  std::uint64_t state_;
};

}  // namespace larder::base
