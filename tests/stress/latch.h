// Latch: what a coroutine waits for until somebody opens it; one waiter. For loaders that must
// not end before the test says so.
// Thread safety: open() from any thread, once; awaited once. It outlives both.
#pragma once

#include <atomic>
#include <coroutine>

namespace larder::stress {

class Latch {
 public:
  Latch() = default;
  Latch(const Latch&) = delete;
  Latch& operator=(const Latch&) = delete;

  /// Resumes the waiter, now or as soon as it comes.
  void open() noexcept {
    // Pairs with await_suspend(): one of the two sees the other.
    void* const waiter = state_.exchange(this, std::memory_order_acq_rel);
    if (waiter != nullptr) std::coroutine_handle<>::from_address(waiter).resume();
  }

  auto operator co_await() noexcept { return Awaiter{*this}; }

 private:
  struct Awaiter {
    Latch& latch;

    [[nodiscard]] bool await_ready() const noexcept { return false; }
    [[nodiscard]] bool await_suspend(std::coroutine_handle<> waiter) const noexcept {
      void* closed = nullptr;
      return latch.state_.compare_exchange_strong(closed, waiter.address(),
                                                  std::memory_order_acq_rel);
    }
    void await_resume() const noexcept {}
  };

  std::atomic<void*> state_{nullptr};  // role: null closed, `this` open, else the waiter
};

}  // namespace larder::stress
