// `larder replay`: the hit ratio of a recorded stream.
//
// Thread safety: see commands.h.
#include <cstdio>
#include <memory>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>

#include "bench/commands.h"
#include "bench/json_line.h"
#include "bench/progress.h"
#include "bench/replay.h"
#include "bench/trace.h"

namespace larder::bench {
namespace {

constexpr std::uint64_t kMaxCapacity = 1'000'000'000;

struct ReplayOptions {
  std::string trace;
  std::uint64_t capacity = 0;
  std::string policy{kReplayPolicies.front()};
  bool json = false;
};

Result<ReplayResult> replay(const ReplayOptions& options) {
  const auto keys = read_trace(options.trace);
  if (!keys) return keys.error();
  Progress progress;
  const auto told = [&](std::size_t done) { progress.show("replaying", done, keys->size()); };
  if (const auto bare = replay_policy(options.policy, *keys, options.capacity, told)) return *bare;
  return replay_cache(*keys, options.capacity, told);
}

int run_replay(const ReplayOptions& options) {
  const auto result = replay(options);
  if (!result) {
    const std::string message(result.error().message());
    std::fprintf(stderr, "larder replay: %s\n", message.c_str());
    return 1;
  }
  if (options.json) {
    JsonLine("replay")
        .add("trace", options.trace)
        .add("policy", options.policy)
        .add("capacity", options.capacity)
        .add("requests", result->requests)
        .add("uniques", result->uniques)
        .add("hits", result->hits)
        .add("hit_ratio", result->hit_ratio())
        .print();
    return 0;
  }
  std::printf("%s: %llu requests of %llu keys, room for %llu, %s: hit ratio %.4f\n",
              options.trace.c_str(), static_cast<unsigned long long>(result->requests),
              static_cast<unsigned long long>(result->uniques),
              static_cast<unsigned long long>(options.capacity), options.policy.c_str(),
              result->hit_ratio());
  return 0;
}

}  // namespace

void add_replay_command(CLI::App& app, int& exit_code) {
  CLI::App* const replay =
      app.add_subcommand("replay", "Replay a recorded stream of keys and print its hit ratio");
  auto options = std::make_shared<ReplayOptions>();
  replay->add_option("trace", options->trace, "Little-endian 64-bit keys, plain or xz")
      ->required()
      ->check(CLI::ExistingFile);
  replay->add_option("--capacity", options->capacity, "Entries that fit")
      ->required()
      ->check(CLI::Range(std::uint64_t{1}, kMaxCapacity));
  replay->add_option("--policy", options->policy, "The cache as shipped, or a policy alone")
      ->capture_default_str()
      ->check(
          CLI::IsMember(std::vector<std::string>(kReplayPolicies.begin(), kReplayPolicies.end())));
  replay->add_flag("--json", options->json, "Write one JSON line");
  replay->callback([options, &exit_code] { exit_code = run_replay(*options); });
}

}  // namespace larder::bench
