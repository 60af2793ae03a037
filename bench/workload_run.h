// One workload measured: the caches filled, the rounds run, the values checked. Used by the command
// for one workload and by the table of targets.
//
// Thread safety: none; one thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "bench/options.h"
#include "bench/progress.h"
#include "bench/rounds.h"
#include "bench/statistics.h"

namespace larder::bench {

struct WorkloadResult {
  std::vector<Series> series;  // Larder; with a peer also the peer and Larder once more
  std::optional<Ratio> ratio;  // of Larder to the peer
  std::string fault;           // what went wrong, or empty

  [[nodiscard]] const Series& larder() const { return series.front(); }
  [[nodiscard]] const Series* peer() const { return series.size() > 1 ? &series[1] : nullptr; }
};

WorkloadResult run_workload(const Options& options, Progress& progress);

// Resident bytes per entry of a cache filled with all keys, or up to its capacity: the growth of a
// fresh process. Nothing where the system does not tell. Call it before any thread was started.
std::optional<double> bytes_per_entry(const Options& options, bool of_peer);

// Wrong values, failed operations and lost updates of all series: a sentence, or empty.
std::string fault_of(const std::vector<Series>& series, std::uint32_t keys);

}  // namespace larder::bench
