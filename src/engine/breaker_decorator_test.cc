// Tests of the circuit breaker middleware: what counts as a failure, refusals, both faces.
//
// Thread safety: one test completes operations on a second thread.
#include <chrono>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "engine/decorator_harness.h"
#include "larder/middleware.h"
#include "larder/testing.h"

namespace larder::engine {
namespace {

using namespace harness;
using namespace std::chrono_literals;
using middleware::BreakerState;

struct World {
  std::vector<std::pair<BreakerState, BreakerState>> changes;
  std::shared_ptr<testing::ManualClock> clock = std::make_shared<testing::ManualClock>();
  std::shared_ptr<ScriptedEngine> fake = std::make_shared<ScriptedEngine>();
  std::shared_ptr<Engine> engine;

  World()
      : engine(middleware::circuit_breaker({.failures = 2,
                                            .open_for = 5s,
                                            .probes = 1,
                                            .on_change =
                                                [this](BreakerState from, BreakerState to) {
                                                  changes.emplace_back(from, to);
                                                  throw std::runtime_error("dropped");
                                                },
                                            .clock = clock})(fake)) {}

  void fail_with(Errc code) {
    fake->script = [code](Operation& op) { op.error = Error(code); };
  }
  std::optional<Errc> get() { return Call("key").run(*engine); }
  bool is_open() {
    const std::uint64_t before = fake->seen();
    return get() == Errc::unavailable && fake->seen() == before;
  }
};

TEST(BreakerDecoratorTest, opens_refuses_probes_and_recovers) {
  World world;
  world.fail_with(Errc::unavailable);
  world.get();
  world.get();
  EXPECT_EQ(world.fake->seen(), 2U);
  EXPECT_EQ(world.get(), Errc::unavailable);
  EXPECT_EQ(world.fake->seen(), 2U) << "refused without the engine";
  EXPECT_EQ(world.engine->health({}).state, Health::State::degraded);
  world.clock->advance(5s);
  world.get();
  EXPECT_EQ(world.fake->seen(), 3U) << "a probe, which fails";
  world.clock->advance(5s);
  world.fake->script = nullptr;
  EXPECT_EQ(world.get(), std::nullopt);
  EXPECT_EQ(world.get(), std::nullopt);
  EXPECT_EQ(world.engine->health({}).state, Health::State::up);
  using enum BreakerState;
  EXPECT_EQ(world.changes,
            (std::vector<std::pair<BreakerState, BreakerState>>{{closed, open},
                                                                {open, half_open},
                                                                {half_open, open},
                                                                {open, half_open},
                                                                {half_open, closed}}));
}

TEST(BreakerDecoratorTest, only_four_errors_are_failures_of_the_engine) {
  for (std::size_t i = 1; i < kErrcs; ++i) {
    const auto code = static_cast<Errc>(i);
    World world;
    world.fail_with(code);
    for (int n = 0; n < 10; ++n) Call("key").run(*world.engine);
    const bool is_failure = code == Errc::unavailable || code == Errc::overloaded ||
                            code == Errc::deadline_exceeded || code == Errc::outcome_unknown;
    EXPECT_EQ(world.is_open(), is_failure) << to_string(code);
  }
}

TEST(BreakerDecoratorTest, rule_01_a_refusal_never_precedes_argument_errors) {
  World world;
  world.fail_with(Errc::unavailable);
  for (int n = 0; n < 3; ++n) world.get();
  EXPECT_EQ(Call("").run(*world.engine), Errc::invalid_key);
  EXPECT_EQ(Call(Opcode::get, {}, true).run(*world.engine), std::nullopt);
  Call late("key");
  late.op.context.deadline_ns = 0;
  EXPECT_EQ(late.run(*world.engine), Errc::deadline_exceeded);
}

TEST(BreakerDecoratorTest, contexts_that_had_ended_and_bad_arguments_open_nothing) {
  World world;
  std::stop_source stop;
  stop.request_stop();
  for (int n = 0; n < 10; ++n) {
    Call late("key");
    late.op.context.deadline_ns = 0;
    EXPECT_EQ(late.run(*world.engine), Errc::deadline_exceeded);
    Call stopped("key");
    stopped.op.context.stop = stop.get_token();
    EXPECT_EQ(stopped.run(*world.engine), Errc::cancelled);
    Call("").run(*world.engine);
  }
  EXPECT_FALSE(world.is_open());
}

TEST(BreakerDecoratorTest, failed_keys_of_a_batch_count_but_answers_of_loaders_do_not) {
  World loads;
  loads.fake->script = [](Operation& op) {
    static_cast<LoadOperation&>(op).items[0].error = Error(Errc::unavailable, "the database");
  };
  for (int n = 0; n < 10; ++n) {
    LoadOperation load;
    Item item;
    item.key = "key";
    load.items = std::span(&item, 1);
    loads.engine->start(load);
    EXPECT_TRUE(item.error.has_value());
  }
  loads.fake->script = nullptr;
  EXPECT_FALSE(loads.is_open());

  World batches;
  batches.fake->script = [](Operation& op) {
    static_cast<KeyOperation&>(op).items[0].error = Error(Errc::serialization);
    static_cast<KeyOperation&>(op).items.back().error = Error(Errc::overloaded);
  };
  for (int n = 0; n < 2; ++n) Call(Opcode::get, {"a", "b"}, true).run(*batches.engine);
  EXPECT_TRUE(batches.is_open());
}

TEST(BreakerDecoratorTest, pending_operations_count_when_they_end) {
  World world;
  world.fail_with(Errc::outcome_unknown);
  world.fake->pends = true;
  Call first("a");
  Call second("b");
  Call left("c");
  for (Call* call : {&first, &second, &left}) {
    EXPECT_EQ(world.engine->start(call->op), Progress::pending);
  }
  EXPECT_TRUE(leave_with(*world.engine, left.op, Errc::cancelled));
  EXPECT_TRUE(world.changes.empty());
  std::jthread([&] { EXPECT_EQ(world.fake->complete_all(), 2U); }).join();
  EXPECT_TRUE(world.is_open());
}

TEST(BreakerDecoratorTest, a_probe_whose_caller_left_gives_its_place_back) {
  World world;
  world.fail_with(Errc::unavailable);
  world.get();
  world.get();
  world.clock->advance(5s);
  world.fake->script = nullptr;
  world.fake->pends = true;
  Call probe("key");
  EXPECT_EQ(world.engine->start(probe.op), Progress::pending);
  EXPECT_TRUE(world.is_open()) << "the one probe is on its way";
  EXPECT_TRUE(leave_with(*world.engine, probe.op, Errc::cancelled));
  world.fake->pends = false;
  EXPECT_EQ(world.get(), std::nullopt);
  EXPECT_EQ(world.get(), std::nullopt);
}

TEST(BreakerDecoratorTest, every_state_has_a_name) {
  EXPECT_EQ(to_string(BreakerState::half_open), "half_open");
  EXPECT_EQ(to_string(static_cast<BreakerState>(7)), "unknown");
}

}  // namespace
}  // namespace larder::engine
