// Picks one event in N, evenly, for the price of an addition. Used to time few of many operations.
//
// Thread safety: a Sampler is constant; each thread has its own position in the sequence.
#pragma once

#include <cstdint>
#include <limits>

#include "base/check.h"

namespace larder::observe {

// Each thread walks the multiples of the golden ratio modulo 2^64; an event is picked when the
// walk is below 2^64 / N. The walk is evenly spread in every regular subsequence as well, so that
// a thread that takes turns between two caches samples both, which a countdown would not.
class Sampler {
 public:
  // One in `every`, which is at least 1.
  explicit Sampler(std::uint32_t every) noexcept : every_(every) {
    CHECK_GE(every, 1U);
    below_ = std::numeric_limits<std::uint64_t>::max() / every;
  }

  bool picks() const noexcept {
    t_walk += kGoldenRatio;
    return t_walk <= below_;
  }

  std::uint32_t every() const noexcept { return every_; }

 private:
  static constexpr std::uint64_t kGoldenRatio = 0x9e3779b97f4a7c15U;

#if defined(__GNUC__)
  [[gnu::tls_model("initial-exec")]]
#endif
  static inline constinit thread_local std::uint64_t t_walk = 0;

  // constant after construction
  std::uint32_t every_;
  std::uint64_t below_ = 0;
};

}  // namespace larder::observe
