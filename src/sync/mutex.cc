// The waits of the condition variable, and the nap that all waits on a Clock are made of.
//
// Thread safety: as in mutex.h.
#include "sync/mutex.h"

#include <algorithm>

#include "base/check.h"
#include "sync/nap.h"

namespace larder::sync {

void Mutex::assert_held() const noexcept {
#if LARDER_LOCK_CHECKS
  CHECK(is_held(this) && "the caller must hold the lock");
#endif
}

void CondVar::wait(UniqueLock& lock) noexcept { wait_for(lock, std::chrono::nanoseconds::max()); }

void CondVar::wait_for(UniqueLock& lock, std::chrono::nanoseconds duration) noexcept {
  CHECK(lock.owns_lock());
  Mutex& mutex = lock.mutex_;
  mutex.note_released();
  std::unique_lock<std::mutex> inner(mutex.mutex_, std::adopt_lock);
  if (duration == std::chrono::nanoseconds::max()) {
    condition_.wait(inner);
  } else {
    condition_.wait_for(inner, std::clamp(duration, std::chrono::nanoseconds::zero(), kLongestNap));
  }
  inner.release();
  mutex.note_acquired();
}

bool CondVar::wait_until(UniqueLock& lock, std::int64_t deadline_ns, const Clock& clock) noexcept {
  const std::chrono::nanoseconds nap = next_nap(deadline_ns, clock);
  if (nap <= std::chrono::nanoseconds::zero()) return false;
  wait_for(lock, nap);
  return true;
}

}  // namespace larder::sync
