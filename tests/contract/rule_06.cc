// Rule 6: callers that join one flight share one load.
//
// Thread safety: tests.
#include <stdexcept>

#include "helpers.h"

namespace larder::contract {
namespace {

LARDER_CONTRACT(rule_06_a_miss_is_loaded_and_kept, kStores) {
  const auto cache = t.open();
  int loads = 0;
  const auto load = [&](LoadContext& context) {
    ++loads;
    return "value of " + std::string(context.key());
  };
  EXPECT_TRUE(is(cache.get_or_set("k", load), "value of k"));
  EXPECT_TRUE(is(cache.get_or_set("k", load), "value of k"));
  EXPECT_EQ(**cache.get_or_set_ref("k", load), "value of k");
  EXPECT_EQ(**cache.get_or_set_ref("l", load), "value of l");
  EXPECT_EQ(loads, 2);
  EXPECT_TRUE(is(cache.get("k"), "value of k"));
  EXPECT_EQ(cache.stats().loads, 2U);
}

LARDER_CONTRACT(rule_06_joiners_share_one_load_case_236, kAnyEngine) {
  const auto cache = t.open();
  BlockedLoad<> load(cache, "k", "shared");
  Joiner<> first(cache, "k");
  Joiner<> second(cache, "k");
  wait_for_joins(cache, 2);
  EXPECT_EQ(cache.stats().flights, 1U);
  EXPECT_TRUE(is(load.finish(), "shared"));
  EXPECT_TRUE(is(first.finish(), "shared"));
  EXPECT_TRUE(is(second.finish(), "shared"));
  EXPECT_EQ(cache.stats().loads, 1U);
}

LARDER_CONTRACT(rule_06_flights_of_two_keys_are_two, kAnyEngine) {
  const auto cache = t.open();
  BlockedLoad<> one(cache, "one", "1");
  BlockedLoad<> two(cache, "two", "2");
  EXPECT_EQ(cache.stats().flights, 2U);
  EXPECT_TRUE(is(two.finish(), "2"));
  EXPECT_TRUE(is(one.finish(), "1"));
}

LARDER_CONTRACT(rule_06_an_error_reaches_all_and_is_not_cached_case_238, kAnyEngine) {
  const auto cache = t.open();
  BlockedLoad<> load(cache, "k", BlockedLoad<>::Answer([](LoadContext&) {
                       return Lookup<std::string>(Error(Errc::server_error, "down"));
                     }));
  Joiner<> joiner(cache, "k");
  wait_for_joins(cache, 1);
  const auto failed = load.finish();
  EXPECT_TRUE(fails(failed, Errc::server_error));
  EXPECT_EQ(failed.error().message(), "down");
  EXPECT_TRUE(fails(joiner.finish(), Errc::server_error));
  EXPECT_TRUE(is(cache.contains("k"), false));
  EXPECT_TRUE(is(cache.get_or_set("k", [] { return std::string("up"); }), "up"));
  EXPECT_EQ(cache.stats().load_failures, 1U);
}

LARDER_CONTRACT(rule_06_an_exception_reaches_all_and_is_kept_case_238, kAnyEngine) {
  const auto cache = t.open();
  BlockedLoad<> load(cache, "k", BlockedLoad<>::Answer([](LoadContext&) -> Lookup<std::string> {
                       throw std::runtime_error("broken");
                     }));
  Joiner<> joiner(cache, "k");
  wait_for_joins(cache, 1);
  EXPECT_TRUE(fails(load.finish(), Errc::callback_failed));
  const auto failed = joiner.finish();
  ASSERT_TRUE(fails(failed, Errc::callback_failed));
  EXPECT_THROW(std::rethrow_exception(failed.error().exception()), std::runtime_error);
  EXPECT_TRUE(is(cache.contains("k"), false));
}

LARDER_CONTRACT(rule_06_absent_reaches_all_and_is_not_cached, kAnyEngine) {
  const auto cache = t.open();
  BlockedLoad<> load(cache, "k", BlockedLoad<>::Answer([](LoadContext&) {
                       return Lookup<std::string>(std::nullopt);
                     }));
  Joiner<> joiner(cache, "k");
  wait_for_joins(cache, 1);
  EXPECT_TRUE(load.finish().miss());
  EXPECT_TRUE(joiner.finish().miss());
  EXPECT_TRUE(is(cache.get_or_set("k", [] { return std::string("now"); }), "now"));
}

LARDER_CONTRACT(rule_06_a_loader_answers_in_many_ways, kAnyEngine) {
  const auto cache = t.open();
  using Value = std::string;
  EXPECT_TRUE(is(cache.get_or_set("1", [] { return Value("v"); }), "v"));
  EXPECT_TRUE(is(cache.get_or_set("2", [](LoadContext&) { return Result<Value>("v"); }), "v"));
  EXPECT_TRUE(is(cache.get_or_set("3", [] { return Loaded<Value>{.value = "v"}; }), "v"));
  EXPECT_TRUE(is(cache.get_or_set("4", [] { return Lookup<Value>("v"); }), "v"));
  EXPECT_TRUE(cache.get_or_set("5", [] { return absent; }).miss());
  EXPECT_TRUE(cache.get_or_set("6", [] { return Lookup<Value>(); }).miss());
  EXPECT_TRUE(
      fails(cache.get_or_set("7", [] { return Error(Errc::unavailable); }), Errc::unavailable));
  EXPECT_TRUE(fails(cache.get_or_set("8", [] { return Result<Value>(Error(Errc::overloaded)); }),
                    Errc::overloaded));
}

LARDER_CONTRACT(rule_06_a_joiner_whose_context_ends_returns_at_once_case_239, kAnyEngine) {
  const auto cache = t.open();
  BlockedLoad<> load(cache, "k", "v");
  std::stop_source stop;
  Joiner<> leaves(cache.with(Context::until(stop.get_token())), "k");
  Joiner<> times_out(cache.with(t.within(1s)), "k");
  Joiner<> stays(cache, "k");
  wait_for_joins(cache, 3);
  stop.request_stop();
  EXPECT_TRUE(fails(leaves.finish(), Errc::cancelled));
  t.advance(1s);
  EXPECT_TRUE(fails(times_out.finish(), Errc::deadline_exceeded));
  EXPECT_EQ(cache.stats().leaves, 2U);
  EXPECT_TRUE(is(load.finish(), "v"));
  EXPECT_TRUE(is(stays.finish(), "v"));
}

// Blocking: the first caller runs the loader itself. Its own end stops the load only if nobody else
// waits; in coroutines the flight owns the loader, with a loader that answers at once the same.
LARDER_CONTRACT(rule_06_the_loader_is_stopped_when_nobody_waits, kAnyEngine | kBlockingFace) {
  const auto cache = t.open();
  std::stop_source stop;
  const auto ended =
      cache.with(Context::until(stop.get_token())).get_or_set("k", [&](LoadContext& load) {
        EXPECT_FALSE(load.stop_token().stop_requested());
        stop.request_stop();
        wait_until([&] { return load.stop_token().stop_requested(); }, "the stop of the load");
        return std::string("v");
      });
  EXPECT_TRUE(ended.ok() || ended.error() == Errc::cancelled);
}

LARDER_CONTRACT(rule_06_the_loader_goes_on_while_somebody_waits, kAnyEngine | kBlockingFace) {
  const auto cache = t.open();
  std::stop_source stop;
  bool stopped = true;
  BlockedLoad<> load(cache.with(Context::until(stop.get_token())), "k",
                     BlockedLoad<>::Answer([&](LoadContext& context) {
                       stopped = context.stop_token().stop_requested();
                       return Lookup<std::string>("v");
                     }));
  Joiner<> joiner(cache, "k");
  wait_for_joins(cache, 1);
  stop.request_stop();
  static_cast<void>(load.finish());
  EXPECT_FALSE(stopped);
  EXPECT_TRUE(is(joiner.finish(), "v"));
}

LARDER_CONTRACT(rule_06_the_last_joiner_that_leaves_stops_the_load, kAnyEngine | kBlockingFace) {
  const auto cache = t.open();
  std::stop_source leader_stop;
  std::stop_source joiner_stop;
  BlockedLoad<> load(cache.with(Context::until(leader_stop.get_token())), "k",
                     BlockedLoad<>::Answer([&](LoadContext& context) {
                       wait_until([&] { return context.stop_token().stop_requested(); },
                                  "the stop");
                       return Lookup<std::string>("v");
                     }));
  Joiner<> joiner(cache.with(Context::until(joiner_stop.get_token())), "k");
  wait_for_joins(cache, 1);
  leader_stop.request_stop();
  joiner_stop.request_stop();
  EXPECT_TRUE(fails(joiner.finish(), Errc::cancelled));
  static_cast<void>(load.finish());
}

LARDER_CONTRACT(rule_06_a_load_ends_at_its_time_limit, kAnyEngine) {
  const auto cache =
      t.open([](CacheOptions<std::string>& options) { options.settings.max_load_time = 5s; });
  BlockedLoad<> load(cache, "k", BlockedLoad<>::Answer([&](LoadContext& context) {
                       EXPECT_TRUE(context.deadline_ns().has_value());
                       wait_until([&] { return context.stop_token().stop_requested(); },
                                  "the stop");
                       return Lookup<std::string>("late");
                     }));
  Joiner<> joiner(cache, "k");
  wait_for_joins(cache, 1);
  t.advance(5s);
  EXPECT_TRUE(fails(joiner.finish(), Errc::deadline_exceeded));
  static_cast<void>(load.finish());
  EXPECT_TRUE(is(cache.contains("k"), false));
}

LARDER_CONTRACT(rule_06_a_load_has_the_callers_key_and_trace, kAnyEngine) {
  const auto cache = t.open();
  Context context;
  context.trace_parent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00";
  const auto load = [&](LoadContext& run) {
    EXPECT_EQ(run.key(), "k");
    EXPECT_EQ(run.keys().size(), 1U);
    EXPECT_EQ(run.context().trace_parent.substr(0, 35), context.trace_parent.substr(0, 35));
    return std::string("v");
  };
  EXPECT_TRUE(is(cache.with(context).get_or_set("k", load), "v"));
}

// ---- batches

LARDER_CONTRACT(rule_06_a_batch_loads_what_is_missing, kStores) {
  const auto cache = t.open();
  EXPECT_TRUE(succeeds(cache.set_many({{"b", "B"}, {"d", "D"}})));
  Texts asked;
  const auto load = [&](std::span<const std::string_view> missing) {
    asked.assign(missing.begin(), missing.end());
    std::vector<std::optional<std::string>> values;
    for (const std::string_view key : missing) {
      values.push_back(key == "c" ? std::nullopt : std::optional("loaded " + std::string(key)));
    }
    return values;
  };
  const auto values = cache.get_or_set_many({"a", "b", "c", "d", "e"}, load);
  EXPECT_TRUE(succeeds(values));
  EXPECT_EQ(asked, (Texts{"a", "c", "e"}));
  EXPECT_TRUE(is(values[0], "loaded a"));
  EXPECT_TRUE(is(values[1], "B"));
  EXPECT_TRUE(values[2].miss());
  EXPECT_TRUE(is(values[3], "D"));
  EXPECT_TRUE(is(values[4], "loaded e"));
  EXPECT_TRUE(is(cache.get("e"), "loaded e"));
  EXPECT_TRUE(cache.get("c").miss());
}

LARDER_CONTRACT(rule_06_duplicates_of_a_batch_are_one_load, kAnyEngine) {
  const auto cache = t.open();
  const auto load = [](std::span<const std::string_view> missing) {
    EXPECT_EQ(missing.size(), 1U);
    return std::vector<std::string>(missing.size(), "v");
  };
  const auto values = cache.get_or_set_many({"k", "k", "k"}, load);
  EXPECT_TRUE(succeeds(values));
  EXPECT_EQ(values.hits(), 3U);
}

LARDER_CONTRACT(rule_06_a_batch_loader_that_fails_fails_its_keys, kStores) {
  const auto cache = t.open();
  EXPECT_TRUE(succeeds(cache.set("there", "v")));
  const auto broken = [](std::span<const std::string_view>) -> std::vector<std::string> {
    throw std::runtime_error("broken");
  };
  const auto thrown = cache.get_or_set_many({"there", "a", "b"}, broken);
  EXPECT_TRUE(is(thrown[0], "v"));
  EXPECT_TRUE(fails(thrown[1], Errc::callback_failed));
  EXPECT_TRUE(fails(thrown[2], Errc::callback_failed));
  EXPECT_TRUE(fails(thrown, Errc::callback_failed));
  const auto refused = cache.get_or_set_many(
      {"there", "a"}, [](std::span<const std::string_view>) { return Error(Errc::unavailable); });
  EXPECT_TRUE(is(refused[0], "v"));
  EXPECT_TRUE(fails(refused[1], Errc::unavailable));
  const auto too_short = [](std::span<const std::string_view>) { return Texts{"one"}; };
  EXPECT_FALSE(cache.get_or_set_many({"a", "b"}, too_short).ok());
  const auto mixed = [](std::span<const std::string_view>) {
    return std::vector<Lookup<std::string>>{Error(Errc::overloaded), std::string("b")};
  };
  const auto values = cache.get_or_set_many({"a", "b"}, mixed);
  EXPECT_TRUE(fails(values[0], Errc::overloaded));
  EXPECT_TRUE(is(values[1], "b"));
  EXPECT_TRUE(cache.get("a").miss());
}

LARDER_CONTRACT(rule_06_a_batch_joins_flights_that_exist, kAnyEngine) {
  const auto cache = t.open();
  BlockedLoad<> load(cache, "a", "first");
  std::optional<BatchResult<std::string>> values;
  std::jthread batch([&] {
    values = cache.get_or_set_many({"a", "b"}, [](std::span<const std::string_view> missing) {
      EXPECT_EQ(missing.size(), 1U);
      return std::vector<std::string>(missing.size(), "second");
    });
  });
  wait_for_joins(cache, 1);
  EXPECT_TRUE(is(load.finish(), "first"));
  batch.join();
  EXPECT_TRUE(is((*values)[0], "first"));
  EXPECT_TRUE(is((*values)[1], "second"));
}

// ---- coroutines: the flight owns the loader

// Opens when the test says so; a coroutine that waits for it is resumed by the opener.
class Door {
 public:
  struct Wait {
    Door& door;
    bool await_ready() const noexcept { return false; }
    void await_suspend(std::coroutine_handle<> waiter) noexcept {
      door.waiter_ = waiter;
      door.waits_.count_down();
    }
    void await_resume() const noexcept {}
  };
  Wait wait() noexcept { return {*this}; }
  void open() {
    waits_.wait();
    waiter_.resume();
  }

