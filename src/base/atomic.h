// Atomic variables whose memory order stands in the name of the method, so that each use says what
// it relies on. Used by every folder above; the only internal home of std::atomic.
//
// Thread safety: every method may be called from any thread at any time; what it orders is in its
// comment. An `acquire` read that sees the value of a `release` write makes all that came before
// the write visible to all that comes after the read. `relaxed` orders nothing.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>

namespace larder::base {

// Size of the unit in which caches of processors share memory; what two threads write often is
// kept this far apart.
inline constexpr std::size_t kCacheLine = 64;

// One atomic variable of a trivially copyable type that the processor handles without a lock.
// Prefer relaxed, then acquire and release; `seq_cst` only with a paragraph that says why.
template <class T>
class Atomic {
  static_assert(std::atomic<T>::is_always_lock_free, "Atomic<T> needs a lock-free T");

 public:
  constexpr Atomic() noexcept = default;
  constexpr explicit Atomic(T value) noexcept : value_(value) {}
  Atomic(const Atomic&) = delete;
  Atomic& operator=(const Atomic&) = delete;

  // Reads the value; orders nothing.
  T load_relaxed() const noexcept { return value_.load(std::memory_order_relaxed); }
  // Reads the value; later accesses of this thread stay after it.
  T load_acquire() const noexcept { return value_.load(std::memory_order_acquire); }
  // Reads the value in the one total order of all seq_cst operations; also an acquire.
  T load_seq_cst() const noexcept { return value_.load(std::memory_order_seq_cst); }

  // Writes the value; orders nothing.
  void store_relaxed(T value) noexcept { value_.store(value, std::memory_order_relaxed); }
  // Writes the value; earlier accesses of this thread stay before it.
  void store_release(T value) noexcept { value_.store(value, std::memory_order_release); }
  // Writes the value in the one total order of all seq_cst operations; also a release.
  void store_seq_cst(T value) noexcept { value_.store(value, std::memory_order_seq_cst); }

  // Replaces the value and returns the one before; orders nothing.
  T exchange_relaxed(T value) noexcept { return value_.exchange(value, std::memory_order_relaxed); }
  // Replaces the value; an acquire of what was read.
  T exchange_acquire(T value) noexcept { return value_.exchange(value, std::memory_order_acquire); }
  // Replaces the value; a release of what was written.
  T exchange_release(T value) noexcept { return value_.exchange(value, std::memory_order_release); }
  // Replaces the value; an acquire of what was read and a release of what was written.
  T exchange_acq_rel(T value) noexcept { return value_.exchange(value, std::memory_order_acq_rel); }
  // Replaces the value in the one total order of all seq_cst operations.
  T exchange_seq_cst(T value) noexcept { return value_.exchange(value, std::memory_order_seq_cst); }

  // Adds or subtracts (wraps around) and returns the value before; orders nothing.
  T add_relaxed(T n) noexcept { return value_.fetch_add(n, std::memory_order_relaxed); }
  T sub_relaxed(T n) noexcept { return value_.fetch_sub(n, std::memory_order_relaxed); }
  // The same as a release: what this thread did before is visible to who acquires the result.
  T add_release(T n) noexcept { return value_.fetch_add(n, std::memory_order_release); }
  T sub_release(T n) noexcept { return value_.fetch_sub(n, std::memory_order_release); }
  // The same as an acquire of the value before and a release of the value after.
  T add_acq_rel(T n) noexcept { return value_.fetch_add(n, std::memory_order_acq_rel); }
  T sub_acq_rel(T n) noexcept { return value_.fetch_sub(n, std::memory_order_acq_rel); }
  // The same in the one total order of all seq_cst operations.
  T add_seq_cst(T n) noexcept { return value_.fetch_add(n, std::memory_order_seq_cst); }
  T sub_seq_cst(T n) noexcept { return value_.fetch_sub(n, std::memory_order_seq_cst); }

