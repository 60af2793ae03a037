// Baton: a deterministic hand-over between threads. One thread runs at a time; at each pass() the
// next is drawn from a seeded generator, so that a seed names one interleaving for ever. Used to
// force the interleavings that the broken engines get wrong.
// Thread safety: every member from any thread; a thread takes part between enter() and leave().
#pragma once

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <mutex>
#include <random>
#include <vector>

namespace larder::model {

class Baton {
 public:
  /// Nobody runs before all `threads` have entered.
  Baton(int threads, std::uint64_t seed);

  /// Joins as number `id`, 0 to `threads` - 1, and waits for its first turn.
  void enter(int id);
  /// Lets a drawn thread run next, perhaps the caller again. Outside of a run it does nothing.
  void pass();
  /// The calling thread has finished.
  void leave();

 private:
  void hand_on();
  void wait_for_turn(std::unique_lock<std::mutex>& lock, int id);

  std::mutex mutex_;
  std::deque<std::condition_variable> turns_;  ///< one per thread, waited for with mutex_
  // guarded by mutex_
  std::mt19937_64 random_;
  std::vector<int> running_;  ///< ids that have entered and not left
  int missing_;               ///< threads that have not entered yet
  int holder_ = -1;
};

}  // namespace larder::model
