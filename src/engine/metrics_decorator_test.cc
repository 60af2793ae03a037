// Tests of the metrics middleware: each outcome, both faces, shortcuts, sinks, exact sums.
//
// Thread safety: some tests use several threads.
#include "engine/metrics_decorator.h"

#include <array>
#include <chrono>
#include <memory>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "engine/decorator_harness.h"
#include "larder/middleware.h"
#include "larder/testing.h"

namespace larder::engine {
namespace {

using namespace harness;
using namespace std::chrono_literals;

struct World {
  std::shared_ptr<testing::ManualClock> clock = std::make_shared<testing::ManualClock>();
  std::shared_ptr<ScriptedEngine> fake = std::make_shared<ScriptedEngine>();
  std::shared_ptr<MetricsRecorder> recorder;
  std::shared_ptr<Engine> engine;

  explicit World(std::uint32_t sample_every = 1)
      : recorder(std::make_shared<MetricsRecorder>(
            MetricsOptions{.sample_every = sample_every, .clock = clock})),
        engine(metrics_decorator(fake, recorder)) {}

  OperationMetrics of(Opcode code, bool batch = false) const {
    return recorder->snapshot().of(code, batch);
  }
};

TEST(MetricsDecoratorTest, case_231_one_hit_and_one_miss) {
  World world;
  world.fake->script = [n = 0](Operation& op) mutable {
    static_cast<KeyOperation&>(op).items[0].hit = n++ == 0;
  };
  for (int i = 0; i < 2; ++i) Call("key").run(*world.engine);
  EXPECT_EQ(world.of(Opcode::get).of(Outcome::hit), 1U);
  EXPECT_EQ(world.of(Opcode::get).of(Outcome::miss), 1U);
  EXPECT_EQ(world.of(Opcode::get).calls, 2U);
}

TEST(MetricsDecoratorTest, case_232_writes_and_errors_have_outcomes_of_their_own) {
  World world;
  world.fake->script = [n = 0](Operation& op) mutable {
    auto& item = static_cast<KeyOperation&>(op).items[0];
    switch (n++) {
      case 0:
        item.hit = true;
        return;
      case 1:
        return;
      case 2:
        item.error = Error(Errc::cache_full);
        return;
      default:
        op.error = Error(Errc::unavailable);
        return;
    }
  };
  for (int i = 0; i < 4; ++i) Call(Opcode::set_if_absent, {"key"}).run(*world.engine);
  Call(Opcode::set_if_absent, {""}).run(*world.engine);
  const OperationMetrics set = world.of(Opcode::set_if_absent);
  EXPECT_EQ(set.of(Outcome::ok), 1U);
  EXPECT_EQ(set.of(Outcome::no_effect), 1U);
  EXPECT_EQ(set.of(Errc::cache_full), 1U);
  EXPECT_EQ(set.of(Errc::unavailable), 1U);
  EXPECT_EQ(set.of(Errc::invalid_key), 1U);
  EXPECT_EQ(set.calls, 5U);
}

TEST(MetricsDecoratorTest, case_233_a_batch_is_one_call_of_many_keys) {
  World world;
  world.fake->script = [](Operation& op) {
    auto items = static_cast<KeyOperation&>(op).items;
    if (items.size() < 3) return;
    items[0].hit = true;
    items[1].error = Error(Errc::serialization);
  };
  Call(Opcode::get, {"a", "b", "c"}, true).run(*world.engine);
  Call(Opcode::get, {}, true).run(*world.engine);
  Call(Opcode::get, {"a", ""}, true).run(*world.engine);
  const OperationMetrics many = world.of(Opcode::get, true);
  EXPECT_EQ(many.calls, 3U);
  EXPECT_EQ(many.of(Outcome::hit), 1U);
  EXPECT_EQ(many.of(Outcome::miss), 1U);
  EXPECT_EQ(many.of(Errc::serialization), 1U);
  EXPECT_EQ(many.of(Errc::invalid_key), 2U) << "the refusal holds for every key";
  EXPECT_EQ(many.batch_size.sum, 5U);
  EXPECT_EQ(world.of(Opcode::get).calls, 0U);
}

TEST(MetricsDecoratorTest, loads_updates_renames_and_searches_are_told_apart) {
  World world;
  world.fake->script = [](Operation& op) {
    if (op.code == Opcode::load) static_cast<LoadOperation&>(op).items[0].hit = true;
    if (op.code == Opcode::rename) static_cast<KeyOperation&>(op).items[0].hit = true;
  };
  std::array<Item, 2> items;
  items[0].key = "a";
  items[1].key = "b";
  LoadOperation load;
  load.batch = true;
  load.items = items;
  world.engine->start(load);
  UpdateOperation update;
  update.item.key = "a";
  world.engine->start(update);
  Call(Opcode::rename, {"a", "b"}).run(*world.engine);
  SearchOperation clear(Opcode::clear);
  world.engine->start(clear);
  SearchOperation bad(Opcode::find_by_pattern);
  world.engine->start(bad);
  EXPECT_EQ(world.of(Opcode::load, true).of(Outcome::ok), 1U);
  EXPECT_EQ(world.of(Opcode::load, true).of(Outcome::miss), 1U);
  EXPECT_EQ(world.of(Opcode::update).of(Outcome::no_effect), 1U);
  EXPECT_EQ(world.of(Opcode::rename).of(Outcome::ok), 1U);
  EXPECT_EQ(world.of(Opcode::rename).calls, 1U) << "two keys, one step";
  EXPECT_EQ(world.of(Opcode::clear).of(Outcome::ok), 1U);
  EXPECT_EQ(world.of(Opcode::find_by_pattern).of(Errc::invalid_pattern), 1U);
}

TEST(MetricsDecoratorTest, a_pending_operation_is_timed_to_its_completion) {
  World world;
  world.fake->pends = true;
  Call call("key");
  EXPECT_EQ(world.engine->start(call.op), Progress::pending);
  EXPECT_EQ(world.of(Opcode::get).calls, 0U);
  world.clock->advance(4ms);
  std::jthread([&] { world.fake->complete_all(); }).join();
  const OperationMetrics get = world.of(Opcode::get);
  EXPECT_EQ(get.of(Outcome::hit), 1U);
  EXPECT_EQ(get.latency_ns.count, 1U);
  EXPECT_EQ(get.latency_ns.sum, 4'000'000U);
  EXPECT_NEAR(static_cast<double>(get.latency_ns.percentile(0.99)), 4e6, 4e6 / 32);
}

TEST(MetricsDecoratorTest, callers_that_leave_are_counted_as_cancelled) {
  World world;
  world.fake->pends = true;
  Call stopped("key");
  Call late("key");
  EXPECT_EQ(world.engine->start(stopped.op), Progress::pending);
  EXPECT_EQ(world.engine->start(late.op), Progress::pending);
  EXPECT_TRUE(leave_with(*world.engine, stopped.op, Errc::cancelled));
  EXPECT_TRUE(leave_with(*world.engine, late.op, Errc::deadline_exceeded));
  EXPECT_EQ(world.of(Opcode::get).of(Errc::cancelled), 1U);
  EXPECT_EQ(world.of(Opcode::get).of(Errc::deadline_exceeded), 1U);
  EXPECT_EQ(world.of(Opcode::get).calls, 2U);
}

TEST(MetricsDecoratorTest, reads_by_the_shortcut_are_counted_once) {
  World world;
  int value = 0;
  world.fake->found = Found::hit;
  EXPECT_EQ(world.engine->find("key", &value), Found::hit);
  world.fake->found = Found::miss;
  EXPECT_EQ(world.engine->find("key", &value), Found::miss);
  world.fake->found = Found::ask;
  EXPECT_EQ(world.engine->find("key", &value), Found::ask);
  Call("key").run(*world.engine);
  const OperationMetrics get = world.of(Opcode::get);
  EXPECT_EQ(get.of(Outcome::hit), 2U);
  EXPECT_EQ(get.of(Outcome::miss), 1U);
  EXPECT_EQ(get.latency_ns.count, 3U) << "every call is timed when one in one is";
}

TEST(MetricsDecoratorTest, the_shortcut_may_go_past_what_lies_between) {
  auto between = std::make_shared<ScriptedEngine>();
  auto innermost = std::make_shared<ScriptedEngine>();
  innermost->found = Found::hit;
  auto recorder = std::make_shared<MetricsRecorder>();
  const auto engine = metrics_decorator(between, recorder, innermost.get());
  int value = 0;
  EXPECT_EQ(engine->find("key", &value), Found::hit);
  EXPECT_EQ(between->finds(), 0U);
  Call("key").run(*engine);
  EXPECT_EQ(between->seen(), 1U);
  EXPECT_EQ(recorder->snapshot().of(Opcode::get).of(Outcome::hit), 2U);
}

TEST(MetricsDecoratorTest, counts_are_exact_and_latencies_sampled_under_eight_threads) {
  constexpr std::uint64_t kThreads = 8;
  constexpr std::uint64_t kCalls = 10'000;
  World world(64);
  world.fake->found = Found::hit;
  {
    std::vector<std::jthread> threads;
    for (std::uint64_t t = 0; t < kThreads; ++t) {
      threads.emplace_back([&] {
        int value = 0;
        for (std::uint64_t i = 0; i < kCalls; ++i) {
          world.engine->find("key", &value);
          Call(Opcode::set, {"key"}).run(*world.engine);
        }
      });
    }
  }
  const OperationMetrics get = world.of(Opcode::get);
  const OperationMetrics set = world.of(Opcode::set);
  EXPECT_EQ(get.of(Outcome::hit), kThreads * kCalls);
  EXPECT_EQ(set.of(Outcome::ok), kThreads * kCalls);
  for (const OperationMetrics& each : {get, set}) {
    EXPECT_NEAR(static_cast<double>(each.latency_ns.count), kThreads * kCalls / 64.0, 64.0);
  }
}

struct RecordingSink final : MetricsSink {
  std::vector<OperationRecord> records;
  void record(const OperationRecord& record) noexcept override { records.push_back(record); }
};

TEST(MetricsDecoratorTest, a_sink_is_told_of_every_operation) {
  auto clock = std::make_shared<testing::ManualClock>();
  auto sink = std::make_shared<RecordingSink>();
  auto fake = std::make_shared<ScriptedEngine>();
  const auto engine = middleware::metrics(sink, {.sample_every = 1, .clock = clock})(fake);
  fake->script = [&](Operation&) { clock->advance(2us); };
  Call(Opcode::get, {"a", "b"}, true).run(*engine);
  Call(Opcode::set, {""}).run(*engine);
  fake->found = Found::hit;
  int value = 0;
  engine->find("key", &value);
  ASSERT_EQ(sink->records.size(), 3U);
  EXPECT_TRUE(sink->records[0].batch);
  EXPECT_EQ(sink->records[0].outcomes[static_cast<std::size_t>(Outcome::miss)], 2U);
  EXPECT_EQ(sink->records[0].latency, 2us);
  EXPECT_EQ(sink->records[1].error, Errc::invalid_key);
  EXPECT_EQ(sink->records[1].code, Opcode::set);
  EXPECT_EQ(sink->records[2].outcomes[static_cast<std::size_t>(Outcome::hit)], 1U);
}

}  // namespace
}  // namespace larder::engine
