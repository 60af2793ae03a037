// The record of the locks that each thread holds, kept where LARDER_LOCK_CHECKS is 1: ranks must
// only rise, and none may be held where user code runs. Used by mutex.h alone, except
// assert_no_locks_held().
//
// Thread safety: each thread sees and changes only its own record.
#pragma once

#include "sync/rank.h"

// The value must be the same in the whole program: it changes the size of Mutex. The build sets it
// for all targets; without that it follows NDEBUG.
#ifndef LARDER_LOCK_CHECKS
#ifdef NDEBUG
#define LARDER_LOCK_CHECKS 0
#else
#define LARDER_LOCK_CHECKS 1
#endif
#endif

namespace larder::sync {

#if LARDER_LOCK_CHECKS

// Most locks that one thread may hold at a time; more is a programming error.
inline constexpr int kMaxHeldLocks = 288;

// Checks that `mutex` may be taken after all that this thread holds. Called before it blocks.
void check_lock_order(const void* mutex, Rank rank, unsigned sequence) noexcept;

// Records that this thread took `mutex`, or gave it back (any order of release is fine).
void note_acquired(const void* mutex, Rank rank, unsigned sequence) noexcept;
void note_released(const void* mutex) noexcept;

// True when this thread holds `mutex`.
bool is_held(const void* mutex) noexcept;

// Number of locks that this thread holds.
int held_locks() noexcept;

// Fails when this thread holds any lock.
void check_no_locks_held() noexcept;

#endif

// Stands at each `// CALLBACK:`, where user code is about to run. Free where checks are off.
inline void assert_no_locks_held() noexcept {
#if LARDER_LOCK_CHECKS
  check_no_locks_held();
#endif
}

}  // namespace larder::sync
