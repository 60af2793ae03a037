// How often entries were used that have left the cache: a bounded memory of fingerprints and
// four-bit counts. Used by the eviction policies, one per shard.
//
// Thread safety: none of its own. The caller holds the shard's lock for every call.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>

namespace larder::eviction {

// A key belongs to one block of a cache line, which remembers 31 keys by twelve bits of their
// hashes, the newest first. A new one displaces the oldest of those with the least count. Two keys
// in a hundred or less are taken for another one: a hint decides about eviction, never about data.
//
// Ageing: age() halves all counts and forgets those that become 0. A block catches up when it is
// touched next, so that no call costs more than a block. Counts kept elsewhere (with the entries)
// age by the difference of generation() between two looks at them: aged().
//
// About 3 bytes per entry of capacity. Without memory (capacity 0) put() has no effect.
class FrequencyHistory {
 public:
  static constexpr unsigned kMaxCount = 15;

  FrequencyHistory();
  ~FrequencyHistory();
  FrequencyHistory(FrequencyHistory&&) noexcept;
  FrequencyHistory& operator=(FrequencyHistory&&) noexcept;

  // Sizes the memory for `capacity_entries`; 0 frees it. Differences of an eighth are overlooked.
  // What is remembered stays, as far as the new size allows.
  void resize(std::size_t capacity_entries);

  bool active() const { return block_count_ != 0; }

  // The count remembered for a key, which is then forgotten; 0 when there is none.
  unsigned take(std::uint64_t hash);
  // Remembers a count up to kMaxCount; nothing when it is 0.
  void put(std::uint64_t hash, unsigned count);

  void age() { ++generation_; }
  // Modulo 256.
  std::uint8_t generation() const { return generation_; }
  // What a count of generation `then` has become by generation `now`.
  static unsigned aged(unsigned count, std::uint8_t then, std::uint8_t now) {
    const auto halvings = static_cast<std::uint8_t>(now - then);
    return halvings > 4 ? 0 : count >> halvings;
  }

  std::size_t bytes() const;

 private:
  struct Block;

  Block& block_of(std::uint64_t mixed);

  std::unique_ptr<Block[]> blocks_;
  std::size_t block_count_ = 0;
  std::uint8_t generation_ = 0;
};

}  // namespace larder::eviction
