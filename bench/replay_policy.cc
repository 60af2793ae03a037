// Replaying through a bare policy: the one place of this folder that looks below the public
// headers.
//
// Thread safety: see replay.h.
#include "bench/replay.h"
#include "eviction/filtered_clock.h"
#include "eviction/lru.h"
#include "eviction/replay_cache.h"
#include "eviction/s3_fifo.h"

namespace larder::bench {
namespace {

constexpr std::size_t kTellEvery = 1U << 16;

template <class Policy>
ReplayResult replay_through(std::span<const std::uint64_t> keys, std::size_t capacity,
                            const ReplayTold& told) {
  eviction::ReplayCache<Policy> cache({.capacity = capacity});
  ReplayResult result{.requests = keys.size(), .uniques = count_uniques(keys)};
  for (std::size_t i = 0; i < keys.size(); ++i) {
    if (told && i % kTellEvery == 0) told(i);
    result.hits += cache.access(keys[i]) ? 1 : 0;
  }
  return result;
}

}  // namespace

std::optional<ReplayResult> replay_policy(std::string_view policy,
                                          std::span<const std::uint64_t> keys, std::size_t capacity,
                                          const ReplayTold& told) {
  if (policy == "filtered_clock") {
    return replay_through<eviction::FilteredClock>(keys, capacity, told);
  }
  if (policy == "lru") return replay_through<eviction::Lru>(keys, capacity, told);
  if (policy == "s3fifo") return replay_through<eviction::S3Fifo>(keys, capacity, told);
  return std::nullopt;
}

}  // namespace larder::bench
