// The metrics middleware: counts every operation into a recorder or tells a sink. A cache with
// `settings.metrics` has one of the first kind around its engine.
//
// Thread safety: every member may be called from any thread at any time.
#pragma once

#include <memory>

#include "larder/engine.h"
#include "larder/metrics.h"

namespace larder::engine {

// Reads that are answered by a shortcut are counted without an operation. The shortcut is that of
// `direct` where it is given (a part of `inner`, for reads that what lies between only passes on),
// else that of `inner`.
std::shared_ptr<Engine> metrics_decorator(std::shared_ptr<Engine> inner,
                                          std::shared_ptr<MetricsRecorder> recorder,
                                          Engine* direct = nullptr);

}  // namespace larder::engine
