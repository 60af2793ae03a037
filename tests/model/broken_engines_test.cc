// The checker rejects every broken engine, by name, and accepts the plain one in the same runs.
#include "model/broken_engines.h"

#include <string>

#include <gtest/gtest.h>

#include "model/checker.h"

namespace larder::model {
namespace {

constexpr std::uint64_t kSeeds = 5;

class BrokenEngines : public testing::TestWithParam<const BrokenEngine*> {};

TEST_P(BrokenEngines, AreRejectedWithEverySeed) {
  for (std::uint64_t seed = 1; seed <= kSeeds; ++seed) {
    const History history = run_deterministic(workload_for(*GetParam(), seed), GetParam()->make);
    const CheckReport report = check(history);
    EXPECT_TRUE(report.verdict == Verdict::violation)
        << GetParam()->name << " (" << GetParam()->defect << ") was not noticed, seed " << seed;
    if (seed == 1 && !report.violations.empty()) {
      RecordProperty("counterexample", report.violations.front());
    }
  }
}

TEST_P(BrokenEngines, TheSameRunsOfThePlainEngineAreAccepted) {
  for (std::uint64_t seed = 1; seed <= kSeeds; ++seed) {
    const History history = run_deterministic(workload_for(*GetParam(), seed), make_simple_engine);
    const CheckReport report = check(history);
    EXPECT_TRUE(report.ok()) << "seed " << seed << '\n' << report.text();
  }
}

std::vector<const BrokenEngine*> each_engine() {
  std::vector<const BrokenEngine*> engines;
  for (const BrokenEngine& engine : broken_engines()) engines.push_back(&engine);
  return engines;
}

INSTANTIATE_TEST_SUITE_P(ByName, BrokenEngines, testing::ValuesIn(each_engine()),
                         [](const auto& engine) { return std::string(engine.param->name); });

TEST(SimpleEngine, EveryOperationMixedIsAccepted) {
  Statistics statistics;
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    const History history = run_deterministic({.seed = seed}, make_simple_engine);
    const CheckReport report = check(history);
    ASSERT_TRUE(report.ok()) << "seed " << seed << '\n' << report.text();
    statistics.add(report.statistics);
  }
  for (int op = 0; op < kOpCount; ++op) {
    EXPECT_GT(statistics.operations[static_cast<std::size_t>(op)], 0U)
        << op_name(static_cast<Op>(op));
  }
  EXPECT_GT(statistics.mean_overlap(), 2.0);
  EXPECT_GT(statistics.expiries, 0U);
  EXPECT_GT(statistics.loads, 0U);
}

TEST(Workload, ASeedNamesOneHistory) {
  const Workload workload{.seed = 7};
  EXPECT_EQ(run_deterministic(workload, make_simple_engine),
            run_deterministic(workload, make_simple_engine));
  EXPECT_NE(run_deterministic(workload, make_simple_engine),
            run_deterministic({.seed = 8}, make_simple_engine));
}

}  // namespace
}  // namespace larder::model