  // Sets, clears or flips bits and returns the value before; orders nothing.
  T or_relaxed(T bits) noexcept { return value_.fetch_or(bits, std::memory_order_relaxed); }
  T and_relaxed(T bits) noexcept { return value_.fetch_and(bits, std::memory_order_relaxed); }
  T xor_relaxed(T bits) noexcept { return value_.fetch_xor(bits, std::memory_order_relaxed); }
  // The same as an acquire of the value before, or a release of the value after, or both.
  T or_acquire(T bits) noexcept { return value_.fetch_or(bits, std::memory_order_acquire); }
  T or_release(T bits) noexcept { return value_.fetch_or(bits, std::memory_order_release); }
  T or_acq_rel(T bits) noexcept { return value_.fetch_or(bits, std::memory_order_acq_rel); }
  T and_acquire(T bits) noexcept { return value_.fetch_and(bits, std::memory_order_acquire); }
  T and_release(T bits) noexcept { return value_.fetch_and(bits, std::memory_order_release); }
  T and_acq_rel(T bits) noexcept { return value_.fetch_and(bits, std::memory_order_acq_rel); }

  // Compare and set: when the value equals `expected`, writes `desired` and returns true;
  // otherwise reads the value into `expected` and returns false. The order in the name holds on
  // success; a failure is an acquire where the name has one, else relaxed. `weak` may fail although
  // the values are equal: for loops only.
  bool cas_weak_relaxed(T& expected, T desired) noexcept {
    return value_.compare_exchange_weak(expected, desired, std::memory_order_relaxed,
                                        std::memory_order_relaxed);
  }
  bool cas_weak_acquire(T& expected, T desired) noexcept {
    return value_.compare_exchange_weak(expected, desired, std::memory_order_acquire,
                                        std::memory_order_acquire);
  }
  bool cas_weak_release(T& expected, T desired) noexcept {
    return value_.compare_exchange_weak(expected, desired, std::memory_order_release,
                                        std::memory_order_relaxed);
  }
  bool cas_weak_acq_rel(T& expected, T desired) noexcept {
    return value_.compare_exchange_weak(expected, desired, std::memory_order_acq_rel,
                                        std::memory_order_acquire);
  }
  bool cas_strong_relaxed(T& expected, T desired) noexcept {
    return value_.compare_exchange_strong(expected, desired, std::memory_order_relaxed,
                                          std::memory_order_relaxed);
  }
  bool cas_strong_acquire(T& expected, T desired) noexcept {
    return value_.compare_exchange_strong(expected, desired, std::memory_order_acquire,
                                          std::memory_order_acquire);
  }
  bool cas_strong_release(T& expected, T desired) noexcept {
    return value_.compare_exchange_strong(expected, desired, std::memory_order_release,
                                          std::memory_order_relaxed);
  }
  bool cas_strong_acq_rel(T& expected, T desired) noexcept {
    return value_.compare_exchange_strong(expected, desired, std::memory_order_acq_rel,
                                          std::memory_order_acquire);
  }
  bool cas_strong_seq_cst(T& expected, T desired) noexcept {
    return value_.compare_exchange_strong(expected, desired, std::memory_order_seq_cst,
                                          std::memory_order_seq_cst);
  }

  // The address of the bare value, for system calls that wait on a word (futex).
  T* address() noexcept {
    static_assert(sizeof(std::atomic<T>) == sizeof(T));
    return reinterpret_cast<T*>(&value_);
  }

 private:
  std::atomic<T> value_{};  // the role is said by the field that holds this object
};

// Keeps the compiler, and only the compiler, from moving memory accesses across. The processor may.
inline void compiler_fence() noexcept { std::atomic_signal_fence(std::memory_order_seq_cst); }

// Earlier reads stay before later reads and writes (the reader's side of a sequence lock).
inline void fence_acquire() noexcept { std::atomic_thread_fence(std::memory_order_acquire); }

// Earlier reads and writes stay before later writes (the writer's side of a sequence lock).
inline void fence_release() noexcept { std::atomic_thread_fence(std::memory_order_release); }

// Nothing passes in either direction, stores before loads included. ThreadSanitizer does not see
// fences, and GCC compiles none under it: prefer read-modify-writes of one variable. Its one user
// goes another way there (sync/epoch.h).
inline void fence_seq_cst() noexcept {
#if !defined(__SANITIZE_THREAD__)
  std::atomic_thread_fence(std::memory_order_seq_cst);
#endif
}

// Tells the processor that this is a spinning loop. Orders nothing.
inline void spin_pause() noexcept {
#if defined(__x86_64__) || defined(__i386__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  asm volatile("yield");
#endif
}

}  // namespace larder::base
