// The flags of `larder bench`, checked against their ranges as they are parsed.
//
// Thread safety: values.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "bench/subject.h"
#include "bench/workload.h"

namespace CLI {
class App;
}

namespace larder::bench {

struct Options {
  std::string workload = "get";
  unsigned threads = 2;
  std::uint32_t keys = 1'000'000;
  std::optional<std::uint64_t> capacity{};
  double zipf = 0.99;
  std::size_t value_bytes = 64;
  std::string value_type = "bytes";
  double seconds = 1;
  unsigned rounds = 5;
  std::string peer{};  // empty: none
  bool json = false;
  bool pin = true;
  std::uint64_t seed = 1;

  [[nodiscard]] Workload kind() const { return workload_of(workload).value_or(Workload::get); }
  [[nodiscard]] SubjectSetup setup() const;
  // Requests of each thread's stream: more where a cache that misses would learn a short one.
  [[nodiscard]] std::size_t stream_requests() const;
};

// What one workload takes: all of them.
void add_flags(CLI::App& app, Options& options);
// What every measurement takes: keys, seconds, rounds, json, pin, seed.
void add_common_flags(CLI::App& app, Options& options);

}  // namespace larder::bench
