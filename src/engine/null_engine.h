// The null engine: it stores nothing, checks everything, loads each time. For switching a cache
// off without touching its users, and for tests of everything around engines.
//
// Thread safety: every member may be called from any thread at any time.
#pragma once

#include <memory>

#include "larder/engine.h"
#include "larder/options.h"

namespace larder::engine {

// Provider "null".
std::shared_ptr<Provider> null_provider();

}  // namespace larder::engine
