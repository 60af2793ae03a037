// The four-bit sketch: addressing inside a block, saturating additions, lazy halving, resizing.
//
// Thread safety: none of its own. The caller holds the shard's lock for every call.
#include "eviction/sketch.h"

#include <algorithm>
#include <array>
#include <bit>

namespace larder::eviction {
namespace {

constexpr int kRows = 4;
constexpr int kWordsPerBlock = 8;
constexpr int kWordsPerRow = kWordsPerBlock / kRows;
constexpr int kCountersPerWord = 16;
constexpr int kCountersPerRow = kWordsPerRow * kCountersPerWord;
constexpr std::size_t kEntriesPerBlock = 32;  // 128 counters, four to an entry
constexpr std::uint64_t kAdditionsPerEntry = 10;
constexpr std::uint64_t kAllButHighBits = 0x7777'7777'7777'7777;

// The table and the shards use this hash's own bits; keys that share these must not share counters.
std::uint64_t remix(std::uint64_t hash) {
  hash *= 0x9e37'79b9'7f4a'7c15;
  return hash ^ (hash >> 32);
}

// Per counter of a word, the larger of two.
std::uint64_t larger_of_each(std::uint64_t a, std::uint64_t b) {
  std::uint64_t result = 0;
  for (int shift = 0; shift < 64; shift += 4) {
    result |= std::max((a >> shift) & 15, (b >> shift) & 15) << shift;
  }
  return result;
}

}  // namespace

struct alignas(64) FrequencySketch::Block {
  std::array<std::uint64_t, kWordsPerBlock> words;
};

struct FrequencySketch::Place {
  std::size_t block;
  std::array<std::uint8_t, kRows> word;
  std::array<std::uint8_t, kRows> shift;
};

FrequencySketch::FrequencySketch() = default;
FrequencySketch::~FrequencySketch() = default;
FrequencySketch::FrequencySketch(FrequencySketch&&) noexcept = default;
FrequencySketch& FrequencySketch::operator=(FrequencySketch&&) noexcept = default;

std::size_t FrequencySketch::blocks_for(std::size_t capacity_entries) {
  if (capacity_entries == 0) return 0;
  const std::size_t wanted = std::max<std::size_t>(1, capacity_entries / kEntriesPerBlock);
  const std::size_t below = std::bit_floor(wanted);
  return wanted - below > below / 2 ? below * 2 : below;
}

void FrequencySketch::resize(std::size_t capacity_entries) {
  additions_per_generation_ = kAdditionsPerEntry * capacity_entries;
  const std::size_t count = blocks_for(capacity_entries);
  if (count == block_count_) return;
  auto blocks = count == 0 ? nullptr : std::make_unique<Block[]>(count);
  for (std::size_t i = 0; i < block_count_; ++i) catch_up(i);
  // The block of a key is the top bits of its remixed hash: when the count doubles, block b becomes
  // 2b and 2b + 1; when it is halved, two neighbours become one.
  for (std::size_t i = 0; i < std::max(count, block_count_) && block_count_ != 0 && count != 0;
       ++i) {
    const Block& from = blocks_[i * block_count_ / std::max(count, block_count_)];
    Block& to = blocks[i * count / std::max(count, block_count_)];
    for (int w = 0; w < kWordsPerBlock; ++w)
      to.words[w] = larger_of_each(to.words[w], from.words[w]);
  }
  blocks_ = std::move(blocks);
  generations_ = count == 0 ? nullptr : std::make_unique<std::uint8_t[]>(count);
  block_count_ = count;
  generation_ = 0;
  if (count == 0) additions_ = 0;
}

FrequencySketch::Place FrequencySketch::place_of(std::uint64_t hash) const {
  const std::uint64_t mixed = remix(hash);
  Place place;
  // Top 32 bits choose the block, the lowest 20 the counter of each row.
  place.block = ((mixed >> 32) * block_count_) >> 32;
  for (int row = 0; row < kRows; ++row) {
    const auto counter = static_cast<unsigned>(mixed >> (5 * row)) % kCountersPerRow;
    place.word[row] = static_cast<std::uint8_t>(row * kWordsPerRow + counter / kCountersPerWord);
    place.shift[row] = static_cast<std::uint8_t>(counter % kCountersPerWord * 4);
  }
  return place;
}

void FrequencySketch::catch_up(std::size_t block) const {
  const auto behind = static_cast<std::uint8_t>(generation_ - generations_[block]);
  if (behind == 0) return;
  for (std::uint64_t& word : blocks_[block].words) {
    // Four halvings empty a counter of four bits.
    for (int i = 0; i < std::min<int>(behind, 4); ++i) word = (word >> 1) & kAllButHighBits;
  }
  generations_[block] = generation_;
}

void FrequencySketch::add(std::uint64_t hash) {
  if (!active()) return;
  const Place place = place_of(hash);
  catch_up(place.block);
  Block& block = blocks_[place.block];
  for (int row = 0; row < kRows; ++row) {
    std::uint64_t& word = block.words[place.word[row]];
    if (((word >> place.shift[row]) & 15) != kMaxCount) {
      word += std::uint64_t{1} << place.shift[row];
    }
  }
  if (++additions_ >= additions_per_generation_) {
    additions_ = 0;
    ++generation_;
  }
}

unsigned FrequencySketch::estimate(std::uint64_t hash) const {
  if (!active()) return 0;
  const Place place = place_of(hash);
  catch_up(place.block);
  const Block& block = blocks_[place.block];
  std::uint64_t least = kMaxCount;
  for (int row = 0; row < kRows; ++row) {
    least = std::min(least, (block.words[place.word[row]] >> place.shift[row]) & 15);
  }
  return static_cast<unsigned>(least);
}

std::size_t FrequencySketch::bytes() const { return block_count_ * (sizeof(Block) + 1); }

}  // namespace larder::eviction
