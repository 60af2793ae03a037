// The turns of an optimistic operation: look without a lock, work (user code included), commit if
// nobody came between. Used by the memory engine for what reads and writes in one step.
//
// Thread safety: functions of their arguments.
#pragma once

#include <optional>
#include <thread>

#include "larder/clock.h"
#include "larder/operation.h"

namespace larder::engine {

// What the context of a running operation has come to: `cancelled`, `deadline_exceeded`, or
// nothing.
std::optional<Error> ended_between(const Operation& op, const Clock& clock);

// Calls `turn` until it says that the operation is settled, or until the context ends between two
// turns: the error then, and no turn has had an effect. Somebody else succeeded at every further
// turn, which the context alone bounds.
template <class Turn>
std::optional<Error> settle_by_turns(const Operation& op, const Clock& clock, Turn&& turn) {
  constexpr int kEagerTurns = 8;  // after which a loser lets others run first
  for (int turns = 1; !turn(); ++turns) {
    if (auto ended = ended_between(op, clock)) return ended;
    if (turns > kEagerTurns) std::this_thread::yield();
  }
  return std::nullopt;
}

}  // namespace larder::engine
