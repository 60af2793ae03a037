// A small dense number for every thread that uses the library, and the word in which the thread
// says that it reads. Used by epoch.h for the word, and for striping by the counters and the limbo.
//
// A slot is claimed by a thread at its first use and given back when the thread ends; the lowest
// free one is taken first, so that numbers stay dense. Slots live in chunks that are never moved or
// freed (their number is bounded by the most threads that were ever alive at once), so that a
// writer may look at a slot while its owner ends.
//
// A thread that uses the library in its very last breath (a fourth round of destructors of
// pthread keys) keeps its slot for ever: a leak of 64 bytes, never an error. The child of a fork()
// that does not exec must not use the library.
//
// Thread safety: each function may be called from any thread at any time.
#pragma once

#include <cstddef>
#include <cstdint>

#include "base/atomic.h"

namespace larder::sync {

// One slot. Owned by at most one thread at a time; readable by all at any time.
struct alignas(base::kCacheLine) ThreadSlot {
  // Odd inside of a read section, even outside. Written by the owner. Role and orders: S in
  // epoch.h.
  base::Atomic<std::uint64_t> sequence{0};
  // Role and orders: P in epoch.h.
  base::Atomic<std::uint64_t> parked{0};
  std::size_t index = 0;  // constant after the slot is made
};

// What a thread keeps about itself. Constant-initialised and trivially destructible, so that the
// fast paths reach it without a guard.
struct ThreadRecord {
  ThreadSlot* slot = nullptr;  // null until claimed
  std::uint32_t depth = 0;     // nesting of read sections
  bool writes_by_rmw = false;  // how read sections are announced: see epoch.h
  bool is_collecting = false;  // inside Limbo::collect(): see limbo.h
};

#if defined(__GNUC__)
#define LARDER_INITIAL_EXEC [[gnu::tls_model("initial-exec")]]
#else
#define LARDER_INITIAL_EXEC
#endif

LARDER_INITIAL_EXEC extern constinit thread_local ThreadRecord t_thread;

// Claims a slot for this thread, which has none. The slow half of thread_slot().
[[gnu::cold, gnu::noinline]] ThreadSlot& claim_thread_slot() noexcept;

// The slot of this thread.
inline ThreadSlot& own_thread_slot() noexcept {
  ThreadSlot* slot = t_thread.slot;
  if (slot == nullptr) [[unlikely]]
    return claim_thread_slot();
  return *slot;
}

// The number of this thread: unique among the threads alive, dense from 0.
inline std::size_t thread_slot() noexcept { return own_thread_slot().index; }

// Slots made so far: an upper bound of the numbers in use. The read is a read-modify-write, so
// that it orders with the making of slots (see epoch.h).
std::size_t thread_slot_count() noexcept;

// The slot of a number below thread_slot_count().
ThreadSlot& thread_slot_at(std::size_t index) noexcept;

}  // namespace larder::sync
