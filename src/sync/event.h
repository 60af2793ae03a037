// A one-shot event: threads wait until another thread says that it happened. Used by the blocking
// face to wait for an operation that an engine finishes later.
//
// Thread safety: every member may be called from any thread at any time. The event may be destroyed
// as soon as a wait has returned true, also while set() has not returned yet: the last access of
// set() to the object is the one that lets waiters go; what follows uses the address only as a
// number (the kernel may then wake a stranger that waits at the same address, and all waits on
// futexes expect that).
#pragma once

#include <cstdint>

#include "base/atomic.h"
#include "larder/clock.h"

namespace larder::sync {

// States and transitions:
//   kUnset --set--> kSet                 nobody waits: no system call
//   kUnset --wait--> kAwaited            the waiter then sleeps, unless the state changed
//   kAwaited --set--> kSet               wakes all sleepers
// kSet is final. The set is a release, the look of a waiter an acquire: what was done before set()
// is visible after a successful wait. A waiter cannot miss the set: the kernel compares the word
// with kAwaited before it puts the waiter to sleep.
class Event {
 public:
  Event() = default;
  Event(const Event&) = delete;
  Event& operator=(const Event&) = delete;

  // Lets all present and later waiters go. Calls after the first have no effect, but the object
  // must still be alive for them.
  void set() noexcept;

  bool is_set() const noexcept { return state_.load_acquire() == kSet; }  // pairs with set()

  // Blocks until set.
  void wait() noexcept;

  // Blocks until set (true) or until `clock` reaches `deadline_ns` (false), in naps of at most
  // clock.poll_interval(). The deadline may be max(): none.
  bool wait_until(std::int64_t deadline_ns, const Clock& clock) noexcept;

 private:
  static constexpr std::uint32_t kUnset = 0;
  static constexpr std::uint32_t kSet = 1;
  static constexpr std::uint32_t kAwaited = 2;

  // Announces a sleeper; false when the event is set.
  bool announce_waiter() noexcept;

  base::Atomic<std::uint32_t> state_{kUnset};  // role: the states above, and the futex word
};

}  // namespace larder::sync
