// The workload: N clients mix every operation of the contract on few keys against a Target, and
// every call is recorded. Used over the model's own engines (deterministic hand-over) and, through
// cache_target.h, over real caches (free-running threads).
// Thread safety: run_workload() starts its threads and joins them.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "model/history.h"
#include "model/target.h"

namespace larder::model {

/// How often each operation is chosen, relative to the others.
using OpWeights = std::array<unsigned, kOpCount>;
OpWeights all_operations();
/// Only these, each as often as it is named.
OpWeights only(std::initializer_list<Op> operations);

struct Workload {
  std::string name = "mixed";
  int clients = 4;  ///< threads; at least 1
  int operations_per_client = 200;
  int keys = 4;  ///< "k0", "k1", ...; renames stay within (k0,k1), (k2,k3), ...
  std::uint64_t seed = 1;
  OpWeights weights = all_operations();
  /// Short times to live are drawn from 1 to 8 of this. Whole milliseconds.
  std::int64_t ttl_unit_ns = 10'000'000;
  unsigned short_ttl_percent = 30;  ///< of the writes that take a time to live
  unsigned advance_percent = 10;    ///< of the operations are preceded by a move of the clock
  unsigned pause_percent = 50;      ///< chance of a pause at each end of a call
  CacheFacts facts{};               ///< `keys` inside is filled in from the field above
};

/// The facts with the keys of the workload.
CacheFacts facts_of(const Workload& workload);

/// Free-running threads. `environment` and `target` outlive the call.
History run_workload(const Workload& workload, const Environment& environment, Target& target);

/// One thread at a time under a Baton, with clocks made for the run: the same seed gives the same
/// history. `make` builds the target over the environment it is given.
using MakeTarget =
    std::function<std::unique_ptr<Target>(const CacheFacts&, const Environment& environment)>;
History run_deterministic(const Workload& workload, const MakeTarget& make);

/// The system's monotonic clock for the order of calls; `pause` yields.
Environment free_running_environment(std::function<std::int64_t()> clock_now_ns,
                                     std::function<void(std::int64_t)> advance_ns);

}  // namespace larder::model
