// Runs of mixed operations on real caches of the memory engine, judged for linearizability: what
// linearizability_test and the larder_stress command share.
// Thread safety: one run at a time per caller; a run starts its threads and joins them.
#pragma once

#include <chrono>
#include <cstdint>
#include <iosfwd>
#include <string>
#include <string_view>
#include <vector>

#include "model/checker.h"

namespace larder::stress {

struct LinearPlan {
  std::uint64_t seed = 1;  ///< of the first history; the next ones count on
  std::chrono::seconds duration{20};
  int clients = 6;
  int keys = 4;  ///< renames stay within pairs
  int operations_per_client = 150;
  std::string_view only_set{};   ///< one option set by name; empty: all in turn
  std::ostream* dump = nullptr;  ///< every history as JSON lines
};

struct LinearReport {
  model::Statistics statistics;
  std::vector<std::string> failures;  ///< violations, undecided histories, broken structures
  std::string failed_history;         ///< the first bad history as JSON lines
  std::uint64_t last_seed = 0;
};

/// Histories over every option set in turn, at least one of each, until the time is over or
/// kMaxFailures were found.
LinearReport run_linear(const LinearPlan& plan);

inline constexpr std::size_t kMaxFailures = 3;

/// The option sets by name.
std::vector<std::string_view> linear_sets();

}  // namespace larder::stress
