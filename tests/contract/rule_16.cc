// Rule 16: hooks.
//
// Thread safety: tests.
#include <map>
#include <mutex>
#include <stdexcept>

#include "helpers.h"

namespace larder::contract {
namespace {

using Number = std::int64_t;

// What the hooks of a cache were told, in order; and what they refuse.
class Record {
 public:
  void add(std::string event) {
    const std::lock_guard lock(mutex_);
    events_.push_back(std::move(event));
  }
  Verdict ask(std::string_view name, std::string_view key) {
    const std::string question = std::string(name) + " " + std::string(key);
    add(question);
    const bool refuses = refused_ == key || refused_ == question;
    return refuses ? Verdict::veto("not " + std::string(key)) : Verdict::allow();
  }
  void tell(std::string_view name, std::string_view key, const HookOutcome& outcome) {
    const std::string_view end = outcome.error       ? to_string(outcome.error->code())
                                 : outcome.effective ? "yes"
                                                     : "no";
    add(std::string(name) + " " + std::string(key) + " " + std::string(end));
  }
  // A key, or one question ("pre_set k").
  void refuse(std::string what) { refused_ = std::move(what); }
  Texts taken() {
    const std::lock_guard lock(mutex_);
    return std::exchange(events_, {});
  }

 private:
  std::mutex mutex_;
  Texts events_;
  std::string refused_;
};

Face<Number> open_hooked(Fixture& t, Record& record,
                         const std::function<void(CacheOptions<Number>&)>& change = {}) {
  return t.open<Number>([&](CacheOptions<Number>& options) {
    if (change) change(options);
    options.hooks = {
        .pre_get = [&](std::string_view key) { return record.ask("pre_get", key); },
        .post_get = [&](std::string_view key, const Number*,
                        const HookOutcome& outcome) { record.tell("post_get", key, outcome); },
        .pre_set = [&](std::string_view key, const Number*) { return record.ask("pre_set", key); },
        .post_set = [&](std::string_view key, const Number*,
                        const HookOutcome& outcome) { record.tell("post_set", key, outcome); },
        .pre_erase = [&](std::string_view key) { return record.ask("pre_erase", key); },
        .post_erase = [&](std::string_view key,
                          const HookOutcome& outcome) { record.tell("post_erase", key, outcome); },
        .on_removal = {},
    };
  });
}

LARDER_CONTRACT(rule_16_reads_run_the_get_hooks_case_147_153, kStores) {
  Record record;
  const auto cache = open_hooked(t, record);
  EXPECT_TRUE(cache.get("k").miss());
  EXPECT_EQ(record.taken(), (Texts{"pre_get k", "post_get k no"}));
  EXPECT_TRUE(succeeds(cache.set("k", 1)));
  EXPECT_EQ(record.taken(), (Texts{"pre_set k", "post_set k yes"}));
  const Texts read = {"pre_get k", "post_get k yes"};
  EXPECT_TRUE(cache.get("k").hit());
  EXPECT_EQ(record.taken(), read);
  EXPECT_TRUE(cache.get_ref("k").hit());
  EXPECT_EQ(record.taken(), read);
  EXPECT_TRUE(cache.get_entry("k").hit());
  EXPECT_EQ(record.taken(), read);
  EXPECT_TRUE(is(cache.contains("k"), true));
  EXPECT_EQ(record.taken(), read);
  EXPECT_TRUE(cache.metadata("k").hit());
  EXPECT_EQ(record.taken(), read);
  EXPECT_EQ(cache.get_many({"k", "none"}).hits(), 1U);
  EXPECT_EQ(record.taken(),
            (Texts{"pre_get k", "pre_get none", "post_get k yes", "post_get none no"}));
  EXPECT_EQ(cache.metadata_many({"k"}).hits(), 1U);
  EXPECT_EQ(record.taken(), read);
}

LARDER_CONTRACT(rule_16_writes_run_the_set_hooks_case_153, kStores) {
  Record record;
  const auto cache = open_hooked(t, record);
  const Texts stored = {"pre_set k", "post_set k yes"};
  const Texts not_stored = {"pre_set k", "post_set k no"};
  EXPECT_TRUE(is(cache.set_if_present("k", 1), false));
  EXPECT_EQ(record.taken(), not_stored);
  EXPECT_TRUE(is(cache.set_if_absent("k", 1), true));
  EXPECT_EQ(record.taken(), stored);
  EXPECT_TRUE(is(cache.set_if_absent("k", 1), false));
  EXPECT_EQ(record.taken(), not_stored);
  EXPECT_TRUE(is(cache.compare_and_set("k", Version::absent(), 1), false));
  EXPECT_EQ(record.taken(), not_stored);
  EXPECT_TRUE(is(cache.increment("k"), 2));
  EXPECT_EQ(record.taken(), stored);
  EXPECT_TRUE(is(cache.decrement("k"), 1));
  EXPECT_EQ(record.taken(), stored);
  EXPECT_TRUE(is(cache.touch("k", 1h), true));
  EXPECT_EQ(record.taken(), stored);
  EXPECT_TRUE(is(cache.set_tags("k", {"tag"}), true));
  EXPECT_EQ(record.taken(), stored);
  EXPECT_TRUE(succeeds(cache.set_many({{"a", 1}, {"b", 2}})));
  EXPECT_EQ(record.taken(), (Texts{"pre_set a", "pre_set b", "post_set a yes", "post_set b yes"}));
  EXPECT_TRUE(succeeds(cache.update("k", [](const Number*) { return Number{5}; })));
  EXPECT_EQ(record.taken(), stored);
}

LARDER_CONTRACT(rule_16_removals_run_the_erase_hooks_case_151_153, kStores) {
  Record record;
  const auto cache = open_hooked(t, record);
  const Texts erased = {"pre_erase k", "post_erase k yes"};
  const auto set_again = [&] {
    EXPECT_TRUE(succeeds(cache.set("k", 1, {1h, {"tag"}})));
    EXPECT_TRUE(succeeds(cache.add_index("i", "k", "t")));
    static_cast<void>(record.taken());
  };
  EXPECT_TRUE(is(cache.erase("k"), false));
  EXPECT_EQ(record.taken(), (Texts{"pre_erase k", "post_erase k no"}));
  const std::vector<std::function<void()>> removals = {
      [&] { EXPECT_TRUE(is(cache.erase("k"), true)); },
      [&] { EXPECT_TRUE(is(cache.erase_many({"k"}), 1U)); },
      [&] { EXPECT_TRUE(is(cache.erase_by_pattern("*"), 1U)); },
      [&] { EXPECT_TRUE(is(cache.erase_by_tag("tag"), 1U)); },
      [&] { EXPECT_TRUE(is(cache.erase_by_index("i", "t"), 1U)); },
      [&] { EXPECT_TRUE(succeeds(cache.clear())); },
      [&] {
        EXPECT_TRUE(succeeds(
            cache.update("k", [](const Number*) -> Change<Number> { return larder::erase; })));
      },
  };
  for (const auto& remove : removals) {
    set_again();
    remove();
    EXPECT_EQ(record.taken(), erased);
  }
  set_again();
  EXPECT_TRUE(cache.take("k").hit());
  EXPECT_EQ(record.taken(),
            (Texts{"pre_get k", "pre_erase k", "post_get k yes", "post_erase k yes"}));
}

LARDER_CONTRACT(rule_16_a_rename_asks_for_both_keys_case_153, kStores) {
  Record record;
  const auto cache = open_hooked(t, record);
  EXPECT_TRUE(succeeds(cache.set("from", 1)));
  static_cast<void>(record.taken());
  EXPECT_TRUE(is(cache.rename("from", "to"), true));
  EXPECT_EQ(record.taken(),
            (Texts{"pre_erase from", "pre_set to", "post_erase from yes", "post_set to yes"}));
  for (const std::string refused : {"to", "again"}) {
    record.refuse(refused);
    EXPECT_TRUE(fails(cache.rename("to", "again"), Errc::vetoed));
    EXPECT_EQ(sorted(cache.keys_by_pattern("*")), Texts{"to"});
  }
}

LARDER_CONTRACT(rule_16_a_vetoed_read_reads_nothing_case_148, kStores) {
  Record record;
  const auto cache = open_hooked(t, record);
  EXPECT_TRUE(succeeds(cache.set("k", 1)));
  record.refuse("k");
  static_cast<void>(record.taken());
  const Stats before = cache.stats();
  const auto refused = cache.get("k");
  EXPECT_TRUE(fails(refused, Errc::vetoed));
  EXPECT_EQ(refused.error().message(), "not k");
  EXPECT_EQ(record.taken(), Texts{"pre_get k"});
  EXPECT_TRUE(fails(cache.contains("k"), Errc::vetoed));
  EXPECT_TRUE(fails(cache.metadata("k"), Errc::vetoed));
  EXPECT_TRUE(fails(cache.get_ref("k"), Errc::vetoed));
  EXPECT_TRUE(fails(cache.take("k"), Errc::vetoed));
  EXPECT_TRUE(fails(cache.get_or_set("k", [] { return Number{2}; }), Errc::vetoed));
  EXPECT_EQ(cache.stats().hits, before.hits);
  EXPECT_EQ(cache.stats().misses, before.misses);
}

LARDER_CONTRACT(rule_16_a_vetoed_write_stores_nothing_case_149, kAnyEngine) {
  Record record;
  const auto cache = open_hooked(t, record);
  record.refuse("k");
  EXPECT_TRUE(fails(cache.set("k", 1), Errc::vetoed));
  EXPECT_EQ(record.taken(), (Texts{"pre_set k", "post_set k vetoed"}));
  EXPECT_TRUE(fails(cache.set_if_absent("k", 1), Errc::vetoed));
  EXPECT_TRUE(fails(cache.set_if_present("k", 1), Errc::vetoed));
  EXPECT_TRUE(fails(cache.compare_and_set("k", Version::absent(), 1), Errc::vetoed));
  EXPECT_TRUE(fails(cache.increment("k"), Errc::vetoed));
  EXPECT_TRUE(fails(cache.update("k", [](const Number*) { return Number{1}; }), Errc::vetoed));
  EXPECT_TRUE(fails(cache.touch("k", 1h), Errc::vetoed));
  EXPECT_TRUE(fails(cache.set_tags("k", {"x"}), Errc::vetoed));
  record.refuse("");
  EXPECT_TRUE(is(cache.contains("k"), false));
}

LARDER_CONTRACT(rule_16_a_vetoed_batch_has_no_effect_case_153, kStores) {
  Record record;
  const auto cache = open_hooked(t, record);
  EXPECT_TRUE(succeeds(cache.set_many({{"a", 1}, {"b", 1}})));
  record.refuse("b");
  EXPECT_TRUE(fails(cache.set_many({{"a", 2}, {"b", 2}, {"c", 2}}), Errc::vetoed));
  EXPECT_TRUE(fails(cache.erase_many({"a", "b"}), Errc::vetoed));
  EXPECT_TRUE(fails(cache.get_many({"a", "b"}), Errc::vetoed));
  EXPECT_TRUE(fails(cache.metadata_many({"a", "b"}), Errc::vetoed));
  const auto load = [](std::span<const std::string_view> missing) {
    ADD_FAILURE() << "loaded";
    return std::vector<Number>(missing.size());
  };
  EXPECT_TRUE(fails(cache.get_or_set_many({"b", "c"}, load), Errc::vetoed));
  record.refuse("");
  EXPECT_TRUE(is(cache.get("a"), 1));
  EXPECT_TRUE(is(cache.get("b"), 1));
  EXPECT_TRUE(cache.get("c").miss());
}

LARDER_CONTRACT(rule_16_a_bulk_erase_skips_vetoed_keys, kStores) {
  Record record;
  const auto cache = open_hooked(t, record);
  const auto fill = [&] {
    EXPECT_TRUE(succeeds(cache.set_many({{"a", 1}, {"b", 1}, {"c", 1}}, {1h, {"tag"}})));
    EXPECT_TRUE(is(cache.add_index("i", "*", "t"), 3U));
  };
  record.refuse("b");
  const std::vector<std::function<void()>> erasures = {
      [&] { EXPECT_TRUE(is(cache.erase_by_pattern("*"), 2U)); },
      [&] { EXPECT_TRUE(is(cache.erase_by_tag("tag"), 2U)); },
      [&] { EXPECT_TRUE(is(cache.erase_by_index("i", "t"), 2U)); },
  };
  record.refuse("");
  for (const auto& erase_all : erasures) {
    fill();
    record.refuse("b");
    erase_all();
    record.refuse("");
    EXPECT_EQ(sorted(cache.keys_by_pattern("*")), Texts{"b"});
  }
}

LARDER_CONTRACT(rule_16_loads_run_get_hooks_per_caller_and_set_hooks_once, kAnyEngine) {
  Record record;
  const auto cache = open_hooked(t, record);
  BlockedLoad<Number> load(cache, "k", 1);
  Joiner<Number> joiner(cache, "k");
  wait_for_joins(cache, 1);
  EXPECT_TRUE(is(load.finish(), 1));
  EXPECT_TRUE(is(joiner.finish(), 1));
  const Texts events = record.taken();
  EXPECT_EQ(std::ranges::count(events, "pre_get k"), 2);
  EXPECT_EQ(std::ranges::count(events, "post_get k yes"), 2);
  EXPECT_EQ(std::ranges::count(events, "pre_set k"), 1);
  EXPECT_EQ(std::ranges::count(events, "post_set k yes"), 1);
}

LARDER_CONTRACT(rule_16_a_veto_at_publishing_fails_the_load, kAnyEngine) {
  const auto cache = t.open<Number>([](CacheOptions<Number>& options) {
    options.hooks.pre_set = [](std::string_view, const Number* value) {
      return value != nullptr && *value < 0 ? Verdict::veto("negative") : Verdict::allow();
    };
  });
  EXPECT_TRUE(fails(cache.get_or_set("k", [] { return Number{-1}; }), Errc::vetoed));
  EXPECT_TRUE(is(cache.contains("k"), false));
  EXPECT_TRUE(fails(cache.set("k", -1), Errc::vetoed));
  EXPECT_TRUE(is(cache.get_or_set("k", [] { return Number{1}; }), 1));
}

// ---- who is told of what: whoever was asked before a write

LARDER_CONTRACT(rule_16_a_refused_write_is_told_to_who_was_asked, kAnyEngine) {
  Record record;
  const auto cache = open_hooked(t, record);
  const Texts set_refused = {"pre_set k", "post_set k vetoed"};
  const Texts erase_refused = {"pre_erase k", "post_erase k vetoed"};
  record.refuse("pre_set k");
  EXPECT_TRUE(fails(cache.set("k", 1), Errc::vetoed));
  EXPECT_EQ(record.taken(), set_refused);
  EXPECT_TRUE(fails(cache.update("k", [](const Number*) { return Number{1}; }), Errc::vetoed));
  EXPECT_EQ(record.taken(), set_refused);
  EXPECT_TRUE(fails(cache.get_or_set("k", [] { return Number{1}; }), Errc::vetoed));
  EXPECT_EQ(record.taken(),
            (Texts{"pre_get k", "pre_set k", "post_set k vetoed", "post_get k vetoed"}));
  record.refuse("pre_erase k");
  EXPECT_TRUE(fails(cache.erase("k"), Errc::vetoed));
  EXPECT_EQ(record.taken(), erase_refused);
  const auto drop = [](const Number*) -> Change<Number> { return larder::erase; };
  EXPECT_TRUE(fails(cache.update("k", drop), Errc::vetoed));
  EXPECT_EQ(record.taken(), erase_refused);
  EXPECT_TRUE(fails(cache.take("k"), Errc::vetoed));
  EXPECT_EQ(record.taken(), (Texts{"pre_get k", "pre_erase k", "post_erase k vetoed"}));
  record.refuse("pre_get k");
  EXPECT_TRUE(fails(cache.take("k"), Errc::vetoed));
  EXPECT_EQ(record.taken(), Texts{"pre_get k"});
}

LARDER_CONTRACT(rule_16_a_bulk_erase_tells_of_the_keys_it_skips, kStores) {
  Record record;
  const auto cache = open_hooked(t, record);
  EXPECT_TRUE(succeeds(cache.set("k", 1, {1h, {"tag"}})));
  EXPECT_TRUE(succeeds(cache.add_index("i", "k", "t")));
  record.refuse("pre_erase k");
  static_cast<void>(record.taken());
  const std::vector<std::function<void()>> erasures = {
      [&] { EXPECT_TRUE(is(cache.erase_by_pattern("*"), 0U)); },
      [&] { EXPECT_TRUE(is(cache.erase_by_tag("tag"), 0U)); },
      [&] { EXPECT_TRUE(is(cache.erase_by_index("i", "t"), 0U)); },
  };
  for (const auto& erase_all : erasures) {
    erase_all();
    EXPECT_EQ(record.taken(), (Texts{"pre_erase k", "post_erase k vetoed"}));
  }
}

// Each time that an update asks ends in news, also where somebody came between.
LARDER_CONTRACT(rule_16_an_update_that_asks_again_tells_again, kStores) {
  Record record;
  const auto cache = open_hooked(t, record);
  const auto between = [&](const Number* old) {
    if (old == nullptr) {
      EXPECT_TRUE(succeeds(cache.set("k", 1)));
    }
    return Number{2};
  };
  EXPECT_TRUE(succeeds(cache.update("k", between)));
  EXPECT_EQ(record.taken(), (Texts{"pre_set k", "post_set k yes", "pre_set k", "post_set k no",
                                   "pre_set k", "post_set k yes"}));
}

LARDER_CONTRACT(rule_16_a_write_that_user_code_fails_is_told, kStores | kNative) {
  Record record;
  const auto cache = open_hooked(t, record, [](CacheOptions<Number>& options) {
    options.weigher = [](std::string_view, const Number&) -> std::size_t {
      throw std::runtime_error("no scales");
    };
  });
  const Texts failed = {"pre_set k", "post_set k callback_failed"};
  EXPECT_TRUE(fails(cache.set("k", 1), Errc::callback_failed));
  EXPECT_EQ(record.taken(), failed);
  const auto store_one = [](const Number*) { return Number{1}; };
  EXPECT_TRUE(fails(cache.update("k", store_one), Errc::callback_failed));
  EXPECT_EQ(record.taken(), failed);
  EXPECT_TRUE(fails(cache.get_or_set("k", [] { return Number{1}; }), Errc::callback_failed));
  EXPECT_EQ(record.taken(), (Texts{"pre_get k", "pre_set k", "post_set k callback_failed",
                                   "post_get k callback_failed"}));
}

// ---- removals and their causes

// What on_removal was told. A sweep of the engine's own may tell it, on its own thread and, when it
// meets a sweep of the test's, after that one has returned.
class Removals {
 public:
  Face<Number> open(Fixture& t, const std::function<void(CacheOptions<Number>&)>& change = {}) {
    return t.open<Number>([&](CacheOptions<Number>& options) {
      options.hooks.on_removal = [this](std::string_view key, RemovalCause cause) {
        const std::lock_guard lock(mutex_);
        causes_[std::string(key)].push_back(cause);
      };
      if (change) change(options);
    });
  }
  // The causes told of this key since the last call, when there are any.
  std::vector<RemovalCause> awaited(const std::string& key) {
    std::vector<RemovalCause> causes;
    wait_until([&] { return !(causes = taken(key)).empty(); }, "a removal of " + key);
    return causes;
  }
  std::vector<RemovalCause> taken(const std::string& key) {
    const std::lock_guard lock(mutex_);
    return std::exchange(causes_[key], {});
  }
  std::map<std::string, std::vector<RemovalCause>> all() {
    const std::lock_guard lock(mutex_);
    return causes_;
  }

