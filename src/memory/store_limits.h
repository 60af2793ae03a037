// Named limits of the memory store, and the units that it counts in.
// Thread safety: constants.
#pragma once

#include <cstddef>
#include <cstdint>

namespace larder::memory {

inline constexpr std::int64_t kNsPerMs = 1'000'000;

// Fewer shards are opened rather than shards that would hold fewer entries than this.
inline constexpr std::size_t kMinShardEntries = 512;
// How often a commit looks for room elsewhere before it gives up: others may take the room.
inline constexpr int kRoomAttempts = 256;
// Entries that a sweep for room visits under one hold of a shard's lock.
inline constexpr std::size_t kDueBatch = 1024;

}  // namespace larder::memory
