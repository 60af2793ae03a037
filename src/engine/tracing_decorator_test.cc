// Tests of the tracing middleware: spans, what is passed on inside, and what goes untraced.
//
// Thread safety: one test completes an operation on a second thread.
#include <chrono>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "engine/decorator_harness.h"
#include "larder/middleware.h"
#include "larder/testing.h"
#include "observe/trace_context.h"

namespace larder::engine {
namespace {

using namespace harness;
using namespace std::chrono_literals;
using middleware::Span;

constexpr std::string_view kTrace = "4bf92f3577b34da6a3ce929d0e0e4736";
constexpr std::string_view kParent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

struct World {
  std::vector<Span> spans;
  std::string seen_inside;
  std::shared_ptr<testing::ManualClock> clock = std::make_shared<testing::ManualClock>();
  std::shared_ptr<ScriptedEngine> fake = std::make_shared<ScriptedEngine>();
  std::shared_ptr<Engine> engine;

  explicit World(bool roots = false)
      : engine(middleware::tracing({.sink = [this](const Span& span) { spans.push_back(span); },
                                    .roots = roots,
                                    .clock = clock})(fake)) {
    fake->script = [this](Operation& op) {
      seen_inside = op.context.trace_parent;
      clock->advance(3ms);
    };
  }
};

TEST(TracingDecoratorTest, a_span_is_a_child_of_the_context_and_the_parent_of_what_is_inside) {
  World world;
  const std::int64_t wall_ns = world.clock->wall_ns();
  Call call(Opcode::get, {"a", "b"}, true);
  call.op.context.trace_parent = kParent;
  call.run(*world.engine);
  ASSERT_EQ(world.spans.size(), 1U);
  const Span& span = world.spans[0];
  EXPECT_EQ(span.trace_id, kTrace);
  EXPECT_EQ(span.parent_span_id, "00f067aa0ba902b7");
  EXPECT_EQ(span.name, "larder.get");
  EXPECT_TRUE(span.batch);
  EXPECT_EQ(span.keys, 2U);
  EXPECT_EQ(span.began_at.time_since_epoch().count(), wall_ns);
  EXPECT_EQ(span.duration, 3ms);
  EXPECT_EQ(span.error, std::nullopt);
  const auto inside = observe::parse_trace_parent(world.seen_inside);
  ASSERT_TRUE(inside.has_value());
  EXPECT_EQ(inside->trace_id, kTrace);
  EXPECT_EQ(inside->span_id, span.span_id);
  EXPECT_NE(span.span_id, span.parent_span_id);
  EXPECT_EQ(call.op.context.trace_parent, kParent) << "the caller's context is as it was";
}

TEST(TracingDecoratorTest, two_in_a_chain_are_parent_and_child) {
  World outer;
  std::vector<Span> spans;
  const auto inner = middleware::tracing(
      {.sink = [&](const Span& span) { spans.push_back(span); }, .clock = outer.clock});
  const auto engine =
      chain(middleware::tracing({.sink = [&](const Span& span) { spans.push_back(span); }}),
            inner)(outer.fake);
  Call call("key");
  call.op.context.trace_parent = kParent;
  call.run(*engine);
  ASSERT_EQ(spans.size(), 2U);
  EXPECT_EQ(spans[0].parent_span_id, spans[1].span_id);
  EXPECT_EQ(call.op.context.trace_parent, kParent);
}

TEST(TracingDecoratorTest, errors_are_in_the_span) {
  World world;
  Call call("");
  call.op.context.trace_parent = kParent;
  call.run(*world.engine);
  ASSERT_EQ(world.spans.size(), 1U);
  EXPECT_EQ(world.spans[0].error, Errc::invalid_key);
}

TEST(TracingDecoratorTest, what_has_no_sampled_parent_goes_untraced) {
  World world;
  std::string unsampled(kParent);
  unsampled.back() = '0';
  for (const std::string& parent : {std::string(), std::string("nonsense"), unsampled}) {
    Call call("key");
    call.op.context.trace_parent = parent;
    call.run(*world.engine);
    EXPECT_EQ(world.seen_inside, parent) << "passed on as it is";
  }
  EXPECT_TRUE(world.spans.empty());
  world.fake->found = Found::hit;
  int value = 0;
  EXPECT_EQ(world.engine->find("key", &value), Found::hit);
}

TEST(TracingDecoratorTest, roots_begin_traces_but_never_against_the_caller) {
  World world(true);
  Call call("key");
  call.run(*world.engine);
  ASSERT_EQ(world.spans.size(), 1U);
  EXPECT_EQ(world.spans[0].trace_id.size(), 32U);
  EXPECT_TRUE(world.spans[0].parent_span_id.empty());
  EXPECT_EQ(call.op.context.trace_parent, "");
  Call unsampled("key");
  unsampled.op.context.trace_parent = kParent;
  unsampled.op.context.trace_parent.back() = '0';
  unsampled.run(*world.engine);
  EXPECT_EQ(world.spans.size(), 1U);
  int value = 0;
  EXPECT_EQ(world.engine->find("key", &value), Found::ask);
}

TEST(TracingDecoratorTest, pending_operations_end_their_span_at_completion_or_leave) {
  World world;
  world.fake->pends = true;
  Call call("key");
  Call left("key");
  for (Call* each : {&call, &left}) {
    each->op.context.trace_parent = kParent;
    EXPECT_EQ(world.engine->start(each->op), Progress::pending);
  }
  EXPECT_TRUE(leave_with(*world.engine, left.op, Errc::deadline_exceeded));
  std::jthread([&] { world.fake->complete_all(); }).join();
  ASSERT_EQ(world.spans.size(), 2U);
  EXPECT_EQ(world.spans[0].error, Errc::deadline_exceeded);
  EXPECT_EQ(world.spans[1].duration, 3ms);
  EXPECT_EQ(call.op.context.trace_parent, kParent);
  EXPECT_EQ(left.op.context.trace_parent, kParent);
}

TEST(TracingDecoratorTest, a_sink_that_throws_changes_nothing) {
  auto fake = std::make_shared<ScriptedEngine>();
  const auto engine = middleware::tracing(
      {.sink = [](const Span&) { throw std::runtime_error("no collector"); }})(fake);
  Call call("key");
  call.op.context.trace_parent = kParent;
  EXPECT_EQ(call.run(*engine), std::nullopt);
  EXPECT_TRUE(call.items[0].hit);
}

}  // namespace
}  // namespace larder::engine
