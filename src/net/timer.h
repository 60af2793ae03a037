// Timer: one call after a while, on a loop's thread. Used by connections for their limits.
//
// Thread safety: belongs to its loop's thread.
#pragma once

#include <chrono>
#include <functional>
#include <memory>

#include "net/loop.h"

namespace larder::net {

// Idle or set. Calls `on_time` once for the last set(), unless it was cancelled before; never after
// the destructor. `on_time` may set it again; it must not throw.
class Timer {
 public:
  Timer(Loop& loop, std::function<void()> on_time);
  ~Timer();
  Timer(const Timer&) = delete;
  Timer& operator=(const Timer&) = delete;

  // Replaces an earlier set().
  void set(std::chrono::nanoseconds after);
  void cancel() noexcept;

 private:
  struct Impl;
  const std::shared_ptr<Impl> impl_;  // constant after construction; shared with waiting handlers
};

}  // namespace larder::net
