// The threads and their queue.
// Thread safety: see loader_threads.h.
#include "engine/loader_threads.h"

#include <deque>
#include <pthread.h>
#include <thread>
#include <utility>
#include <vector>

#include "engine/trampoline.h"
#include "sync/mutex.h"

namespace larder::engine {

// open -> closing: the threads end when the queue is empty
struct LoaderThreads::State {
  sync::Mutex mutex{sync::Rank::kScheduler};
  sync::CondVar changed;
  std::deque<std::function<void()>> tasks LARDER_GUARDED_BY(mutex);
  std::vector<std::thread> threads LARDER_GUARDED_BY(mutex);
  std::size_t idle LARDER_GUARDED_BY(mutex) = 0;
  bool is_closing LARDER_GUARDED_BY(mutex) = false;

  void work() {
    sync::UniqueLock lock(mutex);
    for (;;) {  // bound: until the pool closes
      while (tasks.empty()) {
        if (is_closing) return;
        ++idle;
        changed.wait(lock);
        --idle;
      }
      std::function<void()> task = std::move(tasks.front());
      tasks.pop_front();
      lock.unlock();
      {
        const Trampoline::Scope scope;
        task();  // CALLBACK: loaders and updaters
        task = nullptr;
      }
      lock.lock();
    }
  }
};

LoaderThreads::LoaderThreads() : state_(std::make_shared<State>()) {}

LoaderThreads::~LoaderThreads() {
  std::vector<std::thread> threads;
  {
    sync::MutexLock lock(state_->mutex);
    state_->is_closing = true;
    threads.swap(state_->threads);
    state_->changed.notify_all();
  }
  for (std::thread& thread : threads) {
    if (thread.get_id() == std::this_thread::get_id()) {
      thread.detach();  // ends when its task returns
    } else {
      thread.join();
    }
  }
}

void LoaderThreads::post(std::function<void()> task) {
  sync::MutexLock lock(state_->mutex);
  state_->tasks.push_back(std::move(task));
  if (state_->idle >= state_->tasks.size() || state_->threads.size() == kMost) {
    state_->changed.notify_one();
    return;
  }
  state_->threads.emplace_back([state = state_] {
    ::pthread_setname_np(::pthread_self(), "larder-loader");
    state->work();
  });
}

}  // namespace larder::engine
