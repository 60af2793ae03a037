// What including larder/cache.h and using a Cache costs the compiler, over the same standard
// headers alone. Used by the table of targets.
//
// Thread safety: none; one thread.
#pragma once

#include <optional>
#include <set>
#include <string>
#include <vector>

namespace larder::bench {

struct CompileCost {
  std::vector<double> with_seconds;  // processor time of each round
  std::vector<double> without_seconds;
  double added_seconds = 0;  // between the medians
};

// Compiles both sources in turns, -O0. Nothing where the compiler or the headers are missing, or
// refuse; `fault` then says why.
std::optional<CompileCost> measure_compile_cost(const std::string& compiler,
                                                const std::string& headers, unsigned rounds,
                                                std::string& fault);

// The standard headers that larder/cache.h brings along, itself or through others of larder/.
std::set<std::string> standard_headers(const std::string& headers);

}  // namespace larder::bench