 private:
  std::coroutine_handle<> waiter_;
  std::latch waits_{1};
};

LARDER_CONTRACT(rule_06_a_coroutine_load_survives_its_first_caller, kAnyEngine | kCoroutineFace) {
  const auto cache = t.open();
  Door door;
  std::stop_source stop;
  const auto load = [&](LoadContext& context) -> Task<std::string> {
    const std::string key(context.key());
    co_await door.wait();
    co_return "value of " + key;
  };
  std::jthread first([&] {
    const auto left = cache.with(Context::until(stop.get_token())).get_or_set_awaiting("k", load);
    EXPECT_TRUE(fails(left, Errc::cancelled));
  });
  wait_until([&] { return cache.stats().flights == 1; }, "the flight");
  Joiner<> second(cache, "k");
  wait_until([&] { return cache.stats().waiters == 2; }, "both callers");
  stop.request_stop();
  first.join();
  door.open();
  EXPECT_TRUE(is(second.finish(), "value of k"));
  EXPECT_EQ(cache.stats().loads, 1U);
}

LARDER_CONTRACT(rule_06_coroutine_loaders_answer_and_fail_alike, kAnyEngine | kCoroutineFace) {
  const auto cache = t.open();
  const auto value = [](LoadContext&) -> Task<std::string> { co_return "v"; };
  const auto nothing = [](LoadContext&) -> Task<Lookup<std::string>> { co_return std::nullopt; };
  const auto error = [](LoadContext&) -> Task<Result<std::string>> {
    co_return Error(Errc::unavailable);
  };
  const auto thrown = [](LoadContext&) -> Task<std::string> {
    throw std::runtime_error("broken");
    co_return "";
  };
  const auto loaded = [](LoadContext&) -> Task<Loaded<std::string>> {
    co_return Loaded<std::string>{.value = "w", .ttl = Ttl(1h)};
  };
  EXPECT_TRUE(is(cache.get_or_set_awaiting("1", value), "v"));
  EXPECT_TRUE(cache.get_or_set_awaiting("2", nothing).miss());
  EXPECT_TRUE(fails(cache.get_or_set_awaiting("3", error), Errc::unavailable));
  EXPECT_TRUE(fails(cache.get_or_set_awaiting("4", thrown), Errc::callback_failed));
  EXPECT_TRUE(is(cache.get_or_set_awaiting("5", loaded), "w"));
}

LARDER_CONTRACT(rule_06_without_a_store_each_flight_loads_case_211, kStoresNothing) {
  const auto cache = t.open<std::int64_t>();
  std::int64_t loads = 0;
  for (std::int64_t i = 1; i <= 3; ++i) {
    EXPECT_TRUE(is(cache.get_or_set("k", [&] { return ++loads; }), i));
  }
  EXPECT_EQ(**cache.get_or_set_ref("k", [&] { return ++loads; }), 4);
  EXPECT_TRUE(cache.get("k").miss());
}

}  // namespace
}  // namespace larder::contract
