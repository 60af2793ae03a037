// The terms of a write that user code brings with its answer, after the operation's own input was
// checked: those of updaters and loaders. Used where their answers enter the seam, so that every
// engine gets terms that are valid.
//
// Thread safety: pure functions.
#pragma once

#include <optional>

#include "larder/engine.h"

namespace larder::base {

// What the terms of an updater's answer deserve: `invalid_ttl`, or `invalid_argument` for a tag.
// Null has none.
std::optional<Error> check_write(const WriteOptions* write);

// The same for the terms of a loaded value; those that are absent are the call's.
std::optional<Error> check_loaded(const LoadOutcome& outcome);

}  // namespace larder::base
