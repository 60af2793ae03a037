// The matrix: rule by operation by engine by face, how many tests stand behind each cell, and the
// reason for each empty one; and the check that every behaviour case is named or explained.
// Thread safety: after the run, by one thread.
#pragma once

#include <ostream>
#include <string>
#include <vector>

namespace larder::contract {

/// As Markdown: one table per engine; a cell counts the tests through the blocking and the
/// coroutine face, or names the reason why there are none.
void print_matrix(std::ostream& out);

/// Empty cells without a reason, and behaviour cases that no test names and nothing explains.
std::vector<std::string> matrix_gaps();

}  // namespace larder::contract
