// Replays a recorded stream of keys: get, and set on a miss. Through a Larder cache as it is
// shipped, or through a bare eviction policy, to tell the two apart.
//
// Thread safety: none; one thread.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string_view>

#include "larder/result.h"

namespace larder::bench {

// "cache" is the shipped one; the others are policies alone, in one shard.
inline constexpr std::array<std::string_view, 4> kReplayPolicies = {"cache", "filtered_clock",
                                                                    "lru", "s3fifo"};

struct ReplayResult {
  std::uint64_t requests = 0;
  std::uint64_t uniques = 0;
  std::uint64_t hits = 0;

  [[nodiscard]] double hit_ratio() const noexcept {
    return requests == 0 ? 0 : static_cast<double>(hits) / static_cast<double>(requests);
  }
};

// Hears how many requests are done, now and then.
using ReplayTold = std::function<void(std::size_t)>;

// Through Cache at its defaults but for max_entries and a fixed hash seed, so that the same stream
// gives the same answer.
Result<ReplayResult> replay_cache(std::span<const std::uint64_t> keys, std::size_t capacity,
                                  const ReplayTold& told = {});

// Through the policy alone; nothing for an unknown name.
std::optional<ReplayResult> replay_policy(std::string_view policy,
                                          std::span<const std::uint64_t> keys, std::size_t capacity,
                                          const ReplayTold& told = {});

// Distinct keys.
std::uint64_t count_uniques(std::span<const std::uint64_t> keys);

}  // namespace larder::bench
