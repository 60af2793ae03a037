// The memory engine under threads that mix every operation on few keys, judged by the checker.
// LARDER_STRESS_SECONDS prolongs the run, LARDER_STRESS_SEED moves it.
#include <cstdlib>
#include <fstream>
#include <iostream>

#include <gtest/gtest.h>

#include "linear_run.h"

namespace larder::stress {
namespace {

std::uint64_t from_environment(const char* name, std::uint64_t otherwise) {
  const char* const text = std::getenv(name);
  return text == nullptr ? otherwise : std::strtoull(text, nullptr, 10);
}

std::string kept_history(const LinearReport& report) {
  if (report.failed_history.empty()) return {};
  const std::string path = ::testing::TempDir() + "larder-linearizability-failure.jsonl";
  std::ofstream(path) << report.failed_history;
  return "the first bad history is in " + path;
}

TEST(Linearizability, OfEveryOperationOnFewKeys) {
  const LinearPlan plan{
      .seed = from_environment("LARDER_STRESS_SEED", 1),
      .duration = std::chrono::seconds(from_environment("LARDER_STRESS_SECONDS", 20))};
  const LinearReport report = run_linear(plan);
  std::cout << "seeds " << plan.seed << " to " << report.last_seed << ", clients " << plan.clients
            << ", keys " << plan.keys << '\n'
            << report.statistics;
  for (const std::string& failure : report.failures) ADD_FAILURE() << failure;
  EXPECT_TRUE(report.failures.empty()) << kept_history(report);
  for (int op = 0; op < model::kOpCount; ++op) {
    EXPECT_GT(report.statistics.operations[static_cast<std::size_t>(op)], 0U)
        << model::op_name(static_cast<model::Op>(op)) << " was never called";
  }
  EXPECT_GT(report.statistics.expiries, 0U);
  EXPECT_GT(report.statistics.mean_overlap(), 1.0);
}

}  // namespace
}  // namespace larder::stress
