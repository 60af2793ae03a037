// The workload with free-running threads over the plain engine: real overlap, real clocks of
// order, and a history large enough to show that the checker keeps up.
#include "model/workload.h"

#include <iostream>
#include <memory>
#include <mutex>
#include <sstream>

#include <gtest/gtest.h>

#include "model/broken_engines.h"
#include "model/checker.h"

namespace larder::model {
namespace {

/// A clock moved by hand.
class TestClock {
 public:
  std::int64_t now_ns() {
    const std::lock_guard lock(mutex_);
    return now_ns_;
  }
  void advance(std::int64_t by_ns) {
    const std::lock_guard lock(mutex_);
    now_ns_ += by_ns;
  }

 private:
  std::mutex mutex_;
  std::int64_t now_ns_ = 1'000'000'000;  // guarded by mutex_
};

History run_free(const Workload& workload) {
  TestClock clock;
  const Environment environment = free_running_environment(
      [&] { return clock.now_ns(); }, [&](std::int64_t by_ns) { clock.advance(by_ns); });
  const std::unique_ptr<Target> engine = make_simple_engine(facts_of(workload), environment);
  return run_workload(workload, environment, *engine);
}

TEST(FreeRunning, ThePlainEngineIsAccepted) {
  Statistics statistics;
  for (std::uint64_t seed = 1; seed <= 5; ++seed) {
    const History history = run_free({.clients = 8, .operations_per_client = 500, .seed = seed});
    const CheckReport report = check(history);
    ASSERT_TRUE(report.ok()) << "seed " << seed << '\n' << report.text();
    statistics.add(report.statistics);
  }
  std::cout << statistics;
  EXPECT_EQ(statistics.events, 5U * 8U * 500U);
}

TEST(FreeRunning, AHistoryJudgedFromItsFileGetsTheSameVerdict) {
  const History good = run_free({.clients = 4, .operations_per_client = 200, .seed = 3});
  const BrokenEngine& broken = broken_engines().front();
  const History bad = run_deterministic(workload_for(broken, 1), broken.make);
  std::stringstream file;
  write_history(file, good);
  write_history(file, bad);
  const std::vector<History> read = read_histories(file);
  ASSERT_EQ(read.size(), 2U);
  EXPECT_TRUE(check(read[0]).ok());
  EXPECT_EQ(check(read[1]).text(), check(bad).text());
  EXPECT_FALSE(check(read[1]).ok());
}

}  // namespace
}  // namespace larder::model
