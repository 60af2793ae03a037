// Rule 18: providers, the Manager that opens them, and the life of a cache.
//
// Thread safety: tests.
#include "everything.h"
#include "helpers.h"

namespace larder::contract {
namespace {

using Number = std::int64_t;

// ---- an engine that stores nothing

LARDER_CONTRACT(rule_18_nothing_is_stored_case_207_208_209, kStoresNothing) {
  const auto cache = t.open<Number>();
  EXPECT_TRUE(succeeds(cache.set("k", 1)));
  EXPECT_TRUE(cache.get("k").miss());
  EXPECT_TRUE(is(cache.contains("k"), false));
  EXPECT_TRUE(is(cache.erase("k"), false));
  EXPECT_TRUE(succeeds(cache.set_many({{"a", 1}, {"b", 2}})));
  const auto values = cache.get_many({"a", "b"});
  EXPECT_TRUE(succeeds(values));
  EXPECT_EQ(values.hits(), 0U);
  EXPECT_TRUE(is(cache.erase_many({"a", "b"}), 0U));
  EXPECT_TRUE(cache.metadata("a").miss());
  EXPECT_EQ(cache.metadata_many({"a", "b"}).hits(), 0U);
  EXPECT_TRUE(is(cache.set_if_absent("k", 1), true));
  EXPECT_TRUE(is(cache.set_if_absent("k", 1), true));
  EXPECT_TRUE(is(cache.set_if_present("k", 1), false));
  EXPECT_TRUE(is(cache.compare_and_set("k", Version::absent(), 1), true));
  EXPECT_EQ(sorted(cache.keys_by_pattern("*")), Texts{});
  EXPECT_TRUE(is(cache.add_index("i", "*", "t"), 0U));
  EXPECT_EQ(cache.stats().entries, 0U);
}

LARDER_CONTRACT(rule_18_joined_flights_share_a_load_without_a_store_case_211, kStoresNothing) {
  const auto cache = t.open<Number>();
  BlockedLoad<Number> load(cache, "k", 1);
  Joiner<Number> joiner(cache, "k");
  wait_for_joins(cache, 1);
  EXPECT_TRUE(is(load.finish(), 1));
  EXPECT_TRUE(is(joiner.finish(), 1));
  EXPECT_TRUE(is(cache.get_or_set("k", [] { return Number{2}; }), 2));
}

// ---- closing

LARDER_CONTRACT(rule_18_close_is_idempotent_case_143_144_145, kAnyEngine) {
  const auto cache = t.open<Number>();
  EXPECT_TRUE(succeeds(cache.set("k", 1)));
  EXPECT_TRUE(succeeds(cache.close()));
  EXPECT_TRUE(succeeds(cache.close()));
  EXPECT_TRUE(succeeds(cache.close(1s)));
  for (const auto& [call, code] : call_everything(cache, {})) {
    EXPECT_EQ(code, Errc::closed) << to_string(call);
  }
  EXPECT_EQ(cache.stats().entries, 0U);
}

LARDER_CONTRACT(rule_18_close_ends_what_waits_case_144, kAnyEngine) {
  const auto cache = t.open<Number>();
  std::optional<BlockedLoad<Number>> load;
  load.emplace(cache, "k", BlockedLoad<Number>::Answer([](LoadContext& context) {
                 wait_until([&] { return context.stop_token().stop_requested(); }, "the stop");
                 return Lookup<Number>(1);
               }));
  Joiner<Number> joiner(cache, "k");
  wait_for_joins(cache, 1);
  std::jthread closer([&] { EXPECT_TRUE(succeeds(cache.close())); });
  EXPECT_TRUE(fails(joiner.finish(), Errc::closed));
  static_cast<void>(load->finish());
  closer.join();
  EXPECT_TRUE(fails(cache.get("k"), Errc::closed));
}

LARDER_CONTRACT(rule_18_close_waits_no_longer_than_told, kAnyEngine) {
  const auto cache = t.open<Number>();
  BlockedLoad<Number> load(cache, "k", 1);
  std::optional<Result<void>> closed;
  std::atomic<bool> over = false;
  std::jthread closer([&] {
    closed = cache.close(1s);
    over = true;
  });
  wait_until([&] { return cache.get("k").code() == Errc::closed; }, "the close");
  // The clock moves until the closer, whose deadline begins when it begins, has given up.
  wait_until([&] { return t.advance(1s), over.load(); }, "the end of its patience");
  closer.join();
  EXPECT_TRUE(fails(*closed, Errc::deadline_exceeded));
  static_cast<void>(load.finish());
  EXPECT_TRUE(succeeds(cache.close()));
}

// ---- the Manager

LARDER_CONTRACT(rule_18_an_unknown_provider_is_named_case_212, kAnyEngine) {
  CacheOptions<Number> options = t.options<Number>();
  options.settings.provider = "no_such_engine";
  const auto refused = t.manager().open<Number>("names", options);
  ASSERT_TRUE(fails(refused, Errc::invalid_config));
  EXPECT_NE(refused.error().message().find("no_such_engine"), std::string_view::npos);
}

LARDER_CONTRACT(rule_18_name_provider_and_type_are_three_things_case_213_214, kAnyEngine) {
  const auto one = t.open<Number>({}, "one");
  const auto two = t.open<Number>({}, "two");
  EXPECT_TRUE(succeeds(one.set("k", 1)));
  EXPECT_TRUE(is(two.contains("k"), false));
  EXPECT_TRUE(fails(t.manager().open<Number>("one", t.options<Number>()), Errc::already_open));
  const auto found = t.manager().find<Number>("one");
  ASSERT_TRUE(succeeds(found));
  EXPECT_EQ(found->get("k").value_or(1), 1);
  EXPECT_EQ(found->name(), "one");
  EXPECT_TRUE(fails(t.manager().find<std::string>("one"), Errc::type_mismatch));
  EXPECT_TRUE(fails(t.manager().find<Number>("never"), Errc::invalid_argument));
  EXPECT_EQ(t.manager().names(), (Texts{"one", "two"}));
}

LARDER_CONTRACT(rule_18_one_of_many_opens_case_216, kAnyEngine) {
  std::atomic<int> opened{0};
  std::atomic<int> taken{0};
  in_parallel(10, [&](int) {
    const auto cache = t.manager().open<Number>("shared", t.options<Number>());
    if (cache.ok()) ++opened;
    if (cache.code() == Errc::already_open) ++taken;
  });
  EXPECT_EQ(opened, 1);
  EXPECT_EQ(taken, 9);
  EXPECT_TRUE(succeeds(t.manager().find<Number>("shared")));
}

LARDER_CONTRACT(rule_18_a_closed_name_is_free_again, kAnyEngine) {
  const auto first = t.open<Number>({}, "name");
  EXPECT_TRUE(succeeds(first.set("k", 1)));
  EXPECT_TRUE(succeeds(first.close()));
  const auto second = t.open<Number>({}, "name");
  const bool stays = t.stores() && !t.engine().capabilities.in_process;
  EXPECT_TRUE(is(second.contains("k"), stays));
  EXPECT_TRUE(fails(first.get("k"), Errc::closed));
}

LARDER_CONTRACT(rule_18_defaults_are_enough_case_218_226, kAnyEngine | kPlainOptions) {
  Manager manager;
  const auto cache = manager.open<std::string>("plain").value();
  EXPECT_TRUE(succeeds(cache.set("k", "v")));
  EXPECT_TRUE(is(cache.get("k"), "v"));
}

// A provider of a user's: it makes what it is told.
class UserProvider final : public Provider {
 public:
  explicit UserProvider(std::function<Result<std::shared_ptr<Engine>>()> make)
      : make_(std::move(make)) {}
  Result<std::shared_ptr<Engine>> open(const CacheSettings&,
                                       std::shared_ptr<const CacheTraits>) override {
    ++opened;
    return make_();
  }
  int opened = 0;

