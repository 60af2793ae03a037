// The loaders of one engine that run, so that closing finds every one of them: also those whose
// flights were detached by writes and are in no table of flights any more. Used by loads.cc.
//
// Thread safety: every member from any thread; one mutex (Rank::kEngine), never held while calling
// out.
#pragma once

#include <memory>
#include <optional>
#include <unordered_set>
#include <vector>

#include "larder/error.h"
#include "sync/mutex.h"

namespace larder::engine {

class LoadRun;

// Open, then closed for good. Bound: one entry per loader that runs.
class LoadRegistry {
 public:
  // Before the loader starts. An error: the engine has closed, and this is how the load ends.
  std::optional<Error> enter(LoadRun& run);
  // After the loader has ended.
  void leave(LoadRun& run) noexcept;
  // Loads end with `error` from now on; returns those that run.
  std::vector<std::shared_ptr<LoadRun>> close(const Error& error);

 private:
  sync::Mutex mutex_{sync::Rank::kEngine};
  std::unordered_set<LoadRun*> runs_ LARDER_GUARDED_BY(mutex_);
  std::optional<Error> closed_ LARDER_GUARDED_BY(mutex_);
};

}  // namespace larder::engine
