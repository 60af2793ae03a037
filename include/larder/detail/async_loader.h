// Loaders of the coroutine face: they may answer at once or be coroutines, and they belong to the
// flight, so that a load survives the caller that began it. Used by async.h alone.
// Thread safety: as user_calls.h; a coroutine loader may be resumed on any thread.
#pragma once

#include <coroutine>
#include <exception>
#include <functional>
#include <memory>
#include <type_traits>
#include <utility>

#include "larder/detail/user_calls.h"

namespace larder::detail {

template <class X>
concept Awaiter = requires(X& x, std::coroutine_handle<> waiter) {
  x.await_ready() ? true : false;
  x.await_suspend(waiter);
  x.await_resume();
};
template <class X>
concept CanAwait = Awaiter<X> || requires(X&& x) { std::forward<X>(x).operator co_await(); } ||
                   requires(X&& x) { operator co_await(std::forward<X>(x)); };

/// Ends a load; the waiters that it completes are resumed after the engine is done with it.
void finish_load(LoadTicket ticket, std::span<LoadOutcome> outcomes) noexcept;

/// A coroutine that nobody awaits: it owns itself.
struct Detached {
  struct promise_type {
    Detached get_return_object() noexcept { return {}; }
    std::suspend_never initial_suspend() noexcept { return {}; }
    std::suspend_never final_suspend() noexcept { return {}; }
    void return_void() noexcept {}
    void unhandled_exception() noexcept { std::terminate(); }  // the body catches everything
  };
};

/// Owns the user's loader. `kBatch`: it is given all missing keys at once.
template <class T, class F, bool kBatch>
class AsyncLoader final : public Loader,
                          public std::enable_shared_from_this<AsyncLoader<T, F, kBatch>> {
 public:
  AsyncLoader(F load, bool wipes) : load_(std::move(load)), wipes_(wipes) {}

  void start(LoadTicket ticket) noexcept override {
    if constexpr (kAwaits) {
      drive(this->shared_from_this(), std::move(ticket));
    } else {
      PlainLoader<T, F, kBatch>(load_, wipes_).start(std::move(ticket));
    }
  }
  [[nodiscard]] bool is_synchronous() const noexcept override { return !kAwaits; }

 private:
  static decltype(auto) call(F& load, LoadContext& context) {
    if constexpr (kBatch) {
      return call_batch_loader(load, context);
    } else {
      return call_loader(load, context);
    }
  }
  static constexpr bool kAwaits =
      CanAwait<decltype(call(std::declval<F&>(), std::declval<LoadContext&>()))>;

  static Detached drive(std::shared_ptr<AsyncLoader> self, LoadTicket ticket) {
    LoadedValues<T> loaded(ticket.context().keys().size(), self->wipes_);
    try {
      if constexpr (kBatch) {
        loaded.accept_all(co_await call(self->load_, ticket.context()));
      } else {
        loaded.accept_one(co_await call(self->load_, ticket.context()));
      }
    } catch (...) {
      fail_all(loaded.outcomes, Error::from_exception(std::current_exception(), "the loader"));
    }
    finish_load(std::move(ticket), loaded.outcomes);
  }

  F load_;
  const bool wipes_;
};

template <class T, bool kBatch, class F>
std::shared_ptr<Loader> own_loader(F&& load, bool wipes) {
  return std::make_shared<AsyncLoader<T, std::decay_t<F>, kBatch>>(std::forward<F>(load), wipes);
}

}  // namespace larder::detail
