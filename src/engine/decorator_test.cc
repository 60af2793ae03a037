// Tests of the base of decorators and of chains: order, frames, refusals, both ways to end.
//
// Thread safety: some tests complete operations on a second thread.
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "engine/decorator_harness.h"
#include "larder/stats.h"

namespace larder::engine {
namespace {

using namespace harness;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using Log = std::vector<std::string>;

class Recording final : public Decorator {
 public:
  Recording(std::shared_ptr<Engine> inner, std::string name, Log& log, bool finds = false)
      : Decorator(std::move(inner)), name_(std::move(name)), log_(log), finds_(finds) {}

  std::optional<Errc> refusal;

 protected:
  std::optional<Error> before(Operation& op, Operation::Frame& frame) noexcept override {
    log_.push_back(name_ + " before");
    frame.data[0] = reinterpret_cast<std::uintptr_t>(&op);
    return refusal ? std::optional(Error(*refusal)) : std::nullopt;
  }
  void after(Operation& op, Operation::Frame& frame) noexcept override {
    log_.push_back(name_ +
                   (frame.data[0] == reinterpret_cast<std::uintptr_t>(&op) ? " after" : " lost"));
  }
  bool allows_find() const noexcept override { return finds_; }

 private:
  std::string name_;
  Log& log_;
  bool finds_;
};

Middleware recording(std::string name, Log& log) {
  return [name, &log](std::shared_ptr<Engine> inner) -> std::shared_ptr<Engine> {
    return std::make_shared<Recording>(std::move(inner), name, log);
  };
}

TEST(DecoratorTest, case_228_the_first_listed_is_outermost) {
  Log log;
  auto fake = std::make_shared<ScriptedEngine>();
  fake->script = [&](Operation&) { log.push_back("cache"); };
  const auto engine = chain(recording("a", log), recording("b", log))(fake);
  Call call("key");
  EXPECT_EQ(call.run(*engine), std::nullopt);
  EXPECT_THAT(log, ElementsAre("a before", "b before", "cache", "b after", "a after"));
}

TEST(DecoratorTest, case_228_the_order_is_the_same_when_another_thread_completes) {
  Log log;
  auto fake = std::make_shared<ScriptedEngine>();
  fake->pends = true;
  fake->script = [&](Operation&) { log.push_back("cache"); };
  const auto engine = chain(recording("a", log), recording("b", log))(fake);
  Call call("key");
  EXPECT_EQ(call.op.error, std::nullopt);
  EXPECT_EQ(engine->start(call.op), Progress::pending);
  EXPECT_THAT(log, ElementsAre("a before", "b before"));
  std::jthread([&] { EXPECT_EQ(fake->complete_all(), 1U); }).join();
  EXPECT_TRUE(call.completed.load_acquire());  // pairs with the completion
  EXPECT_THAT(log, ElementsAre("a before", "b before", "cache", "b after", "a after"));
}

TEST(DecoratorTest, case_228_a_chain_can_be_used_again_and_nested) {
  Log log;
  const Middleware both = chain(recording("a", log), recording("b", log));
  const auto once = chain(recording("o", log), both)(std::make_shared<ScriptedEngine>());
  const auto twice = both(std::make_shared<ScriptedEngine>());
  Call call("key");
  call.run(*once);
  call.run(*twice);
  EXPECT_THAT(log, ElementsAre("o before", "a before", "b before", "b after", "a after", "o after",
                               "a before", "b before", "b after", "a after"));
}

TEST(DecoratorTest, an_empty_chain_is_the_engine_itself) {
  const auto fake = std::make_shared<ScriptedEngine>();
  EXPECT_EQ(chain(std::vector<Middleware>{})(fake), fake);
}

TEST(DecoratorTest, a_caller_that_leaves_ends_every_decorator_once_without_a_completion) {
  Log log;
  auto fake = std::make_shared<ScriptedEngine>();
  fake->pends = true;
  const auto engine = chain(recording("a", log), recording("b", log))(fake);
  Call call("key");
  EXPECT_EQ(engine->start(call.op), Progress::pending);
  EXPECT_TRUE(leave_with(*engine, call.op, Errc::cancelled));
  EXPECT_FALSE(leave_with(*engine, call.op, Errc::cancelled));
  EXPECT_EQ(fake->complete_all(), 0U);
  EXPECT_FALSE(call.completed.load_acquire());  // pairs with the completion
  EXPECT_THAT(log, ElementsAre("a before", "b before", "b after", "a after"));
}

struct Refusing {
  Log log;
  std::shared_ptr<ScriptedEngine> fake = std::make_shared<ScriptedEngine>();
  std::shared_ptr<Recording> inner = std::make_shared<Recording>(fake, "r", log);
  std::shared_ptr<Recording> outer = std::make_shared<Recording>(inner, "o", log);

