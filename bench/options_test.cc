// Flags: what they set, and how what is out of range is refused.
#include "bench/options.h"

#include <string>
#include <vector>

#include <CLI/CLI.hpp>
#include <gtest/gtest.h>

#include "bench/commands.h"

namespace larder::bench {
namespace {

// Parses flags; the message of what was refused, or empty.
std::string parse(std::vector<std::string> arguments, Options& options) {
  CLI::App app;
  add_flags(app, options);
  std::vector<std::string> reversed(arguments.rbegin(), arguments.rend());
  try {
    app.parse(reversed);
  } catch (const CLI::ParseError& error) {
    return error.what();
  }
  return {};
}

std::string refusal(const std::string& flag, const std::string& value) {
  Options options;
  return parse({flag, value}, options);
}

TEST(Options, DefaultsAreThoseOfTheTargets) {
  Options options;
  EXPECT_EQ(parse({}, options), "");
  EXPECT_EQ(options.kind(), Workload::get);
  EXPECT_EQ(options.threads, 2U);
  EXPECT_EQ(options.keys, 1'000'000U);
  EXPECT_EQ(options.zipf, 0.99);
  EXPECT_EQ(options.value_bytes, 64U);
  EXPECT_GE(options.rounds, 5U);
  EXPECT_TRUE(options.pin);
  EXPECT_GT(options.setup().capacity, options.keys);
  EXPECT_FALSE(options.setup().strings);
}

TEST(Options, FlagsSetWhatTheyName) {
  Options options;
  EXPECT_EQ(parse({"--workload", "cache-aside", "--threads",     "3",   "--keys",       "5000",
                   "--zipf",     "0.5",         "--value-bytes", "256", "--value-type", "string",
                   "--seconds",  "0.5",         "--rounds",      "7",   "--peer",       "lru64",
                   "--json",     "--no-pin",    "--seed",        "9"},
                  options),
            "");
  EXPECT_EQ(options.kind(), Workload::cache_aside);
  EXPECT_EQ(options.threads, 3U);
  EXPECT_EQ(options.setup().capacity, 500U) << "a tenth of the keys";
  EXPECT_EQ(options.setup().value_bytes, 256U);
  EXPECT_TRUE(options.setup().strings);
  EXPECT_EQ(options.zipf, 0.5);
  EXPECT_EQ(options.seconds, 0.5);
  EXPECT_EQ(options.rounds, 7U);
  EXPECT_EQ(options.peer, "lru64");
  EXPECT_TRUE(options.json);
  EXPECT_FALSE(options.pin);
  EXPECT_EQ(options.seed, 9U);
  EXPECT_EQ(parse({"--capacity", "77"}, options), "");
  EXPECT_EQ(options.setup().capacity, 77U);
}

TEST(Options, RefusalsNameFlagAndRange) {
  EXPECT_EQ(refusal("--threads", "0"), "--threads: Value 0 not in range 1 to 1024");
  EXPECT_EQ(refusal("--keys", "5"), "--keys: Value 5 not in range 64 to 100000000");
  EXPECT_EQ(refusal("--capacity", "0"), "--capacity: Value 0 not in range 1 to 1000000000");
  EXPECT_EQ(refusal("--rounds", "0"), "--rounds: Value 0 not in range 1 to 1000");
  EXPECT_EQ(refusal("--peer", "other"), "--peer: other not in {lru64}");
  EXPECT_EQ(refusal("--value-bytes", "9"), "--value-bytes: 9 not in {8,64,256,1024}");
  for (const char* flag : {"--zipf", "--seconds"}) {
    const std::string message = refusal(flag, "-1");
    EXPECT_NE(message.find(flag), std::string::npos) << message;
    EXPECT_NE(message.find("not in range"), std::string::npos) << message;
  }
  const std::string message = refusal("--workload", "read");
  for (const Workload workload : kWorkloads) {
    EXPECT_NE(message.find(to_string(workload)), std::string::npos) << message;
  }
  EXPECT_NE(refusal("--threads", "two").find("--threads"), std::string::npos);
}

TEST(Options, EveryWorkloadHasANameOfItsOwn) {
  for (const Workload workload : kWorkloads) {
    EXPECT_EQ(workload_of(to_string(workload)), workload);
  }
  EXPECT_EQ(workload_of("?"), std::nullopt);
}

TEST(Options, StreamsAreLongWhereACacheCouldLearnThem) {
  Options options;
  EXPECT_EQ(options.stream_requests(), std::size_t{1} << 20);
  options.workload = "cache-aside";
  EXPECT_EQ(options.stream_requests(), std::size_t{1} << 22);
  options.keys = 100;
  EXPECT_EQ(options.stream_requests(), 6400U);
}

TEST(Options, ReplayNeedsATraceThatIsThereAndACapacity) {
  const auto refusal_of = [](std::vector<std::string> arguments) -> std::string {
    CLI::App app;
    int exit_code = 0;
    add_replay_command(app, exit_code);
    std::vector<std::string> reversed(arguments.rbegin(), arguments.rend());
    try {
      app.parse(reversed);
    } catch (const CLI::ParseError& error) {
      return error.what();
    }
    return {};
  };
  EXPECT_NE(refusal_of({"replay", "/nowhere", "--capacity", "5"}).find("/nowhere"),
            std::string::npos);
  EXPECT_NE(refusal_of({"replay", "/dev/null"}).find("--capacity"), std::string::npos);
  EXPECT_NE(refusal_of({"replay", "/proc/self/status", "--capacity", "0"}).find("range 1 to"),
            std::string::npos);
  EXPECT_NE(refusal_of({"replay", "/proc/self/status", "--capacity", "5", "--policy", "x"})
                .find("{cache,filtered_clock,lru,s3fifo}"),
            std::string::npos);
}

}  // namespace
}  // namespace larder::bench
