// A histogram with fixed buckets: 16 of equal width per power of two, so that any value is known
// within 1/32 of itself. Used for latencies in nanoseconds and for sizes of batches.
//
// Thread safety: record() and snapshot() may be called from any thread at any time.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>

#include "base/atomic.h"
#include "larder/metrics.h"

namespace larder::observe {

// Buckets 0 to 31 hold one value each; from there on bucket i covers 2^(i / 16 - 1) values.
// A snapshot taken while others record is a moment between: its count is the sum of its buckets.
class Histogram {
 public:
  static constexpr unsigned kSubBits = 4;
  static constexpr std::size_t kSubBuckets = std::size_t{1} << kSubBits;
  // Larger values count as this one: 39 hours in nanoseconds.
  static constexpr std::uint64_t kMostValue = (std::uint64_t{1} << 47) - 1;

  static constexpr std::size_t bucket_of(std::uint64_t value) noexcept {
    value = std::min(value, kMostValue);
    if (value < kSubBuckets) return value;
    const unsigned shift = static_cast<unsigned>(std::bit_width(value)) - kSubBits - 1;
    return (std::size_t{shift} << kSubBits) + (value >> shift);
  }
  static constexpr std::uint64_t least_of(std::size_t bucket) noexcept {
    if (bucket < 2 * kSubBuckets) return bucket;
    const std::size_t shift = bucket / kSubBuckets - 1;
    return (kSubBuckets + bucket % kSubBuckets) << shift;
  }
  static constexpr std::size_t kBuckets = (47 - kSubBits + 1) * kSubBuckets;

  void record(std::uint64_t value) noexcept {
    buckets_[bucket_of(value)].add_relaxed(1);
    sum_.add_relaxed(value);
  }

  HistogramSnapshot snapshot() const;

 private:
  // atomics
  std::array<base::Atomic<std::uint64_t>, kBuckets> buckets_{};  // role: statistics
  base::Atomic<std::uint64_t> sum_{0};                           // role: statistics
};

}  // namespace larder::observe
