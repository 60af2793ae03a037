// Rule 8: no user code runs under a lock: cyclic and re-entrant loads are told, and every kind of
// user code may call the cache, or throw.
//
// Thread safety: tests.
#include <atomic>
#include <stdexcept>

#include "helpers.h"

namespace larder::contract {
namespace {

using Number = std::int64_t;

// ---- loads that would wait for themselves

LARDER_CONTRACT(rule_08_a_load_of_its_own_key_is_told_case_190, kAnyEngine) {
  const auto cache = t.open();
  const auto again = [&] {
    EXPECT_TRUE(
        fails(cache.get_or_set("k", [] { return std::string("inner"); }), Errc::would_deadlock));
    return std::string("outer");
  };
  EXPECT_TRUE(is(cache.get_or_set("k", again), "outer"));
  EXPECT_TRUE(is(cache.get_or_set("other", [] { return std::string("fine"); }), "fine"));
}

LARDER_CONTRACT(rule_08_a_load_may_load_other_keys, kAnyEngine) {
  const auto cache = t.open();
  const auto inner = [] { return std::string("inner"); };
  const auto outer = [&](LoadContext& load) {
    const auto other = cache.within(load).get_or_set("b", inner);
    return "outer of " + other.value_or("nothing");
  };
  EXPECT_TRUE(is(cache.get_or_set("a", outer), "outer of inner"));
}

LARDER_CONTRACT(rule_08_a_cycle_on_one_thread_is_told, kAnyEngine) {
  const auto cache = t.open();
  std::optional<Errc> seen;
  const auto load_a_again = [&] {
    seen = cache.get_or_set("a", [] { return std::string("never"); }).code();
    return std::string("b");
  };
  const auto load_b = [&] { return "a and " + cache.get_or_set("b", load_a_again).value_or("?"); };
  EXPECT_TRUE(is(cache.get_or_set("a", load_b), "a and b"));
  EXPECT_EQ(seen, Errc::would_deadlock);
}

LARDER_CONTRACT(rule_08_a_cycle_through_two_caches_is_told, kAnyEngine) {
  const auto cache = t.open();
  const auto other = t.open<Number>();
  std::optional<Errc> seen;
  const auto back = [&](LoadContext& load) {
    seen = cache.within(load).get_or_set("k", [] { return std::string("never"); }).code();
    return Number{2};
  };
  const auto load = [&](LoadContext& run) {
    return std::to_string(other.within(run).get_or_set("k", back).value_or(0));
  };
  EXPECT_TRUE(is(cache.get_or_set("k", load), "2"));
  EXPECT_EQ(seen, Errc::would_deadlock);
}

// Two threads: each load waits for the other's key. One of them is told, both end.
LARDER_CONTRACT(rule_08_a_cycle_across_threads_is_told, kAnyEngine) {
  const auto cache = t.open();
  std::latch both(2);
  std::atomic<int> told{0};
  const auto load_then = [&](std::string other) {
    return [&, other](LoadContext& load) -> Result<std::string> {
      both.arrive_and_wait();
      const auto inner = cache.within(load).get_or_set(other, [] { return std::string("own"); });
      if (inner.code() == Errc::would_deadlock) ++told;
      if (inner.failed()) return inner.error();
      return "with " + *inner;
    };
  };
  std::jthread a([&] { static_cast<void>(cache.get_or_set("a", load_then("b"))); });
  std::jthread b([&] { static_cast<void>(cache.get_or_set("b", load_then("a"))); });
  a.join();
  b.join();
  EXPECT_GE(told, 1);
}

// The LoadContext carries the chain to another thread.
LARDER_CONTRACT(rule_08_the_context_carries_the_chain_to_a_helper, kAnyEngine) {
  const auto cache = t.open();
  std::optional<Errc> seen;
  const auto load = [&](LoadContext& run) {
    std::jthread([&] {
      seen = cache.within(run).get_or_set("k", [] { return std::string("x"); }).code();
    }).join();
    return std::string("v");
  };
  EXPECT_TRUE(is(cache.get_or_set("k", load), "v"));
  EXPECT_EQ(seen, Errc::would_deadlock);
}

// Where the chain is hidden, the wait ends by the deadline.
LARDER_CONTRACT(rule_08_a_hidden_cycle_ends_by_the_deadline, kAnyEngine) {
  const auto cache = t.open();
  std::optional<Errc> seen;
  const auto load = [&] {
    std::jthread hidden([&, bound = cache.with(t.within(1s))] {
      seen = bound.get_or_set("k", [] { return std::string("x"); }).code();
    });
    wait_for_joins(cache, 1);
    t.advance(1s);
    hidden.join();
    return std::string("v");
  };
  EXPECT_TRUE(is(cache.get_or_set("k", load), "v"));
  EXPECT_EQ(seen, Errc::deadline_exceeded);
}

LARDER_CONTRACT(rule_08_a_hidden_cycle_ends_by_the_load_limit, kAnyEngine) {
  const auto cache = t.open();
  std::optional<Errc> seen;
  std::atomic<bool> over = false;
  const auto load = [&] {
    std::jthread hidden(
        [&] { seen = cache.get_or_set("k", [] { return std::string("x"); }).code(); });
    wait_for_joins(cache, 1);
    t.advance(30s);
    hidden.join();
    over = true;
    return std::string("v");
  };
  static_cast<void>(cache.get_or_set("k", load));
  wait_until([&] { return over.load(); }, "the end of a load that its caller did not wait for");
  EXPECT_EQ(seen, Errc::deadline_exceeded);
}

LARDER_CONTRACT(rule_08_a_cycle_in_coroutines_is_told, kAnyEngine | kCoroutineFace) {
  const auto cache = t.open();
  std::optional<Errc> seen;
  const auto back = [&](LoadContext& load) -> Task<std::string> {
    const auto bound = load.cache(cache.cache());
    seen = (co_await bound.async().get_or_set("a", [] { return std::string("never"); })).code();
    co_return "b";
  };
  const auto first = [&](LoadContext& load) -> Task<std::string> {
    const auto bound = load.cache(cache.cache());
    const auto inner = co_await bound.async().get_or_set("b", back);
    co_return "a and " + inner.value_or("?");
  };
  EXPECT_TRUE(is(cache.get_or_set_awaiting("a", first), "a and b"));
  EXPECT_EQ(seen, Errc::would_deadlock);
}

LARDER_CONTRACT(rule_08_a_batch_load_sees_its_own_keys, kAnyEngine) {
  const auto cache = t.open();
  const auto load = [&](std::span<const std::string_view> missing) {
    EXPECT_TRUE(
        fails(cache.get_or_set("b", [] { return std::string("x"); }), Errc::would_deadlock));
    return std::vector<std::string>(missing.size(), "v");
  };
  EXPECT_EQ(cache.get_or_set_many({"a", "b"}, load).hits(), 2U);
}

// ---- user code that calls the cache

// Everything but the loads of the keys in flight works from inside `user code`.
void use_everything(const Face<Number>& cache) {
  EXPECT_TRUE(succeeds(cache.set("inner", 1)));
  EXPECT_TRUE(succeeds(cache.get("inner")));
  EXPECT_TRUE(succeeds(cache.increment("inner")));
  EXPECT_TRUE(succeeds(cache.update("inner", [](const Number*) { return Number{3}; })));
  EXPECT_TRUE(succeeds(cache.set_many({{"inner2", 1}, {"inner3", 2}})));
  EXPECT_TRUE(succeeds(cache.rename("inner2", "inner4")));
  EXPECT_TRUE(succeeds(cache.add_index("inner_index", "inner*", "t")));
  EXPECT_TRUE(succeeds(cache.erase_by_index("inner_index", "t")));
  EXPECT_TRUE(succeeds(cache.keys_by_pattern("*")));
  EXPECT_TRUE(succeeds(cache.erase_by_pattern("inner*")));
  EXPECT_TRUE(succeeds(cache.get_or_set("inner5", [] { return Number{5}; })));
  EXPECT_TRUE(succeeds(cache.erase("inner5")));
}

LARDER_CONTRACT(rule_08_a_loader_may_use_the_cache_case_190, kAnyEngine) {
  const auto cache = t.open<Number>();
  const auto load = [&] { return use_everything(cache), Number{1}; };
  EXPECT_TRUE(is(cache.get_or_set("k", load), 1));
  EXPECT_EQ(cache.get("k").value_or(0), t.stores() ? 1 : 0);
}

LARDER_CONTRACT(rule_08_a_loader_may_write_its_own_key, kStores) {
  const auto cache = t.open<Number>();
  const auto load = [&] {
    EXPECT_TRUE(succeeds(cache.set("k", 5)));
    return Number{1};
  };
  EXPECT_TRUE(is(cache.get_or_set("k", load), 1));
  EXPECT_TRUE(is(cache.get("k"), 5));
}

LARDER_CONTRACT(rule_08_an_updater_may_use_the_cache_case_190, kAnyEngine) {
  const auto cache = t.open<Number>();
  const auto update = [&](const Number*) { return use_everything(cache), Number{1}; };
  EXPECT_EQ(cache.update("k", update)->value, 1);
}

LARDER_CONTRACT(rule_08_an_updater_may_update_its_own_key, kStores) {
  const auto cache = t.open<Number>();
  int depth = 0;
  const auto nested = [&](const Number* old) {
    if (++depth == 1) {
      EXPECT_TRUE(succeeds(cache.update("k", [](const Number*) { return Number{10}; })));
    }
    return old == nullptr ? Number{1} : *old + 1;
  };
  EXPECT_EQ(cache.update("k", nested)->value, 11);
}

LARDER_CONTRACT(rule_08_hooks_may_use_the_cache_case_190, kAnyEngine) {
  std::optional<Face<Number>> inside;
  bool within = false;
  const auto once = [&] {
    if (!inside || std::exchange(within, true)) return;
    use_everything(*inside);
    within = false;
  };
  const auto cache = t.open<Number>([&](CacheOptions<Number>& options) {
    options.hooks.pre_get = [&](std::string_view) { return once(), Verdict::allow(); };
    options.hooks.post_get = [&](std::string_view, const Number*, const HookOutcome&) { once(); };
    options.hooks.pre_set = [&](std::string_view, const Number*) {
      return once(), Verdict::allow();
    };
    options.hooks.post_set = [&](std::string_view, const Number*, const HookOutcome&) { once(); };
    options.hooks.pre_erase = [&](std::string_view) { return once(), Verdict::allow(); };
    options.hooks.post_erase = [&](std::string_view, const HookOutcome&) { once(); };
    options.hooks.on_removal = [&](std::string_view, RemovalCause) { once(); };
  });
  inside = cache;
  EXPECT_TRUE(succeeds(cache.set("k", 1)));
  EXPECT_TRUE(succeeds(cache.set("k", 2)));
  EXPECT_TRUE(succeeds(cache.get("k")));
  EXPECT_TRUE(succeeds(cache.get_or_set("l", [] { return Number{3}; })));
  EXPECT_TRUE(succeeds(cache.erase("k")));
  EXPECT_TRUE(succeeds(cache.clear()));
  inside.reset();
}

// Loads and updates of the same cache cannot hide in what the library calls with T at hand.
LARDER_CONTRACT(rule_08_extractors_and_weighers_may_use_the_cache, kAnyEngine) {
  std::optional<Face<Number>> inside;
  bool within = false;
  int calls = 0;
  const auto once = [&] {
    ++calls;
    if (!inside || std::exchange(within, true)) return;
    use_everything(*inside);
    within = false;
  };
  const auto cache = t.open<Number>([&](CacheOptions<Number>& options) {
    options.indexes = {index("parity", [&](Number value) {
      once();
      return std::string(value % 2 == 0 ? "even" : "odd");
    })};
    options.weigher = [&](std::string_view, const Number&) { return once(), std::size_t{8}; };
  });
  inside = cache;
  EXPECT_TRUE(succeeds(cache.set("k", 1)));
  EXPECT_TRUE(succeeds(cache.get_or_set("l", [] { return Number{2}; })));
  EXPECT_TRUE(succeeds(cache.update("k", [](const Number*) { return Number{4}; })));
  inside.reset();
  EXPECT_EQ(sorted(cache.get_by_index("parity", "even")), t.stores() ? (Texts{"k", "l"}) : Texts{});
  EXPECT_EQ(calls > 0, t.stores());
}

LARDER_CONTRACT(rule_08_the_sweep_predicate_may_use_the_cache_case_158, kStores | kInProcess) {
  std::optional<Face<Number>> inside;
  const auto cache = t.open<Number>([&](CacheOptions<Number>& options) {
    options.sweep_predicate = [&](std::string_view key, Number value) {
      EXPECT_TRUE(!inside || succeeds(inside->contains(key)));
      return value < 0;
    };
  });
  inside = cache;
  EXPECT_TRUE(succeeds(cache.set_many({{"a", 1}, {"b", -1}})));
  testing::maintain(cache.cache());
  EXPECT_EQ(sorted(cache.keys_by_pattern("*")), Texts{"a"});
  EXPECT_EQ(cache.stats().evicted, 1U);
  inside.reset();
}

// ---- T's own functions

// A value whose copies, destructor and wipe run a function of the test.
class Watched {
 public:
  using Act = std::function<void()>;
  explicit Watched(int number) : number_(number) {}
  Watched(const Watched& other) : number_(other.number_) {
    if (on_copy) on_copy();
  }
  Watched(Watched&& other) noexcept : number_(std::exchange(other.number_, 0)) {}
  Watched& operator=(Watched other) noexcept {
    std::swap(number_, other.number_);
    return *this;
  }
  ~Watched() {
    if (number_ != 0 && on_destroy) on_destroy();
  }
  friend void secure_wipe(Watched& value) noexcept {
    if (value.number_ != 0 && on_wipe) on_wipe();
  }
  [[nodiscard]] int number() const noexcept { return number_; }

