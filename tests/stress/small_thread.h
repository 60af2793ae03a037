// SmallThread: a thread with a small stack, so that ten thousand fit.
// Thread safety: belongs to the thread that made it.
#pragma once

#include <functional>
#include <memory>
#include <pthread.h>
#include <stdexcept>
#include <utility>

namespace larder::stress {

class SmallThread {
 public:
  static constexpr std::size_t kStackBytes = 256 * 1024;

  explicit SmallThread(std::function<void()> work) {
    pthread_attr_t attributes;
    pthread_attr_init(&attributes);
    pthread_attr_setstacksize(&attributes, kStackBytes);
    auto owned = std::make_unique<std::function<void()>>(std::move(work));
    const int error = pthread_create(&thread_, &attributes, &SmallThread::run, owned.get());
    pthread_attr_destroy(&attributes);
    if (error != 0) throw std::runtime_error("pthread_create");
    owned.release();
  }
  SmallThread(SmallThread&& other) noexcept
      : thread_(other.thread_), joinable_(std::exchange(other.joinable_, false)) {}
  ~SmallThread() {
    if (joinable_) pthread_join(thread_, nullptr);
  }

 private:
  static void* run(void* argument) {
    const std::unique_ptr<std::function<void()>> work(
        static_cast<std::function<void()>*>(argument));
    (*work)();
    return nullptr;
  }

  pthread_t thread_{};
  bool joinable_ = true;
};

}  // namespace larder::stress
