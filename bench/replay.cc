// Replaying through the shipped cache.
//
// Thread safety: see replay.h.
#include "bench/replay.h"

#include <string_view>
#include <unordered_set>

#include "larder/cache.h"
#include "larder/manager.h"
#include "larder/options.h"

namespace larder::bench {
namespace {

constexpr std::uint64_t kHashSeed = 0x5eed;
constexpr std::size_t kTellEvery = 1U << 16;

}  // namespace

Result<ReplayResult> replay_cache(std::span<const std::uint64_t> keys, std::size_t capacity,
                                  const ReplayTold& told) {
  Manager manager;
  auto opened = manager.open<std::uint64_t>(
      "replay", {.settings = {.max_entries = capacity}, .hash_seed = kHashSeed});
  if (!opened) return opened.error();
  const Cache<std::uint64_t>& cache = *opened;
  ReplayResult result{.requests = keys.size(), .uniques = count_uniques(keys)};
  for (std::size_t i = 0; i < keys.size(); ++i) {
    if (told && i % kTellEvery == 0) told(i);
    const std::string_view key(reinterpret_cast<const char*>(&keys[i]), sizeof(keys[i]));
    const Lookup<std::uint64_t> found = cache.get(key);
    if (found.failed()) return found.error();
    if (found.hit()) {
      if (*found != keys[i]) return Error(Errc::server_error, "a hit had another key's value");
      ++result.hits;
    } else if (const auto stored = cache.set(key, keys[i]); !stored) {
      return stored.error();
    }
  }
  return result;
}

std::uint64_t count_uniques(std::span<const std::uint64_t> keys) {
  return std::unordered_set<std::uint64_t>(keys.begin(), keys.end()).size();
}

}  // namespace larder::bench