  static inline Act on_copy;
  static inline Act on_destroy;
  static inline Act on_wipe;

 private:
  int number_;
};

// Calls back into the cache, but not from within such a call.
Watched::Act guarded(const Face<Watched>& cache, const Face<Number>& numbers) {
  return [&, busy = std::make_shared<bool>(false)] {
    if (std::exchange(*busy, true)) return;
    EXPECT_TRUE(succeeds(cache.contains("k")));
    EXPECT_TRUE(succeeds(cache.keys_by_pattern("*")));
    EXPECT_TRUE(succeeds(cache.touch("k", 1h)));
    EXPECT_TRUE(succeeds(numbers.increment("calls")));
    *busy = false;
  };
}

struct ForgetActs {
  ~ForgetActs() { Watched::on_copy = Watched::on_destroy = Watched::on_wipe = {}; }
};

LARDER_CONTRACT(rule_08_copies_and_destructors_may_use_the_cache, kStores | kNative) {
  const auto cache = t.open<Watched>();
  const auto numbers = t.open<Number>();
  const ForgetActs forget;
  Watched::on_copy = Watched::on_destroy = Watched::on_wipe = guarded(cache, numbers);
  EXPECT_TRUE(succeeds(cache.set("k", Watched(1))));
  EXPECT_EQ(cache.get("k")->number(), 1);
  EXPECT_EQ(cache.get_many({"k", "k"}).hits(), 2U);
  EXPECT_TRUE(succeeds(cache.set("k", Watched(2))));
  EXPECT_TRUE(succeeds(cache.update("k", [](const Watched*) { return Watched(3); })));
  EXPECT_EQ(cache.get_or_set("l", [] { return Watched(4); })->number(), 4);
  EXPECT_EQ(cache.take("k")->number(), 3);
  EXPECT_TRUE(succeeds(cache.set("k", Watched(5), 1ms)));
  t.advance(1ms);
  testing::maintain(cache.cache());
  EXPECT_TRUE(succeeds(cache.clear()));
  EXPECT_GT(*numbers.get("calls"), 0);
}

LARDER_CONTRACT(rule_08_evicted_values_may_use_the_cache, kStores | kNative | kBounded) {
  const auto cache = t.open<Watched>([](CacheOptions<Watched>& options) {
    options.settings.max_entries = 4;
    options.settings.on_full = OnFull::evict;
  });
  const auto numbers = t.open<Number>();
  const ForgetActs forget;
  Watched::on_destroy = Watched::on_wipe = guarded(cache, numbers);
  for (int i = 1; i <= 50; ++i) {
    EXPECT_TRUE(succeeds(cache.set("k" + std::to_string(i), Watched(i))));
  }
  EXPECT_LE(cache.stats().entries, 4U);
}

LARDER_CONTRACT(rule_08_wiped_values_may_use_the_cache, kStores | kNative) {
  const auto cache =
      t.open<Watched>([](CacheOptions<Watched>& options) { options.settings.secure_wipe = true; });
  const auto numbers = t.open<Number>();
  const ForgetActs forget;
  Watched::on_wipe = guarded(cache, numbers);
  EXPECT_TRUE(succeeds(cache.set("k", Watched(1))));
  EXPECT_TRUE(succeeds(cache.set("k", Watched(2))));
  EXPECT_TRUE(is(cache.erase("k"), true));
  testing::maintain(cache.cache());
  EXPECT_GT(cache.stats().stores, 0U);
}

// ---- user code that throws

// Throws when it is copied, if the test says so.
struct Fragile {
  explicit Fragile(int n) : number(n) {}
  Fragile(const Fragile& other) : number(other.number) {
    if (throws) throw std::runtime_error("no copy today");
  }
  Fragile(Fragile&&) noexcept = default;
  Fragile& operator=(Fragile&&) noexcept = default;
  int number;
  static inline thread_local bool throws = false;
};

LARDER_CONTRACT(rule_08_a_copy_that_throws_fails_the_call, kStores | kNative) {
  const auto cache = t.open<Fragile>();
  EXPECT_TRUE(succeeds(cache.set("k", Fragile(1))));
  Fragile::throws = true;
  const auto failed = cache.get("k");
  const auto entry = cache.get_entry("k");
  const auto many = cache.get_many({"none", "k"});
  const auto loaded = cache.get_or_set("k", [] { return Fragile(2); });
  const auto loaded_now = cache.get_or_set("new", [] { return Fragile(3); });
  const auto kept = cache.update("k", [](const Fragile*) -> Change<Fragile> { return keep; });
  const auto updated = cache.update("k", [](const Fragile*) { return Fragile(4); });
  Fragile::throws = false;
  ASSERT_TRUE(fails(failed, Errc::callback_failed));
  EXPECT_THROW(std::rethrow_exception(failed.error().exception()), std::runtime_error);
  EXPECT_TRUE(fails(entry, Errc::callback_failed));
  EXPECT_TRUE(many[0].miss());
  EXPECT_TRUE(fails(many[1], Errc::callback_failed));
  EXPECT_TRUE(fails(loaded, Errc::callback_failed));
  EXPECT_TRUE(fails(loaded_now, Errc::callback_failed));
  EXPECT_TRUE(fails(kept, Errc::callback_failed));
  EXPECT_EQ(kept.error().effect(), Effect::no);
  EXPECT_TRUE(fails(updated, Errc::callback_failed));
  EXPECT_EQ(updated.error().effect(), Effect::unknown);
  EXPECT_EQ(cache.get("k")->number, 4);
  EXPECT_EQ(cache.get("new")->number, 3);
  EXPECT_EQ((*cache.get_ref("k"))->number, 4);
}

LARDER_CONTRACT(rule_08_take_keeps_what_it_cannot_hand_over, kStores | kNative) {
  const auto cache = t.open<Fragile>();
  EXPECT_TRUE(succeeds(cache.set("k", Fragile(1))));
  Fragile::throws = true;
  const auto taken = cache.take("k");
  Fragile::throws = false;
  ASSERT_TRUE(fails(taken, Errc::callback_failed));
  // The value is either still there, or the error says that the effect is not known.
  if (taken.error().effect() == Effect::no) {
    EXPECT_EQ(cache.get("k")->number, 1);
  } else {
    EXPECT_TRUE(cache.get("k").miss());
  }
}

LARDER_CONTRACT(rule_08_move_only_values_are_cached, kStores | kNative) {
  const auto cache = t.open<std::unique_ptr<int>>();
  EXPECT_TRUE(succeeds(cache.set("k", std::make_unique<int>(7))));
  auto ref = cache.get_ref("k");
  ASSERT_TRUE(ref.hit());
  EXPECT_EQ(***ref, 7);
  EXPECT_EQ(***cache.get_or_set_ref("l", [] { return std::make_unique<int>(8); }), 8);
  EXPECT_TRUE(is(cache.set_if_present("k", std::make_unique<int>(9)), true));
  EXPECT_TRUE(is(cache.erase("k"), true));
  EXPECT_EQ(***ref, 7);
}

LARDER_CONTRACT(rule_08_extractors_that_throw_store_nothing, kStores) {
  bool broken = false;
  const auto cache = t.open<Number>([&](CacheOptions<Number>& options) {
    options.indexes = {index("sign", [&](Number value) {
      if (broken) throw std::runtime_error("no term");
      return std::string(value < 0 ? "negative" : "positive");
    })};
  });
  EXPECT_TRUE(succeeds(cache.set("k", 1)));
  broken = true;
  EXPECT_TRUE(fails(cache.set("k", -1), Errc::callback_failed));
  EXPECT_TRUE(fails(cache.set_many({{"k", -1}}), Errc::callback_failed));
  EXPECT_TRUE(fails(cache.set_if_absent("l", -1), Errc::callback_failed));
  EXPECT_TRUE(fails(cache.increment("k"), Errc::callback_failed));
  EXPECT_TRUE(
      fails(cache.update("k", [](const Number*) { return Number{-1}; }), Errc::callback_failed));
  EXPECT_TRUE(fails(cache.get_or_set("m", [] { return Number{1}; }), Errc::callback_failed));
  broken = false;
  EXPECT_EQ(sorted(cache.keys_by_pattern("*")), Texts{"k"});
  EXPECT_TRUE(is(cache.get("k"), 1));
  EXPECT_EQ(sorted(cache.get_by_index("sign", "positive")), Texts{"k"});
  EXPECT_EQ(sorted(cache.get_by_index("sign", "negative")), Texts{});
}

LARDER_CONTRACT(rule_08_weighers_that_throw_store_nothing, kStores | kBounded) {
  bool broken = false;
  const auto cache = t.open<Number>([&](CacheOptions<Number>& options) {
    options.settings.max_bytes = 1'000'000;
    options.weigher = [&](std::string_view, Number) -> std::size_t {
      if (broken) throw std::runtime_error("no weight");
      return 10;
    };
  });
  EXPECT_TRUE(succeeds(cache.set("k", 1)));
  broken = true;
  EXPECT_TRUE(fails(cache.set("k", 2), Errc::callback_failed));
  EXPECT_TRUE(fails(cache.get_or_set("l", [] { return Number{1}; }), Errc::callback_failed));
  broken = false;
  EXPECT_TRUE(is(cache.get("k"), 1));
  EXPECT_TRUE(is(cache.contains("l"), false));
}

LARDER_CONTRACT(rule_08_a_sweep_predicate_that_throws_removes_nothing, kStores) {
  const auto cache = t.open<Number>([](CacheOptions<Number>& options) {
    options.sweep_predicate = [](std::string_view, Number) -> bool {
      throw std::runtime_error("no opinion");
    };
  });
  EXPECT_TRUE(succeeds(cache.set("k", 1)));
  testing::maintain(cache.cache());
  EXPECT_TRUE(is(cache.get("k"), 1));
}

}  // namespace
}  // namespace larder::contract
