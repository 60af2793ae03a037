// The recent erases by index term: which loads must not publish because an erase by a term of
// their value came between. Shared by the engines; one log per cache.
//
// Thread safety: all members from any thread; one mutex (Rank::kFlight), and an atomic that lets
// publishing skip the lock while nothing was erased.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <span>
#include <string_view>
#include <vector>

#include "base/atomic.h"
#include "sync/mutex.h"

namespace larder::flight {

// Generations rise by one with each erase. A load notes the generation at which it began; its
// value is fenced when a term of it was erased in a later one.
//
// Why no erase slips through: an eraser raises the generation, then reads the index; a publisher
// adds its terms to the index, then reads the generation. Both touch the index under the same
// stripe lock, so one comes first. If the publisher does, the eraser finds the new member. If the
// eraser does, its raise happened before the publisher's read.
//
// Terms and keys are remembered by marks of 128 bits under the seed of the process: the log
// outlives what it names, and may not keep it. Two of them are never taken for one by accident.
//
// Bound: kMaxFences erases are remembered; a load older than the oldest is taken as fenced, which
// costs a reload and never lets a stale value in.
class FenceLog {
 public:
  static constexpr std::size_t kMaxFences = 256;

  // The generation for a load that begins; pairs with raise().
  [[nodiscard]] std::uint64_t now() const noexcept { return generation_.load_acquire(); }

  // An erase of `term` in `index` begins; it leaves the keys of `except` alone.
  void raise(std::uint32_t index, std::string_view term,
             std::span<const std::string_view> except = {});

  // Whether anything was erased since `began`: the cheap question, asked first.
  [[nodiscard]] bool passed(std::uint64_t began) const noexcept {
    return generation_.load_acquire() != began;  // pairs with raise()
  }
  // Whether anything but what spared `key` was erased since `began`, or may have been.
  [[nodiscard]] bool passed(std::uint64_t began, std::string_view key) const;
  // Whether this very term of `key` was erased since `began`, or may have been.
  [[nodiscard]] bool is_fenced(std::uint64_t began, std::uint32_t index, std::string_view term,
                               std::string_view key) const;

 private:
  struct Mark {
    std::uint64_t high;
    std::uint64_t low;
    friend bool operator==(const Mark&, const Mark&) = default;
  };
  struct Fence {
    std::uint64_t generation;
    std::uint32_t index;
    Mark term;
    std::vector<Mark> except;  // keys
  };

  static Mark mark(std::string_view bytes) noexcept;
  [[nodiscard]] bool has_forgotten(std::uint64_t began) const LARDER_REQUIRES(mutex_);

  mutable sync::Mutex mutex_{sync::Rank::kFlight};
  std::deque<Fence> fences_ LARDER_GUARDED_BY(mutex_);
  // The generation of the latest erase. Stored with release in raise(), loaded with acquire in
  // now() and passed(): who sees a generation sees the fence that made it.
  base::Atomic<std::uint64_t> generation_{0};
};

}  // namespace larder::flight
