// Flags with their ranges.
//
// Thread safety: see options.h.
#include "bench/options.h"

#include <algorithm>
#include <vector>

#include <CLI/CLI.hpp>

namespace larder::bench {
namespace {

constexpr unsigned kMaxThreads = 1024;
constexpr std::uint32_t kMinKeys = 64;
constexpr std::uint32_t kMaxKeys = 100'000'000;
constexpr std::uint64_t kMaxCapacity = 1'000'000'000;
constexpr std::size_t kShortStream = std::size_t{1} << 20;
constexpr std::size_t kLongStream = std::size_t{1} << 22;

std::vector<std::string> workload_names() {
  std::vector<std::string> names;
  for (const Workload workload : kWorkloads) names.emplace_back(to_string(workload));
  return names;
}

}  // namespace

SubjectSetup Options::setup() const {
  return {.capacity = capacity.value_or(default_capacity(kind(), keys)),
          .value_bytes = value_bytes,
          .strings = value_type == "string"};
}

std::size_t Options::stream_requests() const {
  if (kind() == Workload::one_hot_key) return kChunk;
  const bool misses = setup().capacity < keys;
  // Few keys need no long stream: each comes often enough.
  return std::min<std::size_t>(misses ? kLongStream : kShortStream, std::size_t{64} * keys);
}

void add_common_flags(CLI::App& app, Options& options) {
  app.add_option("--keys", options.keys, "Distinct keys")
      ->capture_default_str()
      ->check(CLI::Range(kMinKeys, kMaxKeys));
  app.add_option("--seconds", options.seconds, "Length of a round")
      ->capture_default_str()
      ->check(CLI::Range(0.001, 3600.0));
  app.add_option("--rounds", options.rounds, "Rounds of each series; figures are medians")
      ->capture_default_str()
      ->check(CLI::Range(1U, 1000U));
  app.add_option("--seed", options.seed, "Seed of the streams of requests")->capture_default_str();
  app.add_flag("--pin,!--no-pin", options.pin,
               "Pin thread i to the i-th processor, counted round (default)");
  app.add_flag("--json", options.json, "Write JSON lines, raw rounds included");
}

void add_flags(CLI::App& app, Options& options) {
  app.add_option("--workload", options.workload, "What the threads do")
      ->capture_default_str()
      ->check(CLI::IsMember(workload_names()));
  app.add_option("--threads", options.threads, "Threads at work")
      ->capture_default_str()
      ->check(CLI::Range(1U, kMaxThreads));
  app.add_option("--capacity", options.capacity,
                 "Entries that fit (default: all keys and an eighth; a tenth of the keys for "
                 "cache-aside and get_or_set)")
      ->check(CLI::Range(std::uint64_t{1}, kMaxCapacity));
  app.add_option("--zipf", options.zipf, "Exponent of the keys' popularity; 0 is uniform")
      ->capture_default_str()
      ->check(CLI::Range(0.0, 10.0));
  app.add_option("--value-bytes", options.value_bytes, "Bytes of a value")
      ->capture_default_str()
      ->check(CLI::IsMember({8, 64, 256, 1024}));
  app.add_option("--value-type", options.value_type, "Arrays of bytes, or strings")
      ->capture_default_str()
      ->check(CLI::IsMember({"bytes", "string"}));
  app.add_option("--peer", options.peer, "Measure this in turns with Larder: 64 LRU shards, mutex")
      ->check(CLI::IsMember({"lru64"}));
  add_common_flags(app, options);
}

}  // namespace larder::bench
