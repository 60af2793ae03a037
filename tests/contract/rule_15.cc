// Rule 15: contexts.
//
// Thread safety: tests.
#include <functional>
#include <utility>

#include "everything.h"
#include "helpers.h"

namespace larder::contract {
namespace {

using Number = std::int64_t;

void nothing_happens(Fixture& t, const Context& ended, Errc expected) {
  const auto cache = t.open<Number>();
  EXPECT_TRUE(succeeds(cache.set("key", 7, {1h, {"term"}})));
  EXPECT_TRUE(succeeds(cache.add_index("index", "key", "term")));
  const Stats before = cache.stats();
  for (const auto& [call, code] : call_everything(cache.with(ended), {})) {
    EXPECT_EQ(code, expected) << to_string(call);
  }
  const auto update = [](const Number*) -> Number { return ADD_FAILURE(), 1; };
  const auto load = []() -> Number { return ADD_FAILURE(), 1; };
  EXPECT_TRUE(fails(cache.with(ended).update("key", update), expected));
  EXPECT_TRUE(fails(cache.with(ended).get_or_set("none", load), expected));
  const auto batch = cache.with(ended).get_many({"key", "none"});
  ASSERT_EQ(batch.size(), 2U);
  EXPECT_TRUE(fails(batch[1], expected));
  EXPECT_EQ(cache.stats().stores, before.stores);
  EXPECT_EQ(cache.stats().loads, 0U);
  EXPECT_EQ(cache.get("key").value_or(0), t.stores() ? 7 : 0);
  EXPECT_EQ(sorted(cache.get_by_index("index", "term")), t.stores() ? Texts{"key"} : Texts{});
  EXPECT_TRUE(is(cache.erase_by_tag("term"), t.stores() ? 1U : 0U));
}

LARDER_CONTRACT(rule_15_a_cancelled_context_is_refused_case_041_043_044_046_047_048_049,
                kAnyEngine) {
  std::stop_source stop;
  stop.request_stop();
  nothing_happens(t, Context::until(stop.get_token()), Errc::cancelled);
}

LARDER_CONTRACT(rule_15_a_passed_deadline_is_refused_case_042_043_044_046_047_048_049, kAnyEngine) {
  const Context context = t.within(10ms);
  t.advance(10ms);
  nothing_happens(t, context, Errc::deadline_exceeded);
}

LARDER_CONTRACT(rule_15_a_context_that_goes_on_changes_nothing, kAnyEngine) {
  std::stop_source stop;
  Context context = t.within(1h);
  context.stop = stop.get_token();
  const auto cache = t.open<Number>().with(context);
  for (const auto& [call, code] : call_everything(cache, {})) {
    EXPECT_EQ(code, std::nullopt) << to_string(call);
  }
}

LARDER_CONTRACT(rule_15_a_handle_without_context_is_free_again, kAnyEngine) {
  const auto cache = t.open<Number>();
  std::stop_source stop;
  const auto bound = cache.with(Context::until(stop.get_token()));
  EXPECT_TRUE(succeeds(bound.set("k", 1)));
  stop.request_stop();
  EXPECT_TRUE(fails(bound.get("k"), Errc::cancelled));
  EXPECT_TRUE(succeeds(cache.get("k")));
  EXPECT_TRUE(succeeds(bound.with({}).get("k")));
}

// One deadline covers every step: it is the same one inside the loader.
LARDER_CONTRACT(rule_15_one_deadline_covers_the_whole_load, kAnyEngine) {
  const auto cache = t.open<Number>();
  const auto bound = cache.with(t.within(5s));
  std::optional<Errc> inner;
  const auto load = [&](LoadContext& run) {
    t.advance(5s);
    inner = bound.get("other").code();
    static_cast<void>(run.deadline_ns());
    return Number{1};
  };
  const auto late = bound.get_or_set("k", load);
  EXPECT_TRUE(late.hit() || late.error() == Errc::deadline_exceeded);
  EXPECT_EQ(inner, Errc::deadline_exceeded);
}

// ---- operations that look, work and commit, and that somebody else disturbs each time

// Ends a context in the midst of the third turn; disturbs each of the first twenty.
class Disturbance {
 public:
  static constexpr int kEndingTurn = 3;
  static constexpr int kLastTurn = 20;

  Disturbance(Fixture& t, Errc reason) : t_(t), reason_(reason), context_(t.within(1h)) {
    context_.stop = stop_.get_token();
  }
  const Context& context() const noexcept { return context_; }
  int turns() const noexcept { return turns_; }
  void turn(const std::function<void()>& disturb) {
    if (++turns_ > kLastTurn) return;
    if (turns_ == kEndingTurn) end();
    disturb();
  }

