// LoadCall: one caller's share in the loads of its keys: what it still waits for, and its place in
// the flights that it joined. Used by loads.cc.
//
// Thread safety: enter() and begin/end by the starting thread; deliver() and leave() from any.
#pragma once

#include <cstddef>
#include <memory>
#include <utility>
#include <vector>

#include "engine/loads.h"
#include "flight/load_chain.h"
#include "larder/engine.h"
#include "sync/mutex.h"

namespace larder::engine {

// waiting -> done: the last outcome was delivered, the operation is (about to be) completed.
// waiting -> left: the caller has gone; deliveries fall away. The operation is touched only while
// waiting, under the mutex, and once by the thread that made it done.
class LoadCall : public std::enable_shared_from_this<LoadCall> {
 public:
  // The caller's place in one flight; linked while `share` is set.
  struct Seat : flight::Waiter {
    std::shared_ptr<LoadCall> share;  // guarded by the place's lock, as the links are
    std::shared_ptr<flight::Flight> of;
    LoadPlace place;
    std::size_t item = 0;
  };

  LoadCall(LoadOperation& op, std::size_t missing);
  ~LoadCall();

  // Waits for `flight` too, with the place's lock held. False: it would wait for itself.
  bool join(const LoadPlace& place, std::shared_ptr<flight::Flight> flight, std::size_t item,
            const flight::ChainPtr& chain);
  // Waits for a result that the starting thread will bring itself.
  void expect();
  // Notes that the loads of `chain` wait for `flight`; false: that would close a cycle.
  bool wait_in_chain(const flight::ChainPtr& chain, std::uint64_t flight);

  // One key's outcome; later ones for the same key fall away. Completes the operation when it was
  // the last.
  void deliver(std::size_t item, const LoadEnd& end);
  // The starting thread has done its part: done, or pending.
  Progress started();
  // The caller goes; false: too late.
  bool leave();
  // The flights joined; steady once start() has ended.
  [[nodiscard]] std::vector<Seat>& seats() noexcept { return seats_; }

 private:
  enum class State : std::uint8_t { waiting, done, left };

  void forget_chain();

  LoadOperation* const op_;
  std::vector<Seat> seats_;  // never grows beyond its reserve: flights point into it
  // The edges of the wait graph that this call added; written by the starting thread only.
  std::vector<std::pair<flight::ChainPtr, std::uint64_t>> edges_;

  sync::Mutex mutex_{sync::Rank::kFlight};
  State state_ LARDER_GUARDED_BY(mutex_) = State::waiting;
  std::size_t open_ LARDER_GUARDED_BY(mutex_) = 1;  // outcomes to come, and the starting thread
  std::vector<bool> delivered_ LARDER_GUARDED_BY(mutex_);
};

}  // namespace larder::engine
