// What AsyncCache<T> returns: an operation that can be awaited once. Used by async.h alone.
// Thread safety: an awaitable belongs to the coroutine that awaits it; the library resumes it on
// one thread. Destroying a suspended coroutine is safe from any thread, as long as no other thread
// resumes or destroys it at the same time: nothing of it is touched afterwards.
#pragma once

#include <coroutine>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <tuple>
#include <type_traits>
#include <utility>

#include "larder/batch.h"
#include "larder/context.h"
#include "larder/detail/calls.h"
#include "larder/detail/core.h"
#include "larder/detail/search_calls.h"
#include "larder/detail/user_calls.h"

namespace larder {

namespace detail {
class Suspension;  // defined in src/engine/suspension.h
}

/// Resumes one waiting coroutine when it is called; the first call counts. It may be copied, moved
/// to another thread, and dropped (the coroutine then stays suspended until it is destroyed). Calls
/// after the coroutine was destroyed do nothing.
class Resumption {
 public:
  explicit Resumption(detail::Suspension& suspension) noexcept;
  Resumption(const Resumption& other) noexcept;
  Resumption(Resumption&& other) noexcept
      : suspension_(std::exchange(other.suspension_, nullptr)) {}
  Resumption& operator=(Resumption other) noexcept {
    std::swap(suspension_, other.suspension_);
    return *this;
  }
  ~Resumption();

  void operator()() const noexcept;

 private:
  detail::Suspension* suspension_;  // a share of it; null after being moved from
};

/// Where coroutines go on: posts the Resumption to a thread or executor of the user's.
using Resumer = std::function<void(Resumption)>;

namespace detail {

/// One wait of a coroutine for one operation.
class Waiting {
 public:
  Waiting(std::shared_ptr<CacheCore> core, std::shared_ptr<const Resumer> resumer) noexcept;
  /// Leaves a pending operation.
  ~Waiting();
  Waiting(const Waiting&) = delete;
  Waiting& operator=(const Waiting&) = delete;

  /// Starts `op`. True: `waiter` is suspended and will be resumed, maybe already on another thread,
  /// so that this object may be gone. False: the outcome is there.
  bool start(Operation& op, std::coroutine_handle<> waiter);
  /// The coroutine goes on: nothing comes for it any more.
  void finish() noexcept;
  [[nodiscard]] CacheCore& core() const noexcept { return *core_; }

 private:
  static void completed(Operation& op, void* self) noexcept;

  const std::shared_ptr<CacheCore> core_;
  const std::shared_ptr<const Resumer> resumer_;  // null: on the completing thread
  Suspension* suspension_ = nullptr;              // made when the operation is pending
  alignas(std::uintptr_t) unsigned char handshake_[sizeof(std::uintptr_t)];  // an atomic word
  bool started_ = false;
};

inline void wipe_owned(Keys& keys) noexcept { keys.wipe(); }
template <class T>
void wipe_owned(Pairs<T>& pairs) noexcept {
  pairs.wipe();
}
template <class X>
void wipe_owned(X&) noexcept {}

inline void wipe_value(WriteOptions& options) noexcept { secure_wipe(options.tags); }

/// An argument of an awaited call. It wipes itself where the cache says so, on each station of its
/// way into the awaitable: moving leaves the bytes of what lies inside X behind.
template <class X>
class OwnedArgument {
 public:
  OwnedArgument(X value, bool wipes) : value_(std::move(value)), wipes_(wipes) {
    if (wipes_) wipe_value(value);
  }
  OwnedArgument(OwnedArgument&&) noexcept = default;
  OwnedArgument& operator=(OwnedArgument&&) = delete;
  ~OwnedArgument() {
    if (wipes_) wipe_value(value_);
  }
  X& value() noexcept { return value_; }
  const X& value() const noexcept { return value_; }

 private:
  X value_;
  bool wipes_;
};
struct OwnedText : OwnedArgument<std::string> {
  using OwnedArgument::OwnedArgument;
  operator std::string_view() const noexcept { return value(); }
};
template <class T>
struct OwnedValue : OwnedArgument<T> {
  using OwnedArgument<T>::OwnedArgument;
  operator void*() noexcept { return std::addressof(this->value()); }
};
struct OwnedWrite : OwnedArgument<WriteOptions> {
  using OwnedArgument::OwnedArgument;
  operator const WriteOptions&() const noexcept { return value(); }
};

/// A search made from arguments that the awaitable owns.
template <class Call>
struct OwnedSearch : Call {
  OwnedSearch(Opcode code, std::string_view index, std::string_view pattern,
              std::string_view cursor, std::size_t limit, bool batch, const Keys& terms,
              const Keys& except) noexcept
      : Call(code, SearchInput{.index = index,
                               .pattern = pattern,
                               .terms = terms.views(),
                               .except = except.views(),
                               .cursor = cursor,
                               .limit = limit,
                               .batch = batch}) {}
};

template <class Call>
inline constexpr bool is_plain_read = false;
template <class T>
inline constexpr bool is_plain_read<ReadCall<T>> = true;

/// A call together with its arguments. `co_await` it where it is made: it can be neither stored
/// and awaited later by name, nor moved.
template <class Call, class... Owned>
class [[nodiscard("larder: an operation does nothing until it is awaited")]] Awaitable {
 public:
  Awaitable(std::shared_ptr<CacheCore> core, const std::shared_ptr<const Context>& context,
            std::shared_ptr<const Resumer> resumer, Owned... owned)
      : waiting_(std::move(core), std::move(resumer)),
        owned_(std::move(owned)...),
        call_(std::apply([](Owned&... arguments) { return Call(arguments...); }, owned_)) {
    if (context != nullptr) call_.op.context = *context;
    bound_ = context != nullptr;
  }
  Awaitable(const Awaitable&) = delete;
  Awaitable& operator=(const Awaitable&) = delete;
  ~Awaitable() {
    waiting_.finish();
    if (waiting_.core().wipes()) {
      std::apply([](Owned&... arguments) { (wipe_owned(arguments), ...); }, owned_);
    }
  }

  class Awaiter {
   public:
    explicit Awaiter(Awaitable& awaitable) noexcept : awaitable_(awaitable) {}
    bool await_ready() noexcept { return awaitable_.find_directly(); }
    bool await_suspend(std::coroutine_handle<> waiter) {
      return awaitable_.waiting_.start(awaitable_.call_.op, waiter);
    }
    auto await_resume() {
      awaitable_.waiting_.finish();
      return take_answer(awaitable_.call_, awaitable_.waiting_.core().wipes());
    }

   private:
    Awaitable& awaitable_;
  };

  Awaiter operator co_await() && noexcept { return Awaiter(*this); }
  template <class Self = Awaitable>
  Awaiter operator co_await() & noexcept {
    static_assert(dependent_false<Self>,
                  "larder: await the call where it is made: co_await cache.async().get(key)");
    return Awaiter(*this);
  }

 private:
  bool find_directly() noexcept {
    if constexpr (is_plain_read<Call>) {
      const std::string_view key = call_.item.key;
      if (bound_ || call_.op.code != Opcode::get || key.size() - 1 >= kMaxKeyBytes) return false;
      const Found found = waiting_.core().direct().find(key, call_.item.value);
      call_.item.hit = found == Found::hit;
      return found != Found::ask;
    }
    return false;
  }

  Waiting waiting_;
  std::tuple<Owned...> owned_;
  Call call_;  // points into owned_
  bool bound_;
};

}  // namespace detail
}  // namespace larder
