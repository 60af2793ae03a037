// Hierarchical timer wheel over intrusive lists: which entries of one shard are due. Used by
// memory/, one wheel per shard. Entries are named by 32-bit references; the wheel reaches their
// links and deadlines through a hook object and owns no memory per entry.
//
// Thread safety: none of its own. The caller holds the shard's lock for every call.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <utility>

#include "base/check.h"

namespace larder::expiry {

using Ref = std::uint32_t;
inline constexpr Ref kNoRef = 0;
inline constexpr std::int64_t kNever = std::numeric_limits<std::int64_t>::max();

// Embedded in every entry; both fields 0 while the entry is not scheduled.
// Guarded by the shard's lock.
struct TimerLinks {
  Ref prev = kNoRef;
  Ref next = kNoRef;
};

// The part of the wheel that does not know entries: list heads, occupancy bitmaps and the wheel's
// own time.
///
// Time is read as eleven digits of six bits, one level per digit, in nanoseconds: no deadline is
// rounded, so that an entry is due exactly at its deadline, and the eleven levels span all of
// int64. A deadline later than `current_ns` belongs to the level of the highest digit in which the
// two differ, in the slot of its own digit. So at each level only slots above the current digit
// are occupied, and every slot of a lower level starts before every slot of a higher one.
// What is due, or was moved out of a slot to be looked at, is in the pending list.
class WheelSlots {
 public:
  static constexpr int kDigitBits = 6;
  static constexpr int kSlotsPerLevel = 1 << kDigitBits;
  static constexpr int kLevels = 11;
  static constexpr std::uint32_t kPendingList = (kLevels - 1) * kSlotsPerLevel + 8;
  static constexpr std::uint32_t kListCount = kPendingList + 1;

  explicit WheelSlots(std::int64_t now_ns) : current_ns_(now_ns < 0 ? 0 : now_ns) {}

  // The list where an entry with this deadline belongs; kPendingList when it is due.
  std::uint32_t list_of(std::int64_t deadline_ns) const;

  Ref head(std::uint32_t list) const { return heads_[list]; }
  void set_head(std::uint32_t list, Ref ref);

  // The pending list must be empty. Moves the earliest slot that begins at or before `now_ns` into
  // it and the current time as far as this slot allows; without such a slot the current time
  // becomes `now_ns` and the answer is false. Costs at most one step per level.
  bool open_next(std::int64_t now_ns);

  // No scheduled deadline is earlier; kNever when nothing is scheduled.
  std::int64_t next_due_ns() const;

  std::int64_t current_ns() const { return current_ns_; }

  // Occupancy bitmaps against list heads.
  std::optional<std::string> validate() const;

 private:
  struct Slot {
    std::uint32_t list;
    std::int64_t start_ns;
    std::int64_t last_ns;
  };
  std::optional<Slot> earliest() const;

  std::int64_t current_ns_;
  std::array<std::uint64_t, kLevels> occupied_{};  // one bit per slot of a level
  std::array<Ref, kListCount> heads_{};
};

// `Nodes` offers `TimerLinks& timer_links(Ref)` and `std::int64_t expires_at_ns(Ref)`.
///
// States of an entry: unscheduled (links 0, in no list), scheduled (in the list `list_of` names for
// its deadline, or in the pending list). schedule() and cancel() read the deadline from the entry,
// so it may change only while unscheduled, or with reschedule().
template <class Nodes>
class TimerWheel {
 public:
  explicit TimerWheel(std::int64_t now_ns) : slots_(now_ns) {}

  // The entry must be unscheduled. A deadline of kNever schedules nothing.
  void schedule(Nodes& nodes, Ref ref) {
    const std::int64_t deadline_ns = nodes.expires_at_ns(ref);
    if (deadline_ns != kNever) link(nodes, slots_.list_of(deadline_ns), ref);
  }

  // Returns false, without any effect, when the entry is not scheduled.
  bool cancel(Nodes& nodes, Ref ref) { return unlink(nodes, ref, nodes.expires_at_ns(ref)); }

  // After the entry's deadline was changed in place from `old_expires_at_ns`.
  void reschedule(Nodes& nodes, Ref ref, std::int64_t old_expires_at_ns) {
    unlink(nodes, ref, old_expires_at_ns);
    schedule(nodes, ref);
  }

