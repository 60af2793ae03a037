// Blocks of fingerprints: lookup, displacement, lazy ageing, resizing.
//
// Thread safety: none of its own. The caller holds the shard's lock for every call.
#include "eviction/frequency_history.h"

#include <algorithm>
#include <array>

#include "base/hash.h"

namespace larder::eviction {
namespace {

constexpr std::size_t kSlots = 31;
constexpr int kCountBits = 4;
constexpr double kSlotsPerEntry = 1.4;

// A slot is fingerprint and count; a slot without a count is empty.
using Slot = std::uint16_t;

unsigned count_in(Slot slot) { return slot & FrequencyHistory::kMaxCount; }

Slot make_slot(std::uint64_t mixed, unsigned count) {
  return static_cast<Slot>((mixed << kCountBits) | count);
}

std::size_t blocks_for(std::size_t capacity_entries) {
  if (capacity_entries == 0) return 0;
  // In floating point, because capacities may be huge.
  const double blocks = static_cast<double>(capacity_entries) * kSlotsPerEntry / kSlots;
  return std::max<std::size_t>(1, static_cast<std::size_t>(blocks + 0.5));
}

}  // namespace

struct alignas(64) FrequencyHistory::Block {
  std::uint16_t generation;
  std::array<Slot, kSlots> slots;

  // As the newest, instead of the oldest of those with the least count; an empty slot is nothing.
  void put(Slot slot) {
    if (slot == 0) return;
    std::size_t displaced = kSlots - 1;
    for (std::size_t i = kSlots - 1; i-- > 0;) {
      if (count_in(slots[i]) < count_in(slots[displaced])) displaced = i;
    }
    std::copy_backward(slots.begin(), slots.begin() + displaced, slots.begin() + displaced + 1);
    slots.front() = slot;
  }

  void catch_up(std::uint8_t now) {
    const auto then = static_cast<std::uint8_t>(generation);
    generation = now;
    if (then == now) return;
    for (Slot& slot : slots) {
      const unsigned count = aged(count_in(slot), then, now);
      slot = count == 0 ? Slot{0} : static_cast<Slot>((slot & ~Slot{kMaxCount}) | count);
    }
  }
};

FrequencyHistory::FrequencyHistory() = default;
FrequencyHistory::~FrequencyHistory() = default;
FrequencyHistory::FrequencyHistory(FrequencyHistory&&) noexcept = default;
FrequencyHistory& FrequencyHistory::operator=(FrequencyHistory&&) noexcept = default;

void FrequencyHistory::resize(std::size_t capacity_entries) {
  const std::size_t count = blocks_for(capacity_entries);
  const std::size_t difference = std::max(count, block_count_) - std::min(count, block_count_);
  if (count != 0 && difference <= block_count_ / 8) return;
  auto blocks = count == 0 ? nullptr : std::make_unique<Block[]>(count);
  // A key's block is its place in the order of mixed hashes, at every size: a new block takes what
  // is remembered of its part of that order.
  for (std::size_t i = 0; i < count; ++i) {
    blocks[i].generation = generation_;
    if (!active()) continue;
    const std::size_t first = i * block_count_ / count;
    const std::size_t last = ((i + 1) * block_count_ - 1) / count;
    for (std::size_t from = first; from <= last; ++from) {
      blocks_[from].catch_up(generation_);
      for (std::size_t slot = kSlots; slot-- > 0;) blocks[i].put(blocks_[from].slots[slot]);
    }
  }
  blocks_ = std::move(blocks);
  block_count_ = count;
}

FrequencyHistory::Block& FrequencyHistory::block_of(std::uint64_t mixed) {
  Block& block = blocks_[((mixed >> 32) * block_count_) >> 32];
  block.catch_up(generation_);
  return block;
}

unsigned FrequencyHistory::take(std::uint64_t hash) {
  if (!active()) return 0;
  const std::uint64_t mixed = base::mix64(hash);
  auto& slots = block_of(mixed).slots;
  const Slot wanted = make_slot(mixed, 0);
  for (std::size_t i = 0; i < kSlots; ++i) {
    const unsigned count = count_in(slots[i]);
    if (count == 0 || static_cast<Slot>(slots[i] - count) != wanted) continue;
    std::copy(slots.begin() + i + 1, slots.end(), slots.begin() + i);
    slots.back() = 0;
    return count;
  }
  return 0;
}

void FrequencyHistory::put(std::uint64_t hash, unsigned count) {
  if (!active() || count == 0) return;
  const std::uint64_t mixed = base::mix64(hash);
  block_of(mixed).put(make_slot(mixed, std::min(count, kMaxCount)));
}

std::size_t FrequencyHistory::bytes() const { return block_count_ * sizeof(Block); }

}  // namespace larder::eviction
