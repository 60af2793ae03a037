// Task<T>: a lazy coroutine for loaders and for users without a coroutine library of their own, and
// sync_wait(), which runs one to its end. Used with the coroutine face (async.h).
// Thread safety: a Task belongs to one owner at a time; it may be resumed on any thread, one at a
// time. sync_wait() may be called from any thread that may block.
#pragma once

#include <coroutine>
#include <cstddef>
#include <exception>
#include <optional>
#include <type_traits>
#include <utility>

namespace larder {

template <class T>
class Task;

namespace detail {

void zero_memory(void* data, std::size_t size) noexcept;

/// What the promises of all tasks share: who awaits, and what was thrown.
class TaskPromiseBase {
 public:
  struct FinalAwaiter {
    bool await_ready() noexcept { return false; }
    template <class Promise>
    std::coroutine_handle<> await_suspend(std::coroutine_handle<Promise> task) noexcept {
      return task.promise().continuation_;
    }
    void await_resume() noexcept {}
  };

  std::suspend_always initial_suspend() noexcept { return {}; }
  FinalAwaiter final_suspend() noexcept { return {}; }
  void unhandled_exception() noexcept { thrown_ = std::current_exception(); }

  void continue_with(std::coroutine_handle<> continuation) noexcept {
    continuation_ = continuation;
  }

 protected:
  void rethrow() const {
    if (thrown_) std::rethrow_exception(thrown_);
  }

 private:
  std::coroutine_handle<> continuation_ = std::noop_coroutine();
  std::exception_ptr thrown_;
};

template <class T>
class TaskPromise final : public TaskPromiseBase {
 public:
  Task<T> get_return_object() noexcept;
  template <class U>
    requires std::is_convertible_v<U&&, T>
  void return_value(U&& value) {
    value_.emplace(std::forward<U>(value));
  }
  T result() {
    rethrow();
    const Emptied emptied{value_};
    return *std::move(value_);
  }

 private:
  // Moving leaves the bytes of what lies inside a T behind; a coroutine's frame is no place for
  // them, since loads carry secrets through it.
  struct Emptied {
    std::optional<T>& value;
    ~Emptied() {
      T* const storage = &*value;
      value.reset();
      zero_memory(static_cast<void*>(storage), sizeof(T));
    }
  };

  std::optional<T> value_;
};

template <>
class TaskPromise<void> final : public TaskPromiseBase {
 public:
  inline Task<void> get_return_object() noexcept;
  void return_void() noexcept {}
  void result() const { rethrow(); }
};

}  // namespace detail

/// A coroutine that starts when it is awaited and resumes its awaiter when it ends. Its end, value
/// or exception, is the result of `co_await`. Destroying a suspended task cancels it: what it waits
/// for is left. Awaited once, as an rvalue: `co_await load(key)`.
template <class T = void>
class [[nodiscard("larder: a Task does nothing until it is awaited")]] Task {
 public:
  using promise_type = detail::TaskPromise<T>;
  using value_type = T;

  Task(Task&& other) noexcept : handle_(std::exchange(other.handle_, nullptr)) {}
  Task& operator=(Task&& other) noexcept {
    if (this != &other) {
      if (handle_) handle_.destroy();
      handle_ = std::exchange(other.handle_, nullptr);
    }
    return *this;
  }
  ~Task() {
    if (handle_) handle_.destroy();
  }

  class Awaiter {
   public:
    explicit Awaiter(std::coroutine_handle<promise_type> task) noexcept : task_(task) {}
    bool await_ready() const noexcept { return false; }
    std::coroutine_handle<> await_suspend(std::coroutine_handle<> awaiting) noexcept {
      task_.promise().continue_with(awaiting);
      return task_;
    }
    T await_resume() { return task_.promise().result(); }

   private:
    std::coroutine_handle<promise_type> task_;
  };
  Awaiter operator co_await() && noexcept { return Awaiter(handle_); }

 private:
  friend promise_type;
  explicit Task(std::coroutine_handle<promise_type> handle) noexcept : handle_(handle) {}

  std::coroutine_handle<promise_type> handle_;  // null after being moved from
};

namespace detail {

template <class T>
Task<T> TaskPromise<T>::get_return_object() noexcept {
  return Task<T>(std::coroutine_handle<TaskPromise>::from_promise(*this));
}
inline Task<void> TaskPromise<void>::get_return_object() noexcept {
  return Task<void>(std::coroutine_handle<TaskPromise>::from_promise(*this));
}

/// A one-shot gate: wait() returns after open(). It may be destroyed as soon as wait() returned.
class Gate {
 public:
  Gate() noexcept;
  ~Gate();
  Gate(const Gate&) = delete;
  Gate& operator=(const Gate&) = delete;
  void open() noexcept;
  void wait() noexcept;

 private:
  alignas(8) std::byte storage_[8];  // a sync::Event
};

/// The coroutine around the task that sync_wait() runs: opens the gate at its end.
struct GateCoroutine {
  struct promise_type {
    Gate* gate = nullptr;
    struct OpenGate {
      bool await_ready() noexcept { return false; }
      void await_suspend(std::coroutine_handle<promise_type> self) noexcept {
        self.promise().gate->open();
      }
      void await_resume() noexcept {}
    };
    GateCoroutine get_return_object() noexcept {
      return {std::coroutine_handle<promise_type>::from_promise(*this)};
    }
    std::suspend_always initial_suspend() noexcept { return {}; }
    OpenGate final_suspend() noexcept { return {}; }
    void return_void() noexcept {}
    void unhandled_exception() noexcept { std::terminate(); }  // the body catches everything
  };
  std::coroutine_handle<promise_type> handle;
};

template <class T>
using TaskResult = std::conditional_t<std::is_void_v<T>, bool, std::optional<T>>;

template <class T>
GateCoroutine run_into(Task<T>& task, TaskResult<T>& result, std::exception_ptr& thrown) {
  try {
    if constexpr (std::is_void_v<T>) {
      co_await std::move(task);
    } else {
      result.emplace(co_await std::move(task));
    }
  } catch (...) {
    thrown = std::current_exception();
  }
}

}  // namespace detail

/// Runs `task` on this thread as far as it goes, and waits until it has ended, wherever that is.
/// Returns its value or rethrows what it threw.
template <class T>
T sync_wait(Task<T> task) {
  detail::Gate gate;
  detail::TaskResult<T> result{};
  std::exception_ptr thrown;
  const detail::GateCoroutine runner = detail::run_into(task, result, thrown);
  runner.handle.promise().gate = &gate;
  runner.handle.resume();
  gate.wait();
  runner.handle.destroy();
  if (thrown) std::rethrow_exception(thrown);
  if constexpr (!std::is_void_v<T>) return *std::move(result);
}

}  // namespace larder
