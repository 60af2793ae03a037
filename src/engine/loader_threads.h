// LoaderThreads: where the operations of coroutines go on whose user code may take its time
// (loaders, updaters, hooks, codecs), so that nobody else waits for it. Used by the Redis engine,
// whose own threads must stay prompt.
//
// Thread safety: every member may be called from any thread at any time; the destructor once, by
// the last owner, which may be one of the threads.
#pragma once

#include <functional>
#include <memory>

namespace larder::engine {

// Threads start as tasks find none idle, up to kMost; beyond that tasks wait in order. The queue is
// bounded by what is alive: loads and updates.
class LoaderThreads {
 public:
  static constexpr std::size_t kMost = 256;

  LoaderThreads();
  // Runs what was posted, and ends the threads.
  ~LoaderThreads();
  LoaderThreads(const LoaderThreads&) = delete;
  LoaderThreads& operator=(const LoaderThreads&) = delete;

  // Runs `task` soon, with no lock held. It must not throw.
  void post(std::function<void()> task);

 private:
  struct State;

  const std::shared_ptr<State> state_;  // shared with the threads
};

}  // namespace larder::engine
