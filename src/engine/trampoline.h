// How waiters are resumed without recursion and without holding up the thread that completed them:
// completions queue on their thread, and the outermost scope of the library runs them. Used by the
// awaiters, the blocking face and the scheduler's lanes.
//
// Thread safety: each thread has its own queue; every member touches only the calling thread's.
#pragma once

#include <cstddef>

#include "engine/scheduler.h"

namespace larder::engine {

// Something to be run once. Whoever queues it gives away one share of it; resume() uses that up.
class Continuation {
 public:
  virtual void resume() noexcept = 0;
  // Where it goes when the thread it was queued on has done its bound, or may not run user code.
  virtual Scheduler& scheduler() const noexcept = 0;

 protected:
  ~Continuation() = default;

 private:
  friend class Trampoline;
  Continuation* next_ = nullptr;  // in the queue of one thread, or in a list on its way
};

// The queue of a thread. Invariant: outside of every scope it is empty. Its length is bounded by
// the suspended awaiters that are alive.
class Trampoline {
 public:
  // Most continuations that a completing thread runs itself; the others go to the scheduler.
  static constexpr std::size_t kInlineBound = 32;
  // The same for one task of a work lane, so that its timers get their turn.
  static constexpr std::size_t kWorkBound = 1'024;
  // For threads that must run none.
  static constexpr std::size_t kNothing = 0;

  // While the outermost one of a thread lives, continuations queue; its end runs the first `bound`
  // of them (those that they queue included) and gives the rest away. Inner scopes do nothing.
  class Scope {
   public:
    explicit Scope(std::size_t bound = kInlineBound) noexcept;
    ~Scope();
    Scope(const Scope&) = delete;
    Scope& operator=(const Scope&) = delete;

   private:
    const bool outermost_;
    const std::size_t bound_;
  };

  // Queues `continuation`; without a scope it runs before this returns.
  static void enqueue(Continuation& continuation) noexcept;
  // Gives away what is queued: before this thread blocks.
  static void flush() noexcept;

 private:
  struct List;
  struct Local;
  static Local& local() noexcept;
  static void drain(std::size_t bound) noexcept;
  static void post(List list) noexcept;
};

}  // namespace larder::engine
