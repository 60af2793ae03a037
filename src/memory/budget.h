// The limits of one cache: how many entries and bytes may live at once. Used by the store.
//
// Thread safety: every member from any thread. Takes never go past a limit: each is one
// compare-and-swap on the count.
#pragma once

#include <cstddef>

#include "base/atomic.h"

namespace larder::memory {

// What an operation took from the budget beforehand, or from evicted entries, and has not used.
struct Prepaid {
  std::size_t entries = 0;
  std::size_t bytes = 0;
};

// Counts of what lives. A limit that falls below a count stops takes; the store evicts.
class Budget {
 public:
  Budget(std::size_t max_entries, std::size_t max_bytes)
      : max_entries_(max_entries), max_bytes_(max_bytes) {}

  [[nodiscard]] bool take_entry() noexcept { return take(entries_, max_entries_, 1); }
  // Nothing is always to be had, also while the count is above a limit that was lowered.
  [[nodiscard]] bool take_bytes(std::size_t n) noexcept {
    return n == 0 || take(bytes_, max_bytes_, n);
  }
  void give_entries(std::size_t n) noexcept { entries_.sub_relaxed(n); }
  void give_bytes(std::size_t n) noexcept { bytes_.sub_relaxed(n); }
  void give(const Prepaid& prepaid) noexcept {
    if (prepaid.entries != 0) give_entries(prepaid.entries);
    if (prepaid.bytes != 0) give_bytes(prepaid.bytes);
  }

  void set_limits(std::size_t max_entries, std::size_t max_bytes) noexcept {
    max_entries_.store_relaxed(max_entries);
    max_bytes_.store_relaxed(max_bytes);
  }
  [[nodiscard]] std::size_t max_entries() const noexcept { return max_entries_.load_relaxed(); }
  [[nodiscard]] std::size_t max_bytes() const noexcept { return max_bytes_.load_relaxed(); }
  [[nodiscard]] std::size_t entries() const noexcept { return entries_.load_relaxed(); }
  [[nodiscard]] std::size_t bytes() const noexcept { return bytes_.load_relaxed(); }
  [[nodiscard]] bool exceeded() const noexcept {
    return entries() > max_entries() || bytes() > max_bytes();
  }

 private:
  using Count = base::Atomic<std::size_t>;

  static bool take(Count& count, const Count& limit, std::size_t n) noexcept {
    std::size_t held = count.load_relaxed();
    do {  // bound: another take or give succeeded at every further turn
      const std::size_t most = limit.load_relaxed();
      if (held > most || most - held < n) return false;
    } while (!count.cas_weak_relaxed(held, held + n));
    return true;
  }

  // atomics: counts and limits, all relaxed; only their own values matter
  Count max_entries_;
  Count max_bytes_;
  alignas(base::kCacheLine) Count entries_{0};
  Count bytes_{0};
};

}  // namespace larder::memory
