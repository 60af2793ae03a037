// CallerLoop: one thread's run loop with the coroutines that it owns. They start, go on and are
// destroyed on that thread alone, as an event loop of a service would do it; the cache hands their
// resumptions to post().
// Thread safety: post() from any thread; the rest belongs to the loop's thread.
#pragma once

#include <coroutine>
#include <cstddef>
#include <deque>
#include <exception>
#include <mutex>
#include <utility>
#include <vector>

#include "larder/async.h"

namespace larder::stress {

/// A coroutine that starts at once and is destroyed by its owner, suspended or ended.
class OwnedCaller {
 public:
  struct promise_type {
    OwnedCaller get_return_object() noexcept {
      return OwnedCaller(std::coroutine_handle<promise_type>::from_promise(*this));
    }
    std::suspend_never initial_suspend() noexcept { return {}; }
    std::suspend_always final_suspend() noexcept { return {}; }
    void return_void() noexcept {}
    void unhandled_exception() noexcept { std::terminate(); }
  };

  OwnedCaller(OwnedCaller&& other) noexcept : handle_(std::exchange(other.handle_, nullptr)) {}
  OwnedCaller& operator=(OwnedCaller&& other) noexcept {
    std::swap(handle_, other.handle_);
    return *this;
  }
  ~OwnedCaller() {
    if (handle_) handle_.destroy();
  }
  [[nodiscard]] bool ended() const { return handle_.done(); }

 private:
  explicit OwnedCaller(std::coroutine_handle<promise_type> handle) noexcept : handle_(handle) {}

  std::coroutine_handle<promise_type> handle_;
};

class CallerLoop {
 public:
  void post(Resumption resumption) {
    const std::lock_guard lock(mutex_);
    posted_.push_back(std::move(resumption));
  }
  /// Resumes what was posted so far; whether there was anything.
  bool run_posted() {
    std::deque<Resumption> posted;
    {
      const std::lock_guard lock(mutex_);
      posted.swap(posted_);
    }
    for (const Resumption& resume : posted) resume();
    return !posted.empty();
  }

 private:
  std::mutex mutex_;
  std::deque<Resumption> posted_;  // guarded by mutex_; bound: the coroutines of the loop
};

}  // namespace larder::stress
