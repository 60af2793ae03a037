// The wait of the blocking face, and the timing floor that both faces apply outermost.
//
// Thread safety: run_blocking() may be called from any thread; it waits on the calling one.
#pragma once

#include <cstdint>
#include <optional>

#include "engine/core_parts.h"
#include "larder/engine.h"

namespace larder::engine {

// Starts `op` and returns with its outcome: the engine's, or `deadline_exceeded` or `cancelled`
// when the context ended first and the engine let the operation go. Runs user code (loaders,
// hooks) on this thread; holds no lock.
void run_blocking(const detail::CoreParts& parts, Operation& op) noexcept;

// Leaves the pending `op` because of `reason`. True: it is over, its error is set and its
// decorators have ended. False: its completion runs or has run.
bool leave_for(Engine& engine, Operation& op, Errc reason) noexcept;

// The instant before which the outcome of `op`, started at `start_ns`, must not be shown; absent
// where no floor applies. A deadline before the floor cuts it short.
std::optional<std::int64_t> floor_end_ns(const detail::CoreParts& parts, const Operation& op,
                                         std::int64_t start_ns) noexcept;

}  // namespace larder::engine
