// For tests: an engine whose operations stay pending until the test completes them, a clock moved
// by hand, and coroutines that a test starts and destroys. The suspended part of the seam can be
// forced through each of its interleavings with it.
//
// Thread safety: every member may be called from any thread.
#pragma once

#include <algorithm>
#include <coroutine>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "base/atomic.h"
#include "larder/engine.h"
#include "larder/manager.h"
#include "sync/event.h"
#include "sync/mutex.h"

namespace larder::engine {

// Starts at 1 s; stands still until moved. What a test did before a move is visible to whoever
// sees the new time.
class HandClock final : public Clock {
 public:
  std::int64_t now_ns() const noexcept override {
    return now_ns_.load_acquire();  // pairs with advance()
  }
  std::int64_t wall_ns() const noexcept override { return now_ns(); }
  std::chrono::nanoseconds poll_interval() const noexcept override {
    return std::chrono::milliseconds(1);
  }
  void advance(std::chrono::nanoseconds span) noexcept {
    now_ns_.add_release(span.count());  // pairs with now_ns()
  }

 private:
  base::Atomic<std::int64_t> now_ns_{1'000'000'000};  // role: the time
};

// Every operation is pending. An outcome is what `outcome` writes; by default a miss.
class PendingEngine final : public Engine {
 public:
  // Runs in start() after the operation was queued; may complete it or end its context.
  std::function<void(Operation&)> on_start;
  std::function<void(Operation&)> outcome;

  Progress start(Operation& op) noexcept override {
    {
      sync::MutexLock lock(mutex_);
      pending_.push_back(&op);
    }
    if (on_start) on_start(op);
    return Progress::pending;
  }
  bool leave(Operation& op) noexcept override {
    sync::MutexLock lock(mutex_);
    ++leave_calls_;
    return std::erase(pending_, &op) == 1;
  }

  // The oldest pending operation, which cannot be left from now on; null when there is none.
  Operation* take() {
    sync::MutexLock lock(mutex_);
    if (pending_.empty()) return nullptr;
    Operation* const op = pending_.front();
    pending_.erase(pending_.begin());
    return op;
  }
  void complete(Operation& op) {
    if (outcome) outcome(op);
    op.complete();
  }
  // Completes what is pending; says how many there were.
  std::size_t complete_all() {
    std::vector<Operation*> taken;
    {
      sync::MutexLock lock(mutex_);
      taken.swap(pending_);
    }
    for (Operation* op : taken) complete(*op);
    return taken.size();
  }
  std::size_t pending() const {
    sync::MutexLock lock(mutex_);
    return pending_.size();
  }
  std::size_t leave_calls() const {
    sync::MutexLock lock(mutex_);
    return leave_calls_;
  }

  bool closed() const noexcept override { return closed_.load_relaxed(); }
  void collect(Stats&) const override {}
  Health health(const Context&) override { return {Health::State::degraded, {"fake"}, {}}; }
  Result<void> close(std::optional<std::int64_t> deadline_ns) override {
    closed_.store_relaxed(true);
    close_deadline_ns = deadline_ns;
    if (on_close) on_close();
    return close_result;
  }
  Result<void> resize(std::size_t, std::size_t) override { return {}; }
  void maintain() override {}
  std::string validate() const override { return {}; }

  Result<void> close_result;
  std::function<void()> on_close;
  std::optional<std::int64_t> close_deadline_ns;  // of the last close()

 private:
  mutable sync::Mutex mutex_{sync::Rank::kEngine};
  std::vector<Operation*> pending_ LARDER_GUARDED_BY(mutex_);
  std::size_t leave_calls_ LARDER_GUARDED_BY(mutex_) = 0;
  base::Atomic<bool> closed_{false};  // role: refuses new work
};

// Hands out one engine made beforehand.
class GivenProvider final : public Provider {
 public:
  explicit GivenProvider(std::shared_ptr<Engine> engine) : engine_(std::move(engine)) {}
  Result<std::shared_ptr<Engine>> open(const CacheSettings&,
                                       std::shared_ptr<const CacheTraits>) override {
    return engine_;
  }

 private:
  std::shared_ptr<Engine> engine_;
};

// A cache over a PendingEngine.
template <class T>
struct PendingCache {
  std::shared_ptr<HandClock> clock = std::make_shared<HandClock>();
  std::shared_ptr<PendingEngine> engine = std::make_shared<PendingEngine>();
  Manager manager;
  Cache<T> cache;

  explicit PendingCache(CacheOptions<T> options = {}) : cache(open(std::move(options))) {}

 private:
  Cache<T> open(CacheOptions<T> options) {
    static_cast<void>(manager.register_provider("fake", std::make_shared<GivenProvider>(engine)));
    options.settings.provider = "fake";
    options.settings.metrics = false;
    options.clock = clock;
    return manager.open<T>("fake", std::move(options)).value();
  }
};

// A coroutine that runs when it is made and that the test may destroy while it is suspended.
class Started {
 public:
  struct promise_type {
    struct SignalEnd {
      bool await_ready() noexcept { return false; }
      void await_suspend(std::coroutine_handle<promise_type> self) noexcept {
        self.promise().ended.set();  // the owner may destroy it from now on
      }
      void await_resume() noexcept {}
    };
    sync::Event ended;

    Started get_return_object() noexcept {
      return Started(std::coroutine_handle<promise_type>::from_promise(*this));
    }
    std::suspend_never initial_suspend() noexcept { return {}; }
    SignalEnd final_suspend() noexcept { return {}; }
    void return_void() noexcept {}
    void unhandled_exception() noexcept { std::terminate(); }
  };

  Started(Started&& other) noexcept : handle_(std::exchange(other.handle_, nullptr)) {}
  Started& operator=(Started&&) = delete;
  ~Started() { destroy(); }

  // Until the coroutine has run to its end, on whatever thread.
  void wait() const noexcept { handle_.promise().ended.wait(); }
  // Only while no other thread can be running it.
  void destroy() noexcept {
    if (auto handle = std::exchange(handle_, nullptr)) handle.destroy();
  }

 private:
  explicit Started(std::coroutine_handle<promise_type> handle) noexcept : handle_(handle) {}

  std::coroutine_handle<promise_type> handle_;
};

}  // namespace larder::engine
