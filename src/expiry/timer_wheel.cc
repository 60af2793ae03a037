// The untemplated part of the timer wheel: digits, bitmaps and the choice of the earliest slot.
//
// Thread safety: none of its own. The caller holds the shard's lock for every call.
#include "expiry/timer_wheel.h"

#include <bit>

namespace larder::expiry {
namespace {

std::uint64_t digit_of(std::int64_t time_ns, int level) {
  return (static_cast<std::uint64_t>(time_ns) >> (level * WheelSlots::kDigitBits)) &
         (WheelSlots::kSlotsPerLevel - 1);
}

std::uint32_t list_at(int level, std::uint64_t digit) {
  return static_cast<std::uint32_t>(level * WheelSlots::kSlotsPerLevel + digit);
}

}  // namespace

std::uint32_t WheelSlots::list_of(std::int64_t deadline_ns) const {
  if (deadline_ns <= current_ns_) return kPendingList;
  const auto differing = static_cast<std::uint64_t>(deadline_ns ^ current_ns_);
  const int level = (std::bit_width(differing) - 1) / kDigitBits;
  return list_at(level, digit_of(deadline_ns, level));
}

void WheelSlots::set_head(std::uint32_t list, Ref ref) {
  heads_[list] = ref;
  if (list == kPendingList) return;
  std::uint64_t& level = occupied_[list / kSlotsPerLevel];
  const std::uint64_t bit = std::uint64_t{1} << (list % kSlotsPerLevel);
  level = ref != kNoRef ? level | bit : level & ~bit;
}

std::optional<WheelSlots::Slot> WheelSlots::earliest() const {
  for (int level = 0; level < kLevels; ++level) {
    if (occupied_[level] == 0) continue;
    const auto digit = static_cast<std::uint64_t>(std::countr_zero(occupied_[level]));
    // The digits above are the current ones, this digit is the slot's, those below run 0 to 63.
    const int shift = level * kDigitBits;
    const std::uint64_t below = (std::uint64_t{1} << shift) - 1;
    const std::uint64_t upto =
        level == kLevels - 1 ? ~std::uint64_t{0} : (below << kDigitBits) | (kSlotsPerLevel - 1);
    const std::uint64_t start =
        (static_cast<std::uint64_t>(current_ns_) & ~upto) | (digit << shift);
    return Slot{list_at(level, digit), static_cast<std::int64_t>(start),
                static_cast<std::int64_t>(start | below)};
  }
  return std::nullopt;
}

bool WheelSlots::open_next(std::int64_t now_ns) {
  const std::optional<Slot> slot = earliest();
  if (!slot || slot->start_ns > now_ns) {
    // No occupied slot begins in between, so every entry's highest differing digit stays the same.
    current_ns_ = now_ns;
    return false;
  }
  // All other occupied slots begin after this one ends: time may move to its end, and its entries
  // that are not due yet are then linked once, where they belong at `now_ns`.
  current_ns_ = slot->last_ns < now_ns ? slot->last_ns : now_ns;
  const Ref head = heads_[slot->list];
  set_head(slot->list, kNoRef);
  heads_[kPendingList] = head;
  return true;
}

std::int64_t WheelSlots::next_due_ns() const {
  // Pending entries may be due at once; nothing says that they are, so the bound is the lowest.
  if (heads_[kPendingList] != kNoRef) return std::numeric_limits<std::int64_t>::min();
  const std::optional<Slot> slot = earliest();
  return slot ? slot->start_ns : kNever;
}

std::optional<std::string> WheelSlots::validate() const {
  for (std::uint32_t list = 0; list < kPendingList; ++list) {
    const int level = static_cast<int>(list) / kSlotsPerLevel;
    const std::uint64_t digit = list % kSlotsPerLevel;
    const bool marked = ((occupied_[level] >> digit) & 1) != 0;
    if (marked != (heads_[list] != kNoRef)) {
      return "list " + std::to_string(list) + ": occupancy bit and head disagree";
    }
    if (marked && digit <= digit_of(current_ns_, level)) {
      return "list " + std::to_string(list) + ": occupied though its time has come";
    }
  }
  return std::nullopt;
}

}  // namespace larder::expiry
