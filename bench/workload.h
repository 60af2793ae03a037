// The workloads by name. Used by the flags, the rounds and the reports.
//
// Thread safety: pure functions.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

namespace larder::bench {

enum class Workload : std::uint8_t {
  get,          // reads, all keys resident
  set,          // overwrites
  mix,          // three gets to one set
  cache_aside,  // get, and set on a miss; a tenth of the keys fit
  get_or_set,   // the same as one operation
  update,       // reads and writes one count atomically
  get_many,     // reads in batches of 64
  one_hot_key,  // every thread reads the same key
  get_ref,      // reads that pin instead of copying
};

inline constexpr std::array kWorkloads = {
    Workload::get,         Workload::set,         Workload::mix,
    Workload::cache_aside, Workload::get_or_set,  Workload::update,
    Workload::get_many,    Workload::one_hot_key, Workload::get_ref,
};

// "cache-aside".
std::string_view to_string(Workload workload) noexcept;
std::optional<Workload> workload_of(std::string_view name) noexcept;

// Whether it is meant to miss, and so has by default room for a tenth of the keys.
bool is_short_of_room(Workload workload) noexcept;

// The entries a cache is given for `keys` keys where nobody says: a tenth of them, or an eighth
// more than all, so that the peer's uneven shards hold them too.
std::uint64_t default_capacity(Workload workload, std::uint32_t keys) noexcept;

}  // namespace larder::bench
