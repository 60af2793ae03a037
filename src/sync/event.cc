// The sleeping and waking of Event.
//
// Thread safety: as in event.h.
#include "sync/event.h"

#include <chrono>
#include <limits>
#include <time.h>
#include <unistd.h>

#include <linux/futex.h>
#include <sys/syscall.h>

#include "sync/nap.h"

namespace larder::sync {
namespace {

// Sleeps while the word holds `expected`, at most for `nap`. May wake without cause.
void futex_wait(std::uint32_t* word, std::uint32_t expected,
                std::chrono::nanoseconds nap) noexcept {
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(nap);
  const timespec timeout{.tv_sec = static_cast<time_t>(seconds.count()),
                         .tv_nsec = static_cast<long>((nap - seconds).count())};
  syscall(SYS_futex, word, FUTEX_WAIT_PRIVATE, expected, &timeout, nullptr, 0);
}

void futex_wake_all(std::uint32_t* word) noexcept {
  syscall(SYS_futex, word, FUTEX_WAKE_PRIVATE, std::numeric_limits<int>::max(), nullptr, nullptr,
          0);
}

}  // namespace

void Event::set() noexcept {
  std::uint32_t* word = state_.address();
  // Pairs with the acquire looks of waiters; the object may be gone right after it.
  if (state_.exchange_release(kSet) == kAwaited) futex_wake_all(word);
}

bool Event::announce_waiter() noexcept {
  std::uint32_t state = kUnset;
  state_.cas_strong_acquire(state, kAwaited);  // pairs with set()
  return state != kSet;
}

void Event::wait() noexcept {
  while (announce_waiter()) futex_wait(state_.address(), kAwaited, kLongestNap);
}

bool Event::wait_until(std::int64_t deadline_ns, const Clock& clock) noexcept {
  while (announce_waiter()) {  // one turn for each nap or wake-up
    const std::chrono::nanoseconds nap = next_nap(deadline_ns, clock);
    if (nap <= std::chrono::nanoseconds::zero()) return is_set();
    futex_wait(state_.address(), kAwaited, nap);
  }
  return true;
}

}  // namespace larder::sync
