// The queue of each thread, its running and its giving away.
//
// Thread safety: as in trampoline.h.
#include "engine/trampoline.h"

#include <utility>

namespace larder::engine {

struct Trampoline::List {
  Continuation* head = nullptr;
  Continuation* tail = nullptr;

  void push(Continuation& continuation) noexcept {
    continuation.next_ = nullptr;
    (head == nullptr ? head : tail->next_) = &continuation;
    tail = &continuation;
  }
  void append(List other) noexcept {
    if (other.head == nullptr) return;
    (head == nullptr ? head : tail->next_) = other.head;
    tail = other.tail;
  }
  Continuation* pop() noexcept {
    Continuation* const first = head;
    if (first != nullptr) head = std::exchange(first->next_, nullptr);
    return first;
  }
};

struct Trampoline::Local {
  List queue;
  bool scoped = false;  // inside an outermost scope
};

Trampoline::Local& Trampoline::local() noexcept {
  constinit thread_local Local t_local;
  return t_local;
}

Trampoline::Scope::Scope(std::size_t bound) noexcept
    : outermost_(!std::exchange(local().scoped, true)), bound_(bound) {}

Trampoline::Scope::~Scope() {
  if (!outermost_) return;
  drain(bound_);
  local().scoped = false;
}

void Trampoline::enqueue(Continuation& continuation) noexcept {
  const Scope scope;
  local().queue.push(continuation);
}

void Trampoline::drain(std::size_t bound) noexcept {
  List& queue = local().queue;
  for (std::size_t done = 0; done < bound; ++done) {
    Continuation* const next = queue.pop();
    if (next == nullptr) return;
    next->resume();
  }
  flush();
}

void Trampoline::flush() noexcept {
  List rest = std::exchange(local().queue, List{});
  while (Continuation* const first = rest.pop()) {  // one turn for each run of one scheduler
    List run;
    run.push(*first);
    Scheduler& scheduler = first->scheduler();
    while (rest.head != nullptr && &rest.head->scheduler() == &scheduler) run.push(*rest.pop());
    post(run);
  }
}

void Trampoline::post(List list) noexcept {
  // The task only queues: the lane's own scope runs them, and posts again what is over its bound.
  list.head->scheduler().post(
      [head = list.head, tail = list.tail] { local().queue.append(List{head, tail}); });
}

}  // namespace larder::engine
