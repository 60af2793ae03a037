// Rule 17: middleware.
//
// Thread safety: tests.
#include <mutex>

#include "everything.h"
#include "helpers.h"
#include "larder/middleware.h"

namespace larder::contract {
namespace {

using Number = std::int64_t;

// Notes when operations pass it.
class Tap final : public Decorator {
 public:
  struct Log {
    std::mutex mutex;
    Texts events;
    void add(std::string event) {
      const std::lock_guard lock(mutex);
      events.push_back(std::move(event));
    }
    Texts taken() {
      const std::lock_guard lock(mutex);
      return std::exchange(events, {});
    }
  };
  Tap(std::shared_ptr<Engine> inner, std::string name, Log& log)
      : Decorator(std::move(inner)), name_(std::move(name)), log_(log) {}

 protected:
  std::optional<Error> before(Operation& op, Operation::Frame&) noexcept override {
    log_.add(name_ + " before " + std::string(to_string(op.code)));
    return std::nullopt;
  }
  void after(Operation& op, Operation::Frame&) noexcept override {
    log_.add(name_ + " after " + std::string(to_string(op.code)));
  }

 private:
  const std::string name_;
  Log& log_;
};

Middleware tap(std::string name, Tap::Log& log) {
  return [name = std::move(name), &log](std::shared_ptr<Engine> inner) -> std::shared_ptr<Engine> {
    return std::make_shared<Tap>(std::move(inner), name, log);
  };
}

LARDER_CONTRACT(rule_17_the_first_listed_is_outermost_case_228, kAnyEngine) {
  Tap::Log log;
  const auto listed = t.open([&](CacheOptions<std::string>& options) {
    options.middleware = {tap("a", log), tap("b", log)};
  });
  const auto chained = t.open([&](CacheOptions<std::string>& options) {
    options.middleware = {chain(tap("a", log), tap("b", log))};
  });
  for (const auto& cache : {listed, chained}) {
    EXPECT_TRUE(succeeds(cache.get("k")));
    EXPECT_EQ(log.taken(), (Texts{"a before get", "b before get", "b after get", "a after get"}));
  }
}

LARDER_CONTRACT(rule_17_every_operation_passes_the_one_place, kAnyEngine) {
  Tap::Log log;
  const auto cache = t.open<Number>(
      [&](CacheOptions<Number>& options) { options.middleware = {tap("tap", log)}; });
  for (const auto& [call, code] : call_everything(cache, {})) {
    EXPECT_EQ(code, std::nullopt) << to_string(call);
  }
  const Texts events = log.taken();
  EXPECT_EQ(events.size(), 2 * call_everything(cache, {}).size());
  for (std::size_t i = 0; i < kOpcodes; ++i) {
    const std::string name(to_string(static_cast<Opcode>(i)));
    EXPECT_GE(std::ranges::count(events, "tap before " + name), 1) << name;
    EXPECT_EQ(std::ranges::count(events, "tap before " + name),
              std::ranges::count(events, "tap after " + name))
        << name;
  }
}

LARDER_CONTRACT(rule_17_joined_loads_end_once_in_every_frame, kAnyEngine) {
  Tap::Log log;
  const auto cache = t.open<Number>(
      [&](CacheOptions<Number>& options) { options.middleware = {tap("a", log), tap("b", log)}; });
  BlockedLoad<Number> load(cache, "k", 1);
  Joiner<Number> stays(cache, "k");
  std::stop_source stop;
  Joiner<Number> leaves(cache.with(Context::until(stop.get_token())), "k");
  wait_for_joins(cache, 2);
  stop.request_stop();
  EXPECT_TRUE(fails(leaves.finish(), Errc::cancelled));
  EXPECT_TRUE(is(load.finish(), 1));
  EXPECT_TRUE(is(stays.finish(), 1));
  const Texts events = log.taken();
  EXPECT_EQ(std::ranges::count(events, "a after load"), 3);
  EXPECT_EQ(std::ranges::count(events, "b after load"), 3);
}

LARDER_CONTRACT(rule_17_logging_hides_keys_unless_asked_case_229, kAnyEngine) {
  for (const bool clear : {false, true}) {
    Texts lines;
    std::vector<middleware::LogLevel> levels;
    middleware::LogOptions log;
    log.level = middleware::LogLevel::debug;
    log.clear_keys = clear;
    log.sink = [&](const middleware::LogRecord& record) {
      lines.emplace_back(record.message);
      levels.push_back(record.level);
    };
    const auto cache = t.open([&](CacheOptions<std::string>& options) {
      options.middleware = {middleware::logging(log)};
    });
    EXPECT_TRUE(succeeds(cache.set("secret-token", "v")));
    EXPECT_TRUE(succeeds(cache.get("secret-token")));
    EXPECT_FALSE(cache.get_or_set("secret-token-2", [] { return Error(Errc::unavailable); }).ok());
    ASSERT_GE(lines.size(), 3U);
    for (const std::string& line : lines) {
      EXPECT_EQ(line.find("secret-token") != std::string::npos, clear) << line;
    }
    EXPECT_EQ(levels.front(), middleware::LogLevel::debug);
    EXPECT_EQ(levels.back(), middleware::LogLevel::error);
  }
}

LARDER_CONTRACT(rule_17_metrics_count_by_operation_and_outcome_case_231_232_233, kStores) {
  const auto recorder = std::make_shared<MetricsRecorder>();
  const auto cache = t.open<Number>(
      [&](CacheOptions<Number>& options) { options.middleware = {middleware::metrics(recorder)}; });
  EXPECT_TRUE(succeeds(cache.set("k", 1)));
  EXPECT_TRUE(cache.get("k").hit());
  EXPECT_TRUE(cache.get("none").miss());
  EXPECT_TRUE(fails(cache.get(""), Errc::invalid_key));
  std::vector<std::pair<std::string, Number>> items;
  for (int i = 0; i < 65; ++i) items.emplace_back("k" + std::to_string(i), i);
  EXPECT_TRUE(succeeds(cache.set_many(items)));
  const MetricsSnapshot counts = recorder->snapshot();
  const OperationMetrics gets = counts.of(Opcode::get);
  EXPECT_EQ(gets.of(Outcome::hit), 1U);
  EXPECT_EQ(gets.of(Outcome::miss), 1U);
  EXPECT_EQ(gets.of(Outcome::failed), 1U);
  EXPECT_EQ(gets.of(Errc::invalid_key), 1U);
  EXPECT_EQ(counts.of(Opcode::set).of(Outcome::ok), 1U);
  const OperationMetrics batch = counts.of(Opcode::set, true);
  EXPECT_EQ(batch.calls, 1U);
  EXPECT_EQ(batch.of(Outcome::ok), 65U);
  EXPECT_EQ(batch.batch_size.count, 1U);
  EXPECT_EQ(batch.batch_size.sum, 65U);
}

LARDER_CONTRACT(rule_17_chaos_fails_as_told, kAnyEngine) {
  testing::ChaosOptions storm;
  storm.fail_from = 1;
  storm.fail_until = 3;
  storm.fail_code = Errc::overloaded;
  const auto cache = t.open(
      [&](CacheOptions<std::string>& options) { options.middleware = {testing::chaos(storm)}; });
  EXPECT_TRUE(succeeds(cache.set("k", "1")));
  EXPECT_TRUE(fails(cache.set("k", "2"), Errc::overloaded));
  EXPECT_TRUE(fails(cache.get("k"), Errc::overloaded));
  EXPECT_EQ(cache.get("k").value_or("1"), "1");
}

LARDER_CONTRACT(rule_17_a_lost_answer_is_outcome_unknown, kStores) {
  testing::ChaosOptions storm;
  storm.lost_answer = 1;
  const auto cache = t.open(
      [&](CacheOptions<std::string>& options) { options.middleware = {testing::chaos(storm)}; });
  const auto lost = cache.set("k", "v");
  ASSERT_TRUE(fails(lost, Errc::outcome_unknown));
  EXPECT_EQ(lost.error().effect(), Effect::unknown);
  EXPECT_TRUE(is(cache.get("k"), "v"));
}

LARDER_CONTRACT(rule_17_loads_keep_their_meaning_through_a_chain, kAnyEngine) {
  Tap::Log log;
  const auto cache = t.open<Number>([&](CacheOptions<Number>& options) {
    options.middleware = {tap("a", log), middleware::metrics(std::make_shared<MetricsRecorder>()),
                          middleware::circuit_breaker(), tap("b", log)};
  });
  BlockedLoad<Number> load(cache, "k", 1);
  Joiner<Number> joiner(cache, "k");
  wait_for_joins(cache, 1);
  EXPECT_TRUE(is(cache.erase("k"), false));
  EXPECT_TRUE(is(load.finish(), 1));
  EXPECT_TRUE(is(joiner.finish(), 1));
  EXPECT_TRUE(is(cache.contains("k"), false));
  EXPECT_TRUE(
      fails(cache.get_or_set("l", [&] { return cache.get_or_set("l", [] { return Number{1}; }); }),
            Errc::would_deadlock));
}

}  // namespace
}  // namespace larder::contract
