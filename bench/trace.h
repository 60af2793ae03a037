// Reads recorded streams of keys: little-endian 64-bit words, plain or compressed by xz. Used by
// `larder replay`.
//
// Thread safety: pure functions.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "larder/result.h"

namespace larder::bench {

// Every key of the file. `invalid_argument`: it cannot be read, is no whole number of words, is
// empty or is damaged; the message names the file.
Result<std::vector<std::uint64_t>> read_trace(const std::string& path);

}  // namespace larder::bench
