// The set of running loaders.
// Thread safety: see load_registry.h.
#include "engine/load_registry.h"

#include "engine/load_run.h"

namespace larder::engine {

std::optional<Error> LoadRegistry::enter(LoadRun& run) {
  sync::MutexLock lock(mutex_);
  runs_.insert(&run);
  return closed_;
}

void LoadRegistry::leave(LoadRun& run) noexcept {
  sync::MutexLock lock(mutex_);
  runs_.erase(&run);
}

std::vector<std::shared_ptr<LoadRun>> LoadRegistry::close(const Error& error) {
  std::vector<std::shared_ptr<LoadRun>> runs;
  sync::MutexLock lock(mutex_);
  closed_ = error;
  // A run is here as long as it keeps itself alive: sharing it cannot fail.
  for (LoadRun* const run : runs_) runs.push_back(run->shared_from_this());
  return runs;
}

}  // namespace larder::engine
