// Tests of the chaos middleware: the same fate for the same seed, effects, delays, outages.
//
// Thread safety: one test uses several threads.
#include <algorithm>
#include <chrono>
#include <map>
#include <memory>
#include <optional>
#include <stop_token>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "engine/decorator_harness.h"
#include "larder/testing.h"

namespace larder::engine {
namespace {

using namespace harness;
using namespace std::chrono_literals;
using testing::chaos;
using testing::ChaosOptions;
using Fates = std::vector<std::optional<Errc>>;

Fates fates(const ChaosOptions& options, int calls = 2'000, Opcode code = Opcode::set) {
  const auto engine = chaos(options)(std::make_shared<ScriptedEngine>());
  Fates ended;
  for (int i = 0; i < calls; ++i) ended.push_back(Call(code, {"key"}).run(*engine));
  return ended;
}

ChaosOptions mixed(std::uint64_t seed) {
  return {.seed = seed,
          .faults = {{.code = Errc::unavailable, .probability = 0.1},
                     {.code = Errc::overloaded, .probability = 0.2}},
          .lost_answer = 0.05};
}

TEST(ChaosDecoratorTest, the_same_seed_gives_the_same_fates_and_another_seed_others) {
  EXPECT_EQ(fates(mixed(1)), fates(mixed(1)));
  EXPECT_NE(fates(mixed(1)), fates(mixed(2)));
}

TEST(ChaosDecoratorTest, faults_come_with_their_probability) {
  std::map<std::optional<Errc>, int> counts;
  for (const auto& fate : fates(mixed(3), 20'000)) ++counts[fate];
  EXPECT_NEAR(counts[Errc::unavailable], 2'000, 200);
  EXPECT_NEAR(counts[Errc::overloaded], 4'000, 250);
  EXPECT_NEAR(counts[Errc::outcome_unknown], 0.7 * 0.05 * 20'000, 120);
  EXPECT_EQ(counts.size(), 4U);
}

TEST(ChaosDecoratorTest, without_options_nothing_happens) {
  for (const auto& fate : fates({}, 100)) EXPECT_EQ(fate, std::nullopt);
}

TEST(ChaosDecoratorTest, the_fates_are_the_same_however_threads_share_the_calls) {
  const auto engine = chaos(mixed(5))(std::make_shared<ScriptedEngine>());
  base::Atomic<int> failed{0};  // role: sum over the threads
  {
    std::vector<std::jthread> threads;
    for (int t = 0; t < 4; ++t) {
      threads.emplace_back([&] {
        for (int i = 0; i < 500; ++i) {
          if (Call(Opcode::set, {"key"}).run(*engine)) failed.add_relaxed(1);
        }
      });
    }
  }
  const Fates alone = fates(mixed(5), 2'000);
  EXPECT_EQ(failed.load_relaxed(),
            std::ranges::count_if(alone, [](const auto& fate) { return fate.has_value(); }));
}

TEST(ChaosDecoratorTest, a_fault_has_no_effect_and_a_lost_answer_has_one) {
  auto fake = std::make_shared<ScriptedEngine>();
  const auto refusing = chaos({.faults = {{.code = Errc::unavailable, .probability = 1}}})(fake);
  Call refused(Opcode::set, {"key"});
  EXPECT_EQ(refused.run(*refusing), Errc::unavailable);
  EXPECT_EQ(refused.op.error->effect(), Effect::no);
  EXPECT_EQ(fake->seen(), 0U);
  const auto losing = chaos({.lost_answer = 1})(fake);
  Call lost(Opcode::set, {"key"});
  EXPECT_EQ(lost.run(*losing), Errc::outcome_unknown);
  EXPECT_EQ(lost.op.error->effect(), Effect::unknown);
  EXPECT_EQ(fake->seen(), 1U);
}

TEST(ChaosDecoratorTest, answers_are_lost_of_writes_only_and_never_of_failures) {
  auto fake = std::make_shared<ScriptedEngine>();
  const auto losing = chaos({.lost_answer = 1})(fake);
  for (const Opcode code : {Opcode::get, Opcode::take, Opcode::contains, Opcode::increment}) {
    EXPECT_EQ(Call(code, {"key"}).run(*losing), std::nullopt) << to_string(code);
  }
  EXPECT_EQ(Call(Opcode::erase, {""}).run(*losing), Errc::invalid_key);
  EXPECT_EQ(Call(Opcode::erase, {}, true).run(*losing), std::nullopt);
  Call delivering(Opcode::set, {"key"});
  delivering.op.deliver = Deliver::pin;
  EXPECT_EQ(delivering.run(*losing), std::nullopt);
}

TEST(ChaosDecoratorTest, rule_01_argument_errors_come_before_faults) {
  const auto engine = chaos({.faults = {{.code = Errc::unavailable, .probability = 1}}})(
      std::make_shared<ScriptedEngine>());
  EXPECT_EQ(Call("").run(*engine), Errc::invalid_key);
}

TEST(ChaosDecoratorTest, an_outage_begins_and_ends_at_stated_calls) {
  const Fates ended =
      fates({.fail_from = 3, .fail_until = 5, .fail_code = Errc::overloaded}, 7, Opcode::get);
  const std::optional<Errc> ok;
  EXPECT_EQ(ended, (Fates{ok, ok, ok, Errc::overloaded, Errc::overloaded, ok, ok}));
  EXPECT_EQ(fates({.fail_from = 1}, 3), (Fates{ok, Errc::unavailable, Errc::unavailable}));
}

TEST(ChaosDecoratorTest, only_the_named_operations_are_touched_and_numbered) {
  const auto engine =
      chaos({.fail_from = 1, .only = {Opcode::erase}})(std::make_shared<ScriptedEngine>());
  EXPECT_EQ(Call("key").run(*engine), std::nullopt);
  EXPECT_EQ(Call(Opcode::erase, {"key"}).run(*engine), std::nullopt);
  EXPECT_EQ(Call("key").run(*engine), std::nullopt);
  EXPECT_EQ(Call(Opcode::erase, {"key"}).run(*engine), Errc::unavailable);
}

TEST(ChaosDecoratorTest, delays_use_the_function_that_is_given) {
  std::vector<std::chrono::nanoseconds> waits;
  const auto engine =
      chaos({.delay_probability = 1, .delay = 7ms, .wait = [&](std::chrono::nanoseconds span) {
               waits.push_back(span);
             }})(std::make_shared<ScriptedEngine>());
  EXPECT_EQ(Call("key").run(*engine), std::nullopt);
  EXPECT_EQ(waits, std::vector<std::chrono::nanoseconds>{7ms});
}

// The waiter is on its way or in its nap when the clock moves: both end the same.
TEST(ChaosDecoratorTest, delays_end_when_the_clock_has_moved_on) {
  auto clock = std::make_shared<testing::ManualClock>();
  const auto engine = chaos({.delay_probability = 1, .delay = 1h, .clock = clock})(
      std::make_shared<ScriptedEngine>());
  base::Atomic<bool> over{false};  // role: the call returned
  std::jthread caller([&] {
    EXPECT_EQ(Call("key").run(*engine), std::nullopt);
    over.store_release(true);  // pairs with the loop below
  });
  while (!over.load_acquire()) {  // pairs with the store above; bounded by the test's time limit
    clock->advance(1h);
    std::this_thread::yield();
  }
}

TEST(ChaosDecoratorTest, delays_end_with_the_deadline_and_with_a_stop) {
  auto clock = std::make_shared<testing::ManualClock>();
  const auto engine =
      chaos({.delay_probability = 1, .delay = 24h})(std::make_shared<ScriptedEngine>());
  Call late("key");
  late.op.clock = clock.get();
  late.op.context.deadline_ns = clock->now_ns() - 1;
  EXPECT_EQ(late.run(*engine), Errc::deadline_exceeded);
  std::stop_source stop;
  Call stopped("key");
  stopped.op.context.stop = stop.get_token();
  std::jthread stopper([&] { stop.request_stop(); });
  EXPECT_EQ(stopped.run(*engine), Errc::cancelled);
}

TEST(ChaosDecoratorTest, pending_operations_lose_their_answer_at_the_end_and_always_complete) {
  auto fake = std::make_shared<ScriptedEngine>();
  fake->pends = true;
  const auto engine = chaos({.lost_answer = 1})(fake);
  Call call(Opcode::set, {"key"});
  EXPECT_EQ(engine->start(call.op), Progress::pending);
  std::jthread([&] { fake->complete_all(); }).join();
  EXPECT_TRUE(call.completed.load_acquire());  // pairs with the completion
  EXPECT_EQ(call.code(), Errc::outcome_unknown);
}

TEST(ChaosDecoratorTest, reads_never_take_the_shortcut_past_it) {
  auto fake = std::make_shared<ScriptedEngine>();
  fake->found = Found::hit;
  int value = 0;
  EXPECT_EQ(chaos({})(fake)->find("key", &value), Found::ask);
}

}  // namespace
}  // namespace larder::engine
