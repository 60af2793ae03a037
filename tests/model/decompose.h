// decompose(): a history becomes independent problems. Keys that a rename connects are judged
// together, all others apart; every bulk operation becomes one atomic step per key, anywhere
// within the call (docs/history-format.md states the decomposition of each operation).
// Thread safety: pure functions.
#pragma once

#include <string>
#include <vector>

#include "model/history.h"
#include "model/model.h"

namespace larder::model {

struct Decomposition {
  std::vector<Problem> problems;
  /// Violations that need no search: a version answered by two writes or seen on keys that no
  /// rename connects, a count above the number of keys, a key listed twice.
  std::vector<std::string> violations;
};

Decomposition decompose(const History& history, Interner& names);

}  // namespace larder::model