 private:
  std::function<Result<std::shared_ptr<Engine>>()> make_;
};

// Answers every operation as told; closes as told.
class StubEngine final : public Engine {
 public:
  explicit StubEngine(std::optional<Error> at_close = std::nullopt)
      : at_close_(std::move(at_close)) {}
  Progress start(Operation& op) noexcept override {
    op.error = Error(Errc::not_supported);
    return Progress::done;
  }
  bool leave(Operation&) noexcept override { return false; }
  bool closed() const noexcept override { return closed_; }
  void collect(Stats&) const override {}
  Health health(const Context&) override { return {Health::State::degraded, {}, {}}; }
  Result<void> close(std::optional<std::int64_t>) override {
    closed_ = true;
    if (const auto error = std::exchange(at_close_, std::nullopt)) return *error;
    return {};
  }
  Result<void> resize(std::size_t, std::size_t) override { return {}; }
  void maintain() override {}
  std::string validate() const override { return {}; }

 private:
  std::optional<Error> at_close_;  // of the first close
  std::atomic<bool> closed_{false};
};

CacheOptions<Number> with_provider(std::string name) {
  CacheOptions<Number> options;
  options.settings.provider = std::move(name);
  return options;
}

LARDER_CONTRACT(rule_18_a_providers_failure_is_reported_case_219, kAnyEngine | kPlainOptions) {
  Manager manager;
  const auto provider = std::make_shared<UserProvider>(
      [] { return Result<std::shared_ptr<Engine>>(Error(Errc::unavailable, "provider error")); });
  EXPECT_TRUE(succeeds(manager.register_provider("broken", provider)));
  for (int i = 1; i <= 2; ++i) {
    const auto refused = manager.open<Number>("name", with_provider("broken"));
    ASSERT_TRUE(fails(refused, Errc::unavailable));
    EXPECT_NE(refused.error().message().find("provider error"), std::string_view::npos);
    EXPECT_EQ(provider->opened, i);
  }
  EXPECT_TRUE(fails(manager.find<Number>("name"), Errc::invalid_argument));
}

LARDER_CONTRACT(rule_18_providers_are_registered_and_replaced_case_217,
                kAnyEngine | kPlainOptions) {
  Manager manager;
  const auto make = [] { return Result<std::shared_ptr<Engine>>(std::make_shared<StubEngine>()); };
  in_parallel(5, [&](int i) {
    EXPECT_TRUE(succeeds(manager.register_provider("user" + std::to_string(i),
                                                   std::make_shared<UserProvider>(make))));
  });
  for (int i = 0; i < 5; ++i) {
    const std::string name = "user" + std::to_string(i);
    const auto cache = manager.open<Number>(name, with_provider(name));
    ASSERT_TRUE(succeeds(cache));
    EXPECT_TRUE(fails(cache->get("k"), Errc::not_supported));
    EXPECT_TRUE(fails(cache->get(""), Errc::invalid_key));
  }
  const auto replacement = std::make_shared<UserProvider>(make);
  EXPECT_TRUE(succeeds(manager.register_provider("user0", replacement)));
  EXPECT_TRUE(succeeds(manager.open<Number>("another", with_provider("user0"))));
  EXPECT_EQ(replacement->opened, 1);
  EXPECT_FALSE(manager.register_provider("", replacement).ok());
  EXPECT_FALSE(manager.register_provider("nothing", nullptr).ok());
}

LARDER_CONTRACT(rule_18_health_names_each_cache, kAnyEngine) {
  const auto cache = t.open<Number>({}, "healthy");
  const auto health = t.manager().health();
  ASSERT_EQ(health.size(), 1U);
  EXPECT_EQ(health[0].name, "healthy");
  EXPECT_EQ(health[0].provider, t.options<Number>().settings.provider);
  EXPECT_EQ(health[0].health.state, Health::State::up);
}

LARDER_CONTRACT(rule_18_close_tries_all_and_reports_all_case_221_222, kAnyEngine | kPlainOptions) {
  Manager manager;
  EXPECT_TRUE(succeeds(manager.register_provider("first", std::make_shared<UserProvider>([] {
                                                   return Result<std::shared_ptr<Engine>>(
                                                       std::make_shared<StubEngine>(Error(
                                                           Errc::unavailable, "first went wrong")));
                                                 }))));
  EXPECT_TRUE(succeeds(manager.register_provider(
      "second", std::make_shared<UserProvider>([] {
        return Result<std::shared_ptr<Engine>>(
            std::make_shared<StubEngine>(Error(Errc::unavailable, "second went wrong")));
      }))));
  EXPECT_TRUE(succeeds(manager.open<Number>("a", with_provider("first"))));
  const auto good = manager.open<Number>("b").value();
  EXPECT_TRUE(succeeds(manager.open<Number>("c", with_provider("second"))));
  const auto closed = manager.close();
  ASSERT_FALSE(closed.ok());
  EXPECT_NE(closed.error().message().find("first went wrong"), std::string_view::npos);
  EXPECT_NE(closed.error().message().find("second went wrong"), std::string_view::npos);
  EXPECT_TRUE(fails(good.get("k"), Errc::closed));
  EXPECT_TRUE(succeeds(manager.close()));
  EXPECT_TRUE(fails(manager.open<Number>("d"), Errc::closed));
  Manager empty;
  EXPECT_TRUE(succeeds(empty.close()));
}

LARDER_CONTRACT(rule_18_handles_outlive_the_manager, kAnyEngine) {
  std::optional<Cache<Number>> cache;
  {
    Manager manager;
    cache = manager.open<Number>("short", t.options<Number>()).value();
    EXPECT_TRUE(succeeds(cache->set("k", 1)));
  }
  EXPECT_TRUE(fails(cache->get("k"), Errc::closed));
  EXPECT_TRUE(fails(cache->set("k", 1), Errc::closed));
  EXPECT_TRUE(succeeds(cache->close()));
}

// ---- many threads, all operations (the cases of races; the stress suite judges histories)

LARDER_CONTRACT(rule_18_mixed_operations_race_case_067_176_177_179_181_182_183_184,
                kAnyEngine | kPlainOptions) {
  const auto cache = t.open<Number>();
  in_parallel(4, [&](int worker) {
    for (int i = 0; i < 300; ++i) {
      const std::string key = "k" + std::to_string((i * 7 + worker) % 16);
      switch ((i + worker) % 10) {
        case 0:
          EXPECT_TRUE(succeeds(cache.set(key, i, 5ms)));
          break;
        case 1:
          EXPECT_TRUE(succeeds(cache.set_many({{key, i}, {"k1", i}, {"k2", i}})));
          break;
        case 2:
          EXPECT_TRUE(succeeds(cache.get_many({key, "k1", "k2", "none"})));
          break;
        case 3:
          EXPECT_TRUE(succeeds(cache.erase(key)));
          break;
        case 4:
          EXPECT_TRUE(succeeds(cache.metadata(key)));
          break;
        case 5:
          EXPECT_TRUE(succeeds(cache.metadata_many({key, "k1"})));
          break;
        case 6:
          EXPECT_TRUE(succeeds(cache.increment(key)));
          break;
        case 7:
          EXPECT_TRUE(succeeds(cache.add_index("i", "k1*", key)));
          break;
        case 8:
          EXPECT_TRUE(succeeds(cache.get_or_set(key, [&] { return Number{i}; })));
          break;
        default:
          if (worker == 0) t.advance(1ms);
          testing::maintain(cache.cache());
          break;
      }
    }
  });
  EXPECT_TRUE(succeeds(cache.set("k1", 5)));
  EXPECT_EQ(cache.get("k1").value_or(5), 5);
}

}  // namespace
}  // namespace larder::contract
