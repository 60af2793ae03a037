// `larder bench targets`: every figure that Larder promises in process, measured and set beside its
// target, in one table.
//
// Thread safety: none; one thread.
#pragma once

#include <string>

#include "bench/options.h"

namespace larder::bench {

struct TargetOptions {
  Options common{};
  std::string headers{};  // the folder that holds larder/cache.h; empty: ./include if it is there
  std::string compiler = "g++";
};

void add_target_flags(CLI::App& app, TargetOptions& options);

// The exit code: 1 when a value was wrong, an update was lost or a row could not be measured. A
// target that is missed is not an error: figures depend on the machine.
int run_targets(const TargetOptions& options);

}  // namespace larder::bench
