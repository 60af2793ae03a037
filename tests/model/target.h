// Target: what the workload drives, a cache seen as "perform this event and fill in its answer".
// Implemented by the model's own small engines and, over any Cache, by cache_target.h.
// Environment: the clocks and the scheduling that a run is given.
// Thread safety: perform() is called from many threads at once; an Environment's functions too.
#pragma once

#include <cstdint>
#include <functional>

#include "model/event.h"

namespace larder::model {

struct Environment {
  /// Common to all clients; readings respect real time.
  std::function<std::int64_t()> order_now_ns;
  /// The clock that expiry follows.
  std::function<std::int64_t()> clock_now_ns;
  /// Moves the cache clock; empty where nobody can.
  std::function<void(std::int64_t)> advance_ns;
  /// Lets another client go first, where the schedule wants it. Never called under a lock.
  std::function<void()> pause;
};

class Target {
 public:
  virtual ~Target() = default;

  /// Performs `event.op` with its arguments and fills in the results. Loaders return
  /// `values[i]` for `keys[i]` and record a Load; updaters decide as `event.updater` says, record
  /// the old value of their last run, and the record is dropped if they never ran.
  virtual void perform(Event& event) = 0;
};

}  // namespace larder::model
