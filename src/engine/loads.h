// Loads: get_or_set of one or many keys on top of an engine that can find and publish. Shared by
// the engines; what is special to one is behind LoadTarget.
//
// Thread safety: every member from any thread. Loaders, hooks and completions run with no lock
// held.
#pragma once

#include <cstdint>
#include <memory>
#include <string_view>

#include "engine/load_registry.h"
#include "engine/scheduler.h"
#include "engine/shared_pin.h"
#include "flight/flight_table.h"
#include "larder/engine.h"
#include "larder/options.h"
#include "sync/mutex.h"

namespace larder::engine {

// Where a key lives, as far as loads need to know: the lock of its stripe, and that stripe's
// flights (guarded by the lock).
struct LoadPlace {
  std::string_view key;
  std::uint64_t hash = 0;
  sync::Mutex* guard = nullptr;
  flight::FlightTable* flights = nullptr;
};

// How a load of one key ended: with a value, an error, or neither (absent).
struct LoadEnd {
  SharedPin value;
  std::optional<Error> error;
  bool fenced = false;  // the value was not stored, because a write came between
};

class LoadCall;

// What an engine does for its loads.
class LoadTarget {
 public:
  virtual LoadPlace load_place(std::string_view key) = 0;
  // A use of the live entry: fills hit, pin, version and says whether there is one. No lock held.
  virtual bool find_live(const LoadPlace& place, Item& item) = 0;
  // The same under the place's lock; must see every write that was acknowledged before.
  virtual bool find_live_locked(const LoadPlace& place, Item& item) = 0;
  // The generation of index and tag erases, for flights that begin.
  virtual std::uint64_t fence_now() = 0;
  // Whether such an erase, other than one that spared `key`, came after the generation `began`.
  virtual bool fences_passed(std::uint64_t began, std::string_view key) = 0;
  // Stores the value (hooks included) if the flight is still attached, and detaches it in the same
  // step. The value is handed out in any case. No lock held.
  virtual LoadEnd publish(const LoadPlace& place, flight::Flight& flight, LoadOutcome& outcome,
                          const WriteOptions& call) = 0;
  virtual void load_began() noexcept = 0;  // a loader is about to run
  virtual void load_ended() noexcept = 0;  // its last outcome was handled
  virtual void count_join() noexcept = 0;
  virtual void count_end(const LoadEnd& end) noexcept = 0;
  virtual void count_leave() noexcept = 0;

 protected:
  ~LoadTarget() = default;
};

// The loads of one engine. An operation goes: keys that live are pinned; of the missing ones those
// with an attached flight are joined, the others begin flights that this operation leads; its
// loader runs once for all that it leads; when the last key has its outcome, the operation ends.
//
// One caller's share is a LoadCall (waiting -> done, or waiting -> left), one running loader is a
// LoadRun. Bounds: max_load_time on each run; LoadChain::kMaxDepth on nesting.
class Loads {
 public:
  Loads(LoadTarget& target, const CacheSettings& settings, std::shared_ptr<const Clock> clock,
        std::shared_ptr<Scheduler> scheduler)
      : target_(target),
        settings_(settings),
        clock_(std::move(clock)),
        scheduler_(std::move(scheduler)) {}

  // `owner` keeps the target alive while a loader runs.
  // `share`: gets this caller's share, for leave(); the operation may be gone when this returns.
  Progress start(LoadOperation& op, std::shared_ptr<void> owner,
                 std::shared_ptr<LoadCall>* share = nullptr);
  // As Engine::leave.
  bool leave(LoadOperation& op);
  // The same for a share.
  bool leave(const std::shared_ptr<LoadCall>& call);
  // Ends all loads from outside, those that begin later too: their waiters get `error`, their
  // loaders are asked to stop.
  void close(const Error& error);

 private:
  // constant after construction
  LoadTarget& target_;
  const CacheSettings& settings_;
  const std::shared_ptr<const Clock> clock_;
  const std::shared_ptr<Scheduler> scheduler_;
  // own synchronisation
  LoadRegistry registry_;
};

}  // namespace larder::engine
