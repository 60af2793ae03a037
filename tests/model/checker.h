// check(): judges a history against the contract. Used by the stress runner on histories of the
// engines and by the model's own tests on good and bad ones.
// Thread safety: pure; different histories may be judged on different threads.
#pragma once

#include <array>
#include <cstdint>
#include <iosfwd>
#include <string>
#include <vector>

#include "model/history.h"
#include "model/search.h"

namespace larder::model {

/// What was judged, summed over any number of histories.
struct Statistics {
  std::uint64_t histories = 0;
  std::uint64_t events = 0;
  std::uint64_t errors = 0;
  std::uint64_t unknown_outcomes = 0;
  std::uint64_t loads = 0;
  std::uint64_t expiries = 0;  ///< answers explained by an entry that had expired
  std::uint64_t steps = 0;     ///< configurations visited by the checker
  std::size_t largest_frontier = 0;
  std::array<std::uint64_t, kOpCount> operations{};
  long double open_ns = 0;     ///< summed durations of calls
  long double covered_ns = 0;  ///< time in which at least one call was open

  /// Mean number of calls open while any is open.
  [[nodiscard]] double mean_overlap() const {
    return covered_ns > 0 ? static_cast<double>(open_ns / covered_ns) : 0.0;
  }
  void add(const Statistics& other);
};

/// Several lines: histories, events, mean overlap, expiries, operations by type.
std::ostream& operator<<(std::ostream& out, const Statistics& statistics);

struct CheckReport {
  Verdict verdict = Verdict::linearizable;
  std::vector<std::string> violations;  ///< one counterexample each, for people
  std::vector<std::string> undecided;   ///< the keys and the bound that was hit
  Statistics statistics;

  [[nodiscard]] bool ok() const { return verdict == Verdict::linearizable; }
  /// Everything above as one text.
  [[nodiscard]] std::string text() const;
};

struct CheckOptions {
  Limits limits{};
  bool one_load_per_flight = true;
};

CheckReport check(const History& history, const CheckOptions& options = {});

}  // namespace larder::model
