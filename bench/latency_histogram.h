// Counts of latencies in buckets that grow with the latency, 32 to each doubling: percentiles are
// right within 3.2 %. Used by the rounds, one per thread, merged at the end.
//
// Thread safety: none; one thread at a time.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>

namespace larder::bench {

// Holds nanoseconds from 0 to about 18 minutes; what is longer counts as that.
class LatencyHistogram {
 public:
  void record(std::int64_t latency_ns) noexcept {
    ++counts_[bucket_of(static_cast<std::uint64_t>(std::max<std::int64_t>(latency_ns, 0)))];
    ++total_;
  }
  void merge(const LatencyHistogram& other) noexcept;

  [[nodiscard]] std::uint64_t total() const noexcept { return total_; }
  // The latency that `fraction` (0 to 1) of all did not exceed: the middle of its bucket; 0 of
  // none.
  [[nodiscard]] double percentile(double fraction) const noexcept;

 private:
  static constexpr unsigned kSubBits = 5;
  static constexpr std::uint64_t kSub = 1U << kSubBits;
  static constexpr unsigned kDoublings = 40;
  static constexpr std::size_t kBuckets = kSub * (kDoublings - kSubBits + 1);

  static std::size_t bucket_of(std::uint64_t ns) noexcept {
    if (ns < kSub) return ns;
    const auto doubling = static_cast<unsigned>(std::bit_width(ns)) - 1;
    if (doubling >= kDoublings) return kBuckets - 1;
    const unsigned shift = doubling - kSubBits;
    return (shift + 1) * kSub + ((ns >> shift) & (kSub - 1));
  }
  static double middle_of(std::size_t bucket) noexcept;

  std::array<std::uint64_t, kBuckets> counts_{};
  std::uint64_t total_ = 0;
};

}  // namespace larder::bench
