// The locks of the library: a mutex with a rank, its scoped holders and a condition variable. Used
// by every folder that guards state; the only internal home of std::mutex.
//
// Thread safety: Mutex and CondVar may be used from any thread; a holder belongs to the thread that
// made it. Held only for short, bounded work: never across user code, I/O or a load.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <limits>
#include <mutex>

#include "larder/clock.h"
#include "sync/annotations.h"
#include "sync/lock_checks.h"
#include "sync/rank.h"

namespace larder::sync {

// A mutex that knows its place in the order of locks. `sequence` orders locks of one rank where
// the rank allows siblings. The place is kept and checked where LARDER_LOCK_CHECKS is 1; elsewhere
// a Mutex is a bare std::mutex.
class LARDER_CAPABILITY("mutex") Mutex {
 public:
#if LARDER_LOCK_CHECKS
  explicit Mutex(Rank rank, unsigned sequence = 0) noexcept : rank_(rank), sequence_(sequence) {}
#else
  constexpr explicit Mutex(Rank, unsigned = 0) noexcept {}
#endif
  Mutex(const Mutex&) = delete;
  Mutex& operator=(const Mutex&) = delete;

  void lock() noexcept LARDER_ACQUIRE() {
    check_order();
    mutex_.lock();
    note_acquired();
  }

  // Takes the lock if it is free. Allowed in any order of ranks, because it never waits.
  bool try_lock() noexcept LARDER_TRY_ACQUIRE(true) {
    if (!mutex_.try_lock()) return false;
    note_acquired();
    return true;
  }

  void unlock() noexcept LARDER_RELEASE() {
    note_released();
    mutex_.unlock();
  }

  // Checked builds fail here when the calling thread does not hold the lock.
  void assert_held() const noexcept LARDER_ASSERT_HELD(this);

 private:
  friend class CondVar;

#if LARDER_LOCK_CHECKS
  void check_order() const noexcept { check_lock_order(this, rank_, sequence_); }
  void note_acquired() const noexcept { sync::note_acquired(this, rank_, sequence_); }
  void note_released() const noexcept { sync::note_released(this); }
#else
  void check_order() const noexcept {}
  void note_acquired() const noexcept {}
  void note_released() const noexcept {}
#endif

  std::mutex mutex_;  // own synchronisation
#if LARDER_LOCK_CHECKS
  // constant after construction
  const Rank rank_;
  const unsigned sequence_;
#endif
};

// Holds a mutex from its construction to its destruction.
class LARDER_SCOPED MutexLock {
 public:
  explicit MutexLock(Mutex& mutex) noexcept LARDER_ACQUIRE(mutex) : mutex_(mutex) { mutex_.lock(); }
  ~MutexLock() LARDER_RELEASE() { mutex_.unlock(); }
  MutexLock(const MutexLock&) = delete;
  MutexLock& operator=(const MutexLock&) = delete;

 private:
  Mutex& mutex_;
};

// Holds a mutex, and can let it go and take it again: for waits and for work between two parts.
class LARDER_SCOPED UniqueLock {
 public:
  explicit UniqueLock(Mutex& mutex) noexcept LARDER_ACQUIRE(mutex) : mutex_(mutex), owns_(true) {
    mutex_.lock();
  }
  ~UniqueLock() LARDER_RELEASE() {
    if (owns_) mutex_.unlock();
  }
  UniqueLock(const UniqueLock&) = delete;
  UniqueLock& operator=(const UniqueLock&) = delete;

  void lock() noexcept LARDER_ACQUIRE() {
    mutex_.lock();
    owns_ = true;
  }
  void unlock() noexcept LARDER_RELEASE() {
    owns_ = false;
    mutex_.unlock();
  }
  bool owns_lock() const noexcept { return owns_; }

 private:
  friend class CondVar;

  Mutex& mutex_;
  bool owns_;
};

// No deadline, for the waits below and in Event.
inline constexpr std::int64_t kNoDeadlineNs = std::numeric_limits<std::int64_t>::max();

// A condition variable. All waits may return without cause: call them in a loop over a condition
// that the lock guards.
class CondVar {
 public:
  CondVar() = default;
  CondVar(const CondVar&) = delete;
  CondVar& operator=(const CondVar&) = delete;

  void notify_one() noexcept { condition_.notify_one(); }
  void notify_all() noexcept { condition_.notify_all(); }

  // Lets the lock go, waits for a notification, takes the lock again.
  void wait(UniqueLock& lock) noexcept;

  // The same, but for at most `duration` of real time.
  void wait_for(UniqueLock& lock, std::chrono::nanoseconds duration) noexcept;

  // The same, up to an instant of `clock`, in naps of at most clock.poll_interval(). Returns false
  // when the instant has passed; true asks the caller to look at its condition again.
  bool wait_until(UniqueLock& lock, std::int64_t deadline_ns, const Clock& clock) noexcept;

 private:
  std::condition_variable condition_;  // own synchronisation
};

}  // namespace larder::sync
