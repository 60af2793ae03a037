// Loop: waits for sockets and timers, and calls who waits for them. The clients of engine/ give it
// a thread; streams and timers belong to one.
//
// Thread safety: post() and stop() from any thread at any time; run() on one thread, the loop's.
// What belongs to a loop is used on its thread alone, or while nothing runs the loop.
#pragma once

#include <functional>
#include <memory>

namespace larder::net {

// Starts no thread of its own, but where a name has to be resolved: the system's resolver blocks,
// so one helper thread per loop calls it, from the first name on. The destructor waits for it; what
// waits in the loop then is dropped without a call.
class Loop {
 public:
  // Throws what the system throws that has no descriptors left; caught by the makers of clients.
  Loop();
  ~Loop();
  Loop(const Loop&) = delete;
  Loop& operator=(const Loop&) = delete;

  // Calls tasks and handlers until stop().
  void run();
  // Makes run() return after the handler that it is in. For good.
  void stop() noexcept;
  // Runs `task` soon on the loop's thread. Tasks must not throw.
  void post(std::function<void()> task);

  // Of the loop's thread: the system's resolver is at work, and may keep the destructor waiting.
  [[nodiscard]] bool is_resolving() const noexcept;

  // For this folder: the Asio side.
  struct Impl;
  Impl& impl() noexcept { return *impl_; }

 private:
  const std::unique_ptr<Impl> impl_;  // constant after construction
};

}  // namespace larder::net