 private:
  void end() {
    if (reason_ == Errc::cancelled) stop_.request_stop();
    if (reason_ == Errc::deadline_exceeded) t_.advance(1h);
  }

  Fixture& t_;
  const Errc reason_;
  std::stop_source stop_;
  Context context_;
  int turns_ = 0;
};

// A value whose copies the test hears of.
struct Watched {
  Number number = 0;
  std::function<void()> on_copy;

  explicit Watched(Number n, std::function<void()> told = {})
      : number(n), on_copy(std::move(told)) {}
  Watched(Watched&&) noexcept = default;
  Watched& operator=(Watched&&) noexcept = default;
  Watched(const Watched& other) : number(other.number), on_copy(other.on_copy) {
    if (on_copy) on_copy();
  }
  Watched& operator=(const Watched&) = delete;
};

LARDER_CONTRACT(rule_15_the_context_ends_an_update_between_two_turns, kStores) {
  for (const Errc reason : {Errc::cancelled, Errc::deadline_exceeded}) {
    const auto cache = t.open<Number>();
    EXPECT_TRUE(succeeds(cache.set("k", 1, 24h)));
    Disturbance others(t, reason);
    const auto add = [&](const Number* old) {
      others.turn([&] { EXPECT_TRUE(succeeds(cache.set("k", *old + 1, 24h))); });
      return *old + 100;
    };
    EXPECT_TRUE(fails(cache.with(others.context()).update("k", add), reason));
    EXPECT_EQ(others.turns(), Disturbance::kEndingTurn);
    EXPECT_TRUE(is(cache.get("k"), 1 + Disturbance::kEndingTurn));
  }
}

LARDER_CONTRACT(rule_15_the_context_ends_a_take_between_two_turns, kStores | kNative) {
  for (const Errc reason : {Errc::cancelled, Errc::deadline_exceeded}) {
    const auto cache = t.open<Watched>();
    Disturbance others(t, reason);
    std::function<void()> write;
    const auto on_copy = [&] { others.turn(write); };
    write = [&] { EXPECT_TRUE(succeeds(cache.set("k", Watched(2, on_copy), 24h))); };
    EXPECT_TRUE(succeeds(cache.set("k", Watched(1, on_copy), 24h)));
    EXPECT_TRUE(fails(cache.with(others.context()).take("k"), reason));
    EXPECT_EQ(others.turns(), Disturbance::kEndingTurn);
    EXPECT_TRUE(is(cache.contains("k"), true));
  }
}

LARDER_CONTRACT(rule_15_the_context_ends_a_rename_between_two_turns, kStores | kNative) {
  for (const Errc reason : {Errc::cancelled, Errc::deadline_exceeded}) {
    Disturbance others(t, reason);
    std::function<void()> write;
    const auto cache = t.open<Number>([&](CacheOptions<Number>& options) {
      options.weigher = [&](std::string_view key, const Number&) -> std::size_t {
        if (key == "to") others.turn(write);
        return 1;
      };
    });
    write = [&] { EXPECT_TRUE(succeeds(cache.set("from", 2, 24h))); };
    EXPECT_TRUE(succeeds(cache.set("from", 1, 24h)));
    EXPECT_TRUE(fails(cache.with(others.context()).rename("from", "to"), reason));
    EXPECT_EQ(others.turns(), Disturbance::kEndingTurn);
    EXPECT_TRUE(is(cache.get("from"), 2));
    EXPECT_TRUE(is(cache.contains("to"), false));
  }
}

LARDER_CONTRACT(rule_15_a_batch_under_a_short_deadline_case_051, kAnyEngine) {
  const auto cache = t.open<Number>();
  std::vector<std::pair<std::string, Number>> items;
  for (int i = 0; i < 1'000; ++i) items.emplace_back("k" + std::to_string(i), i);
  std::stop_source stop;
  std::latch begun(1);
  std::jthread canceller([&] {
    begun.wait();
    stop.request_stop();
  });
  const auto bound = cache.with(Context::until(stop.get_token()));
  begun.count_down();
  const auto stored = bound.set_many(items);
  // Where entries lie elsewhere, some may be there whose answers were not awaited.
  const bool may_be_unknown = !t.engine().capabilities.in_process;
  EXPECT_TRUE(stored.ok() || stored.error() == Errc::cancelled ||
              (may_be_unknown && stored.error() == Errc::outcome_unknown));
  canceller.join();
  EXPECT_TRUE(fails(bound.set_many(items), Errc::cancelled));
}

}  // namespace
}  // namespace larder::contract
