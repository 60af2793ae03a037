// The per-thread record of held locks behind lock_checks.h.
//
// Thread safety: each thread sees and changes only its own record.
#include "sync/lock_checks.h"

#include <cstdio>

#include "base/check.h"

#if LARDER_LOCK_CHECKS

namespace larder::sync {
namespace {

struct HeldLock {
  const void* mutex;
  Rank rank;
  unsigned sequence;
};

// Invariant: the first `count` elements are the locks held, oldest first.
struct HeldLocks {
  HeldLock locks[kMaxHeldLocks];
  int count;
};

constinit thread_local HeldLocks t_held{};

// True when a lock of `rank` and `sequence` may be taken while `held` is.
bool may_follow(const HeldLock& held, Rank rank, unsigned sequence) noexcept {
  if (held.rank != rank) return held.rank < rank;
  return allows_siblings(rank) && held.sequence < sequence;
}

}  // namespace

void check_lock_order(const void* mutex, Rank rank, unsigned sequence) noexcept {
  for (int i = 0; i < t_held.count; ++i) {
    const HeldLock& held = t_held.locks[i];
    CHECK(held.mutex != mutex && "a thread takes a lock that it holds");
    if (may_follow(held, rank, sequence)) continue;
    std::fprintf(stderr, "lock of rank %d (sequence %u) taken under rank %d (sequence %u)\n",
                 static_cast<int>(rank), sequence, static_cast<int>(held.rank), held.sequence);
    CHECK(false && "lock ranks must rise");
  }
}

void note_acquired(const void* mutex, Rank rank, unsigned sequence) noexcept {
  CHECK_LT(t_held.count, kMaxHeldLocks);
  t_held.locks[t_held.count++] = {mutex, rank, sequence};
}

void note_released(const void* mutex) noexcept {
  int at = t_held.count - 1;
  while (at >= 0 && t_held.locks[at].mutex != mutex) --at;
  CHECK(at >= 0 && "a thread releases a lock that it does not hold");
  --t_held.count;
  for (; at < t_held.count; ++at) t_held.locks[at] = t_held.locks[at + 1];
}

bool is_held(const void* mutex) noexcept {
  for (int i = 0; i < t_held.count; ++i) {
    if (t_held.locks[i].mutex == mutex) return true;
  }
  return false;
}

int held_locks() noexcept { return t_held.count; }

void check_no_locks_held() noexcept {
  CHECK(t_held.count == 0 && "user code would run under a lock of the library");
}

}  // namespace larder::sync

#endif  // LARDER_LOCK_CHECKS
