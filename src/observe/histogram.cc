// The reading side of the histogram.
//
// Thread safety: as in histogram.h.
#include "observe/histogram.h"

namespace larder::observe {

static_assert(Histogram::bucket_of(Histogram::kMostValue) + 1 == Histogram::kBuckets);

HistogramSnapshot Histogram::snapshot() const {
  HistogramSnapshot snapshot;
  for (std::size_t i = 0; i < kBuckets; ++i) {
    const std::uint64_t count = buckets_[i].load_relaxed();
    if (count == 0) continue;
    snapshot.buckets.push_back({.least = least_of(i), .most = least_of(i + 1) - 1, .count = count});
    snapshot.count += count;
  }
  snapshot.sum = sum_.load_relaxed();
  return snapshot;
}

}  // namespace larder::observe
