// Every workload, run briefly through its command line: it ends, its lines are there, no value was
// wrong. Figures are not looked at.
#include <string>
#include <vector>

#include <CLI/CLI.hpp>
#include <gtest/gtest.h>

#include "bench/commands.h"
#include "bench/workload.h"

namespace larder::bench {
namespace {

struct Ran {
  int exit_code = -1;
  std::string output;
};

Ran run(std::vector<std::string> arguments) {
  CLI::App app;
  Ran ran;
  add_bench_command(app, ran.exit_code);
  add_replay_command(app, ran.exit_code);
  std::vector<std::string> reversed(arguments.rbegin(), arguments.rend());
  testing::internal::CaptureStdout();
  app.parse(reversed);
  ran.output = testing::internal::GetCapturedStdout();
  return ran;
}

std::size_t count(const std::string& text, const std::string& part) {
  std::size_t found = 0;
  for (std::size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) {
    ++found;
  }
  return found;
}

class Smoke : public testing::TestWithParam<Workload> {};

std::vector<std::string> briefly(const std::string& workload) {
  return {"bench", "--workload", workload, "--keys",    "2000", "--seconds",
          "0.1",   "--rounds",   "3",      "--threads", "3"};
}

TEST_P(Smoke, RunsAgainstThePeerAndWritesEveryRound) {
  auto arguments = briefly(std::string(to_string(GetParam())));
  arguments.insert(arguments.end(), {"--peer", "lru64", "--json"});
  const Ran ran = run(arguments);
  EXPECT_EQ(ran.exit_code, 0);
  EXPECT_EQ(count(ran.output, R"("type":"run")"), 1U);
  EXPECT_EQ(count(ran.output, R"("type":"round")"), 9U) << "three rounds of three subjects";
  EXPECT_EQ(count(ran.output, R"("type":"result")"), 3U);
  EXPECT_EQ(count(ran.output, R"("type":"comparison")"), 1U);
  EXPECT_EQ(count(ran.output, R"("operations":0,)"), 0U);
}

TEST_P(Smoke, RunsOnStringsAndWritesATable) {
  auto arguments = briefly(std::string(to_string(GetParam())));
  arguments.insert(arguments.end(), {"--value-type", "string", "--no-pin"});
  const Ran ran = run(arguments);
  EXPECT_EQ(ran.exit_code, 0);
  EXPECT_NE(ran.output.find("Mops/s"), std::string::npos);
  EXPECT_NE(ran.output.find("\nlarder "), std::string::npos);
  EXPECT_EQ(ran.output.find("lru64"), std::string::npos);
}

INSTANTIATE_TEST_SUITE_P(Workloads, Smoke, testing::ValuesIn(kWorkloads), [](const auto& info) {
  std::string name(to_string(info.param));
  for (char& c : name) c = c == '-' ? '_' : c;
  return name;
});

TEST(SmokeSizes, EveryValueSizeRuns) {
  for (const char* bytes : {"8", "64", "256", "1024"}) {
    auto arguments = briefly("mix");
    arguments.insert(arguments.end(), {"--value-bytes", bytes, "--json"});
    const Ran ran = run(arguments);
    EXPECT_EQ(ran.exit_code, 0) << bytes;
    EXPECT_NE(ran.output.find(std::string(R"("value_bytes":)") + bytes), std::string::npos);
  }
}

TEST(SmokeTargets, WritesEveryRow) {
  const Ran ran = run({"bench", "targets", "--keys", "2000", "--seconds", "0.02", "--rounds", "1",
                       "--headers", LARDER_SOURCE_DIR "/include", "--json"});
  EXPECT_EQ(ran.exit_code, 0);
  EXPECT_EQ(count(ran.output, R"("type":"target")"), 14U) << ran.output;
  EXPECT_EQ(count(ran.output, "compile time"), 1U);
}

}  // namespace
}  // namespace larder::bench
