// The end of a context between two turns.
// Thread safety: see retry.h.
#include "engine/retry.h"

namespace larder::engine {

std::optional<Error> ended_between(const Operation& op, const Clock& clock) {
  if (op.context.stop.stop_requested()) {
    return Error(Errc::cancelled, "the stop token fired between two tries");
  }
  if (op.context.deadline_ns && clock.now_ns() >= *op.context.deadline_ns) {
    return Error(Errc::deadline_exceeded, "the deadline passed between two tries");
  }
  return std::nullopt;
}

}  // namespace larder::engine