  // `now` takes the place of `old` (whose deadline is unchanged in its node), with the deadline
  // that `now` holds.
  void replace(Nodes& nodes, Ref old, Ref now) {
    cancel(nodes, old);
    schedule(nodes, now);
  }

  // Expires entries with `expires_at_ns <= now_ns`: each is unscheduled, then handed to
  // `on_expired(ref)`, which may schedule and cancel any entry. Looks at no more than `budget`
  // entries (those that only move to a lower level included). Returns whether more are due or
  // still to be looked at; false means that everything due by `now_ns` has been handed out.
  // Time never goes back: a `now_ns` before an earlier one counts as the earlier one.
  template <class OnExpired>
  bool advance(Nodes& nodes, std::int64_t now_ns, std::size_t budget, OnExpired&& on_expired) {
    if (now_ns < slots_.current_ns()) now_ns = slots_.current_ns();
    do {
      while (const Ref ref = slots_.head(WheelSlots::kPendingList)) {
        if (budget-- == 0) return true;
        pop_pending(nodes, ref);
        if (nodes.expires_at_ns(ref) <= now_ns) {
          on_expired(ref);
        } else {
          schedule(nodes, ref);
        }
      }
    } while (slots_.open_next(now_ns));
    return false;
  }

  // No scheduled deadline is earlier; kNever when nothing is scheduled.
  std::int64_t next_due_ns() const { return slots_.next_due_ns(); }

  std::size_t size() const { return size_; }

  // The first structural fault found, if any.
  std::optional<std::string> validate(Nodes& nodes) const;

 private:
  void link(Nodes& nodes, std::uint32_t list, Ref ref) {
    TimerLinks& links = nodes.timer_links(ref);
    CHECK(links.prev == kNoRef && links.next == kNoRef);
    const Ref head = slots_.head(list);
    links.next = head;
    if (head != kNoRef) nodes.timer_links(head).prev = ref;
    slots_.set_head(list, ref);
    ++size_;
  }

  bool unlink(Nodes& nodes, Ref ref, std::int64_t deadline_ns) {
    TimerLinks& links = nodes.timer_links(ref);
    if (links.prev != kNoRef) {
      nodes.timer_links(links.prev).next = links.next;
    } else {
      std::uint32_t list = WheelSlots::kPendingList;
      if (slots_.head(list) != ref) {
        if (deadline_ns == kNever) return false;
        list = slots_.list_of(deadline_ns);
        if (slots_.head(list) != ref) return false;
      }
      slots_.set_head(list, links.next);
    }
    if (links.next != kNoRef) nodes.timer_links(links.next).prev = links.prev;
    links = {};
    --size_;
    return true;
  }

  void pop_pending(Nodes& nodes, Ref ref) {
    TimerLinks& links = nodes.timer_links(ref);
    slots_.set_head(WheelSlots::kPendingList, links.next);
    if (links.next != kNoRef) nodes.timer_links(links.next).prev = kNoRef;
    links = {};
    --size_;
  }

  WheelSlots slots_;
  std::size_t size_ = 0;
};

template <class Nodes>
std::optional<std::string> TimerWheel<Nodes>::validate(Nodes& nodes) const {
  if (auto fault = slots_.validate()) return fault;
  std::size_t seen = 0;
  for (std::uint32_t list = 0; list < WheelSlots::kListCount; ++list) {
    Ref before = kNoRef;
    for (Ref ref = slots_.head(list); ref != kNoRef; ref = nodes.timer_links(ref).next) {
      const std::string where = "entry " + std::to_string(ref) + ": ";
      if (++seen > size_) return where + "more entries linked than scheduled, or a cycle";
      if (nodes.timer_links(ref).prev != before) return where + "broken back link";
      const std::int64_t deadline_ns = nodes.expires_at_ns(ref);
      if (deadline_ns == kNever) return where + "scheduled without a deadline";
      if (list != WheelSlots::kPendingList && list != slots_.list_of(deadline_ns)) {
        return where + "in a list that is not its deadline's";
      }
      before = ref;
    }
  }
  if (seen != size_) return "fewer entries linked than scheduled";
  return std::nullopt;
}

}  // namespace larder::expiry