  Refusing() { inner->refusal = Errc::unavailable; }
};

TEST(DecoratorTest, a_refusal_ends_the_operation_without_the_engine) {
  Refusing world;
  Call call("key");
  EXPECT_EQ(call.run(*world.outer), Errc::unavailable);
  EXPECT_EQ(world.fake->seen(), 0U);
  EXPECT_THAT(world.log, ElementsAre("o before", "r before", "r after", "o after"));
}

TEST(DecoratorTest, rule_01_a_refusal_comes_after_closed_empty_batches_arguments_and_context) {
  Refusing world;
  Call bad_key("");
  EXPECT_EQ(bad_key.run(*world.outer), Errc::invalid_key);
  Call bad_batch(Opcode::set, {"good", ""}, true);
  EXPECT_EQ(bad_batch.run(*world.outer), Errc::invalid_key);
  Call empty(Opcode::get, {}, true);
  EXPECT_EQ(empty.run(*world.outer), std::nullopt);
  Call late("key");
  late.op.context.deadline_ns = 0;
  EXPECT_EQ(late.run(*world.outer), Errc::deadline_exceeded);
  world.fake->is_closed = true;
  Call closed("");
  EXPECT_EQ(closed.run(*world.outer), Errc::closed);
  EXPECT_EQ(world.fake->seen(), 0U);
}

TEST(DecoratorTest, more_decorators_than_frames_refuse_and_stay_balanced) {
  Log log;
  std::vector<Middleware> many(Operation::kMaxFrames + 1, recording("x", log));
  const auto fake = std::make_shared<ScriptedEngine>();
  const auto too_deep = chain(many)(fake);
  Call call("key");
  EXPECT_EQ(call.run(*too_deep), Errc::invalid_config);
  EXPECT_EQ(fake->seen(), 0U);
  EXPECT_EQ(log.size(), 2 * Operation::kMaxFrames);
  many.pop_back();
  const auto deep_enough = chain(many)(fake);
  Call second("key");
  EXPECT_EQ(second.run(*deep_enough), std::nullopt);
}

TEST(DecoratorTest, the_shortcut_is_closed_unless_a_decorator_allows_it) {
  Log log;
  auto fake = std::make_shared<ScriptedEngine>();
  fake->found = Found::hit;
  int value = 0;
  Recording closed(fake, "c", log);
  EXPECT_EQ(closed.find("key", &value), Found::ask);
  Recording open(fake, "o", log, true);
  EXPECT_EQ(open.find("key", &value), Found::hit);
  EXPECT_THAT(log, IsEmpty());
}

TEST(DecoratorTest, everything_else_is_forwarded) {
  Log log;
  auto fake = std::make_shared<ScriptedEngine>();
  Recording decorator(fake, "d", log);
  Stats stats;
  decorator.collect(stats);
  EXPECT_EQ(stats.hits, 1U);
  EXPECT_EQ(decorator.validate(), "fake");
  decorator.maintain();
  EXPECT_EQ(fake->maintained(), 1U);
  EXPECT_FALSE(decorator.closed());
  EXPECT_TRUE(decorator.close(std::nullopt).ok());
  EXPECT_TRUE(decorator.resize(1, 1).ok());
  EXPECT_EQ(decorator.health({}).state, Health::State::up);
}

}  // namespace
}  // namespace larder::engine
