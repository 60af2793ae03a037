// Engines that are wrong on purpose, each in one named way: the checker must reject what they do
// under the workload in which their defect shows. The hand-over of run_deterministic() forces the
// interleavings that the defects need.
// Thread safety: as SimpleEngine, but for the defect.
#pragma once

#include <memory>
#include <span>
#include <string_view>

#include "model/target.h"
#include "model/workload.h"

namespace larder::model {

struct BrokenEngine {
  std::string_view name;
  std::string_view defect;  ///< one sentence for people
  OpWeights weights;        ///< the operations among which it shows
  bool about_time;          ///< it shows when entries expire: every time to live is short
  std::unique_ptr<Target> (*make)(const CacheFacts& facts, const Environment& environment);
};

/// Every broken engine, by name.
std::span<const BrokenEngine> broken_engines();

/// The workload for `engine` with `seed`; the same over SimpleEngine must be accepted.
Workload workload_for(const BrokenEngine& engine, std::uint64_t seed);

std::unique_ptr<Target> make_simple_engine(const CacheFacts& facts, const Environment& environment);

}  // namespace larder::model
