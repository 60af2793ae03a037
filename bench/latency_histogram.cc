// Merging histograms and reading percentiles.
//
// Thread safety: see latency_histogram.h.
#include "bench/latency_histogram.h"

#include <cmath>

namespace larder::bench {

void LatencyHistogram::merge(const LatencyHistogram& other) noexcept {
  for (std::size_t i = 0; i < kBuckets; ++i) counts_[i] += other.counts_[i];
  total_ += other.total_;
}

double LatencyHistogram::percentile(double fraction) const noexcept {
  if (total_ == 0) return 0;
  const double wanted = std::ceil(fraction * static_cast<double>(total_));
  const auto rank = std::clamp<std::uint64_t>(static_cast<std::uint64_t>(wanted), 1, total_);
  std::uint64_t seen = 0;
  std::size_t bucket = 0;
  while (bucket + 1 < kBuckets && (seen += counts_[bucket]) < rank) ++bucket;
  return middle_of(bucket);
}

double LatencyHistogram::middle_of(std::size_t bucket) noexcept {
  if (bucket < kSub) return static_cast<double>(bucket);
  const std::size_t shift = bucket / kSub - 1;
  const double low = static_cast<double>((kSub + bucket % kSub) << shift);
  return low + static_cast<double>((std::uint64_t{1} << shift) - 1) / 2;
}

}  // namespace larder::bench