 private:
  std::mutex mutex_;
  std::map<std::string, std::vector<RemovalCause>> causes_;
};

// The key "k" is removed by `remove`, and told so.
void expect_cause(const Face<Number>& cache, Removals& removals, RemovalCause cause,
                  const std::function<void()>& remove) {
  EXPECT_TRUE(succeeds(cache.set("k", 1, {1h, {"tag"}})));
  EXPECT_TRUE(succeeds(cache.add_index("i", "k", "t")));
  remove();
  EXPECT_EQ(removals.awaited("k"), std::vector{cause}) << to_string(cause);
  static_cast<void>(cache.erase("k"));
  static_cast<void>(removals.taken("k"));
}

LARDER_CONTRACT(rule_16_each_removal_has_its_cause_case_151, kStores) {
  Removals removals;
  const auto cache = removals.open(t);
  using enum RemovalCause;
  const auto expect_cause = [&](RemovalCause cause, const std::function<void()>& remove) {
    contract::expect_cause(cache, removals, cause, remove);
  };
  expect_cause(erased, [&] { EXPECT_TRUE(is(cache.erase("k"), true)); });
  expect_cause(erased, [&] { EXPECT_TRUE(is(cache.erase_many({"k"}), 1U)); });
  expect_cause(erased, [&] { EXPECT_TRUE(cache.take("k").hit()); });
  expect_cause(erased, [&] { EXPECT_TRUE(is(cache.rename("k", "l"), true)); });
  expect_cause(erased, [&] { EXPECT_TRUE(is(cache.erase_by_tag("tag"), 2U)); });
  expect_cause(erased, [&] { EXPECT_TRUE(is(cache.erase_by_index("i", "t"), 1U)); });
  expect_cause(erased, [&] { EXPECT_TRUE(is(cache.erase_by_pattern("k"), 1U)); });
  expect_cause(cleared, [&] { EXPECT_TRUE(succeeds(cache.clear())); });
  expect_cause(replaced, [&] { EXPECT_TRUE(succeeds(cache.set("k", 2))); });
  expect_cause(replaced, [&] { EXPECT_TRUE(succeeds(cache.set_many({{"k", 2}}))); });
  expect_cause(replaced, [&] { EXPECT_TRUE(is(cache.increment("k"), 2)); });
  expect_cause(replaced, [&] {
    EXPECT_TRUE(succeeds(cache.update("k", [](const Number*) { return Number{2}; })));
  });
}

LARDER_CONTRACT(rule_16_the_end_by_time_is_told_case_151, kStores | kInProcess) {
  Removals removals;
  const auto cache = removals.open(t);
  expect_cause(cache, removals, RemovalCause::expired, [&] {
    t.advance(1h);
    testing::maintain(cache.cache());
  });
  expect_cause(cache, removals, RemovalCause::expired, [&] {
    t.advance(1h);
    EXPECT_TRUE(is(cache.set_if_absent("k", 1), true));
  });
}

LARDER_CONTRACT(rule_16_evictions_are_told_case_151, kStores | kBounded) {
  Removals removals;
  const auto cache = removals.open(t, [](CacheOptions<Number>& options) {
    options.settings.max_entries = 3;
    options.settings.on_full = OnFull::evict;
  });
  for (int i = 0; i < 20; ++i) EXPECT_TRUE(succeeds(cache.set("k" + std::to_string(i), i)));
  std::size_t told = 0;
  for (const auto& [key, causes] : removals.all()) {
    EXPECT_EQ(causes, std::vector{RemovalCause::evicted}) << key;
    EXPECT_TRUE(is(cache.contains(key), false)) << key;
    ++told;
  }
  EXPECT_EQ(told, cache.stats().evicted);
  EXPECT_EQ(told + cache.stats().entries, 20U);
}

LARDER_CONTRACT(rule_16_the_counters_of_causes_agree_case_234, kStores | kInProcess) {
  const auto cache = t.open<Number>();
  EXPECT_TRUE(succeeds(cache.set("a", 1)));
  EXPECT_TRUE(succeeds(cache.set("a", 2)));
  EXPECT_TRUE(is(cache.erase("a"), true));
  EXPECT_TRUE(succeeds(cache.set("b", 1, 1ms)));
  t.advance(1ms);
  testing::maintain(cache.cache());
  EXPECT_TRUE(succeeds(cache.set("c", 1)));
  EXPECT_TRUE(succeeds(cache.clear()));
  const Stats stats = cache.stats();
  EXPECT_EQ(stats.stores, 4U);
  EXPECT_EQ(stats.replaced, 1U);
  EXPECT_EQ(stats.erased, 1U);
  EXPECT_EQ(stats.expired, 1U);
  EXPECT_EQ(stats.cleared, 1U);
}

// ---- hooks that throw

LARDER_CONTRACT(rule_16_a_pre_hook_that_throws_fails_the_call, kAnyEngine) {
  const auto cache = t.open<Number>([](CacheOptions<Number>& options) {
    const auto refuse = [](std::string_view key) -> Verdict {
      if (key == "bad") throw std::runtime_error("no opinion");
      return Verdict::allow();
    };
    options.hooks.pre_get = refuse;
    options.hooks.pre_erase = refuse;
    options.hooks.pre_set = [=](std::string_view key, const Number*) { return refuse(key); };
  });
  const auto failed = cache.get("bad");
  ASSERT_TRUE(fails(failed, Errc::callback_failed));
  EXPECT_THROW(std::rethrow_exception(failed.error().exception()), std::runtime_error);
  EXPECT_TRUE(fails(cache.set("bad", 1), Errc::callback_failed));
  EXPECT_TRUE(fails(cache.set_many({{"good", 1}, {"bad", 1}}), Errc::callback_failed));
  EXPECT_TRUE(fails(cache.erase("bad"), Errc::callback_failed));
  EXPECT_TRUE(fails(cache.get_or_set("bad", [] { return Number{1}; }), Errc::callback_failed));
  EXPECT_TRUE(is(cache.contains("good"), false));
  EXPECT_TRUE(succeeds(cache.erase_by_pattern("*")));
}

LARDER_CONTRACT(rule_16_what_a_post_hook_throws_is_counted, kAnyEngine) {
  const auto cache = t.open<Number>([](CacheOptions<Number>& options) {
    const auto fail = [] { throw std::runtime_error("broken"); };
    options.hooks.post_get = [=](std::string_view, const Number*, const HookOutcome&) { fail(); };
    options.hooks.post_set = [=](std::string_view, const Number*, const HookOutcome&) { fail(); };
    options.hooks.post_erase = [=](std::string_view, const HookOutcome&) { fail(); };
    options.hooks.on_removal = [=](std::string_view, RemovalCause) { fail(); };
  });
  EXPECT_TRUE(succeeds(cache.set("k", 1)));
  EXPECT_EQ(cache.stats().hook_failures, 1U);
  EXPECT_EQ(cache.get("k").value_or(1), 1);
  EXPECT_EQ(cache.stats().hook_failures, 2U);
  EXPECT_TRUE(is(cache.erase("k"), t.stores()));
  EXPECT_EQ(cache.stats().hook_failures, t.stores() ? 4U : 3U);
  EXPECT_TRUE(is(cache.contains("k"), false));
}

LARDER_CONTRACT(rule_16_hooks_are_given_the_value, kStores) {
  std::vector<Number> seen;
  const auto cache = t.open<Number>([&](CacheOptions<Number>& options) {
    options.hooks.pre_set = [&](std::string_view, const Number* value) {
      seen.push_back(value == nullptr ? 0 : *value);
      return Verdict::allow();
    };
    options.hooks.post_set = [&](std::string_view, const Number* value, const HookOutcome&) {
      seen.push_back(value == nullptr ? 0 : *value);
    };
    options.hooks.post_get = [&](std::string_view, const Number* value, const HookOutcome&) {
      seen.push_back(value == nullptr ? 0 : *value);
    };
  });
  EXPECT_TRUE(succeeds(cache.set("k", 7)));
  EXPECT_EQ(std::exchange(seen, {}), (std::vector<Number>{7, 7}));
  EXPECT_TRUE(is(cache.get("k"), 7));
  EXPECT_EQ(std::exchange(seen, {}), std::vector<Number>{7});
  EXPECT_EQ(**cache.get_ref("k"), 7);
  EXPECT_EQ(std::exchange(seen, {}), std::vector<Number>{7});
  EXPECT_TRUE(is(cache.get_or_set("l", [] { return Number{8}; }), 8));
  EXPECT_EQ(std::exchange(seen, {}), (std::vector<Number>{8, 8, 8}));
}

}  // namespace
}  // namespace larder::contract
