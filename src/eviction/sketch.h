// Count-min sketch of four-bit counters: about how often a key was used lately. Used by the
// eviction policies, one per shard.
//
// Thread safety: none of its own. The caller holds the shard's lock for every call.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>

namespace larder::eviction {

// A key owns four counters, all in one block of 64 bytes: a cache line per call. There are about
// four counters (2 bytes) per entry of capacity.
///
// Ageing: after ten additions per entry of capacity all counters are halved. The halving is only
// counted; a block catches up when it is touched next, so that no call costs more than a block.
///
// Without memory (before the first resize() to more than 0) add() has no effect and estimates are
// 0.
class FrequencySketch {
 public:
  static constexpr unsigned kMaxCount = 15;

  FrequencySketch();
  ~FrequencySketch();
  FrequencySketch(FrequencySketch&&) noexcept;
  FrequencySketch& operator=(FrequencySketch&&) noexcept;

  // Room for `capacity_entries` (0 frees all memory). What was counted stays, as far as a change
  // of size allows: it never lowers an estimate.
  void resize(std::size_t capacity_entries);

  bool active() const { return block_count_ != 0; }
  void add(std::uint64_t hash);
  unsigned estimate(std::uint64_t hash) const;
  std::size_t bytes() const;

  // Blocks for a capacity: a power of two nearest to 2 bytes per entry.
  static std::size_t blocks_for(std::size_t capacity_entries);

 private:
  struct Block;
  struct Place;

  Place place_of(std::uint64_t hash) const;
  void catch_up(std::size_t block) const;

  std::unique_ptr<Block[]> blocks_;
  std::unique_ptr<std::uint8_t[]> generations_;  // of each block, modulo 256
  std::size_t block_count_ = 0;
  std::uint64_t additions_ = 0;
  std::uint64_t additions_per_generation_ = 0;
  std::uint8_t generation_ = 0;
};

}  // namespace larder::eviction
