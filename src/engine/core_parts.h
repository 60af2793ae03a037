// What a CacheCore is made of. Put together by the Manager; read by the two faces.
//
// Thread safety: constant after construction; the engine and the scheduler have their own.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "engine/scheduler.h"
#include "larder/detail/core.h"
#include "larder/metrics.h"
#include "larder/options.h"

namespace larder::detail {

// Destroyed in reverse: the engine's chain before the scheduler whose timers it uses.
struct CoreParts {
  std::string name;
  CacheSettings settings;
  std::shared_ptr<const CacheTraits> traits;
  std::shared_ptr<engine::Scheduler> scheduler;
  std::shared_ptr<MetricsRecorder> recorder;  // null without metrics
  std::shared_ptr<Engine> engine;             // the outermost decorator
  Engine* direct = nullptr;                   // the part of the chain whose find() is asked

  [[nodiscard]] const Clock& clock() const noexcept { return *traits->clock; }
};

}  // namespace larder::detail
