// The null engine: it stores nothing, checks everything, loads each time; callers that meet in one
// load share it. For switching a cache off without touching its users.
//
// Thread safety: every member may be called from any thread at any time.
#pragma once

#include <memory>

#include "engine/scheduler.h"
#include "larder/engine.h"

namespace larder::engine {

// Provider "null".
std::shared_ptr<Provider> null_provider(std::shared_ptr<Scheduler> scheduler);

}  // namespace larder::engine
