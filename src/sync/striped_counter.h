// Counters that many threads raise without sharing a line of memory. Used by the engines for hits,
// misses and their like: a group of counters that one operation touches lies in one line per
// thread.
//
// Thread safety: every member may be called from any thread at any time, except the destructor.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <new>

#include "base/atomic.h"
#include "sync/thread_slot.h"

namespace larder::sync {

// Threads whose slot is below this have a stripe of their own; the others share one.
inline constexpr std::size_t kOwnStripes = 63;

// N counters of 64 bits, striped. A stripe is made at the first add() of its thread, so that a
// cache used by few threads stays small. Stripe i is written only by the owner of thread slot i, by
// a plain load and store; the shared stripe by read-modify-writes. A slot passes from thread to
// thread under the registry's lock, so the next owner continues from the last value.
// All accesses of counters are relaxed: sums are statistics and order nothing. A sum never falls
// for one reader while nobody subtracts. Counters wrap around, so a negative amount may be added.
template <std::size_t N>
class StripedCounters {
  static_assert(N >= 1);

 public:
  StripedCounters() = default;
  ~StripedCounters() {
    for (auto& place : stripes_) delete place.load_acquire();  // pairs with make_stripe()
  }
  StripedCounters(const StripedCounters&) = delete;
  StripedCounters& operator=(const StripedCounters&) = delete;

  void add(std::size_t counter, std::uint64_t n = 1) noexcept {
    const std::size_t slot = thread_slot();
    if (slot < kOwnStripes) [[likely]] {
      Stripe* stripe = stripes_[slot].load_relaxed();  // made by this slot's owners only
      if (stripe == nullptr) [[unlikely]]
        stripe = make_stripe(slot);
      if (stripe != nullptr) [[likely]] {
        auto& value = stripe->values[counter];
        value.store_relaxed(value.load_relaxed() + n);
        return;
      }
    }
    shared_.values[counter].add_relaxed(n);
  }

  void sub(std::size_t counter, std::uint64_t n = 1) noexcept { add(counter, 0 - n); }

  std::uint64_t sum(std::size_t counter) const noexcept {
    std::uint64_t total = shared_.values[counter].load_relaxed();
    for (const auto& place : stripes_) {
      const Stripe* stripe = place.load_acquire();  // pairs with make_stripe()
      if (stripe != nullptr) total += stripe->values[counter].load_relaxed();
    }
    return total;
  }

 private:
  struct alignas(base::kCacheLine) Stripe {
    std::array<base::Atomic<std::uint64_t>, N> values{};  // role: statistics
  };

  // Null when there is no memory: the caller then counts in the shared stripe.
  [[gnu::cold, gnu::noinline]] Stripe* make_stripe(std::size_t slot) noexcept {
    auto* stripe = new (std::nothrow) Stripe;
    stripes_[slot].store_release(stripe);  // pairs with sum()
    return stripe;
  }

  // atomics
  std::array<base::Atomic<Stripe*>, kOwnStripes> stripes_{};  // role: publishes each stripe, once
  Stripe shared_;
};

// One striped counter.
class StripedCounter {
 public:
  void add(std::uint64_t n = 1) noexcept { counters_.add(0, n); }
  void sub(std::uint64_t n = 1) noexcept { counters_.sub(0, n); }
  std::uint64_t sum() const noexcept { return counters_.sum(0); }

 private:
  StripedCounters<1> counters_;
};

}  // namespace larder::sync
