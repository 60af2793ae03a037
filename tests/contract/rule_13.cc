// Rule 13: capacity.
//
// Thread safety: tests.
#include "helpers.h"

namespace larder::contract {
namespace {

using Number = std::int64_t;

Face<Number> open_small(Fixture& t, std::size_t entries, OnFull on_full) {
  return t.open<Number>([=](CacheOptions<Number>& options) {
    options.settings.max_entries = entries;
    options.settings.on_full = on_full;
  });
}

/// Every entry weighs what its value says.
Face<Number> open_weighed(Fixture& t, std::size_t bytes, OnFull on_full) {
  return t.open<Number>([=](CacheOptions<Number>& options) {
    options.settings.max_bytes = bytes;
    options.settings.on_full = on_full;
    options.weigher = [](std::string_view, Number value) {
      return static_cast<std::size_t>(value);
    };
  });
}

LARDER_CONTRACT(rule_13_never_more_than_the_limit_lives, kStores | kBounded) {
  for (const std::size_t limit : {1U, 2U, 3U, 7U, 64U}) {
    const auto cache = open_small(t, limit, OnFull::evict);
    for (int i = 0; i < 300; ++i) {
      const std::string key = "k" + std::to_string(i);
      EXPECT_TRUE(succeeds(cache.set(key, i)));
      EXPECT_TRUE(is(cache.get(key), i)) << "readable until a later insertion, limit " << limit;
      EXPECT_LE(cache.stats().entries, limit);
    }
    EXPECT_LE(sorted(cache.keys_by_pattern("*")).size(), limit);
    const Stats stats = cache.stats();
    EXPECT_EQ(stats.evicted + stats.entries, 300U);
  }
}

LARDER_CONTRACT(rule_13_batches_keep_the_limit, kStores | kBounded) {
  const auto cache = open_small(t, 5, OnFull::evict);
  std::vector<std::pair<std::string, Number>> items;
  for (int i = 0; i < 40; ++i) items.emplace_back("k" + std::to_string(i), i);
  EXPECT_TRUE(succeeds(cache.set_many(items)));
  EXPECT_LE(sorted(cache.keys_by_pattern("*")).size(), 5U);
  EXPECT_TRUE(is(cache.get("k39"), 39));
}

LARDER_CONTRACT(rule_13_many_threads_keep_the_limit, kStores | kBounded | kPlainOptions) {
  const auto cache = open_small(t, 10, OnFull::evict);
  in_parallel(4, [&](int worker) {
    for (int i = 0; i < 500; ++i) {
      const std::string key = std::to_string(worker) + ":" + std::to_string(i % 50);
      EXPECT_TRUE(succeeds(cache.set(key, i)));
      EXPECT_LE(cache.keys_by_pattern("*")->size(), 10U);
    }
  });
  EXPECT_LE(cache.stats().entries, 10U);
}

LARDER_CONTRACT(rule_13_reject_keeps_what_is_there_case_137, kStores | kBounded) {
  const auto cache = open_small(t, 2, OnFull::reject);
  EXPECT_TRUE(succeeds(cache.set("a", 1)));
  EXPECT_TRUE(succeeds(cache.set("b", 2)));
  EXPECT_TRUE(fails(cache.set("c", 3), Errc::cache_full));
  EXPECT_TRUE(is(cache.get("a"), 1));
  EXPECT_TRUE(is(cache.get("b"), 2));
  EXPECT_TRUE(cache.get("c").miss());
  EXPECT_EQ(cache.stats().rejected, 1U);
  EXPECT_EQ(cache.stats().evicted, 0U);
  EXPECT_TRUE(is(cache.erase("a"), true));
  EXPECT_TRUE(succeeds(cache.set("c", 3)));
}

LARDER_CONTRACT(rule_13_every_creation_can_be_rejected_case_102_141, kStores | kBounded) {
  const auto cache = open_small(t, 1, OnFull::reject);
  EXPECT_TRUE(succeeds(cache.set("a", 1)));
  EXPECT_TRUE(fails(cache.set_if_absent("b", 1), Errc::cache_full));
  EXPECT_TRUE(fails(cache.compare_and_set("b", Version::absent(), 1), Errc::cache_full));
  EXPECT_TRUE(fails(cache.increment("b"), Errc::cache_full));
  EXPECT_TRUE(fails(cache.decrement("b"), Errc::cache_full));
  EXPECT_TRUE(fails(cache.update("b", [](const Number*) { return Number{1}; }), Errc::cache_full));
  EXPECT_TRUE(fails(cache.set_many({{"b", 1}}), Errc::cache_full));
  EXPECT_EQ(sorted(cache.keys_by_pattern("*")), Texts{"a"});
  EXPECT_TRUE(is(cache.set_if_absent("a", 9), false));
}

LARDER_CONTRACT(rule_13_a_full_cache_says_so_to_loads, kStores | kBounded) {
  const auto cache = open_small(t, 1, OnFull::reject);
  EXPECT_TRUE(succeeds(cache.set("a", 1)));
  const auto loaded = cache.get_or_set("b", [] { return Number{2}; });
  EXPECT_TRUE(fails(loaded, Errc::cache_full));
  EXPECT_TRUE(cache.get("b").miss());
  EXPECT_TRUE(is(cache.get("a"), 1));
}

LARDER_CONTRACT(rule_13_an_overwrite_needs_no_slot_case_103, kStores | kBounded) {
  const auto cache = open_small(t, 2, OnFull::reject);
  EXPECT_TRUE(succeeds(cache.set("a", 1)));
  EXPECT_TRUE(succeeds(cache.set("b", 1)));
  EXPECT_TRUE(succeeds(cache.set("a", 2)));
  EXPECT_TRUE(is(cache.set_if_present("a", 3), true));
  EXPECT_TRUE(is(cache.compare_and_set("a", cache.get_entry("a")->version, 4), true));
  EXPECT_TRUE(is(cache.increment("a"), 5));
  EXPECT_TRUE(succeeds(cache.update("a", [](const Number* old) { return *old + 1; })));
  EXPECT_TRUE(succeeds(cache.set_many({{"a", 7}, {"b", 8}})));
  EXPECT_TRUE(is(cache.touch("a", 1h), true));
  EXPECT_TRUE(is(cache.set_tags("a", {"x"}), true));
  EXPECT_TRUE(is(cache.rename("a", "c"), true));
  EXPECT_TRUE(is(cache.rename("c", "b"), true));
  EXPECT_TRUE(is(cache.get("b"), 7));
}

LARDER_CONTRACT(rule_13_a_batch_is_stored_wholly_or_not_at_all_case_068, kStores | kBounded) {
  const auto cache = open_small(t, 2, OnFull::reject);
  EXPECT_TRUE(succeeds(cache.set("a", 1)));
  const auto refused = cache.set_many({{"a", 9}, {"b", 2}, {"c", 3}});
  EXPECT_TRUE(fails(refused, Errc::cache_full));
  ASSERT_EQ(refused.size(), 3U);
  EXPECT_TRUE(fails(refused[0], Errc::cache_full));
  EXPECT_TRUE(is(cache.get("a"), 1));
  EXPECT_EQ(sorted(cache.keys_by_pattern("*")), Texts{"a"});
  EXPECT_TRUE(succeeds(cache.set_many({{"a", 9}, {"b", 2}})));
  EXPECT_TRUE(succeeds(cache.set_many({{"b", 3}, {"b", 4}})));
  EXPECT_TRUE(is(cache.get("b"), 4));
}

LARDER_CONTRACT(rule_13_too_large_keeps_the_old_entry_case_069_138, kStores | kBounded) {
  for (const OnFull on_full : {OnFull::evict, OnFull::reject}) {
    const auto cache = open_weighed(t, 100, on_full);
    EXPECT_TRUE(fails(cache.set("k", 101), Errc::too_large));
    EXPECT_TRUE(cache.get("k").miss());
    EXPECT_TRUE(succeeds(cache.set("k", 50)));
    EXPECT_TRUE(fails(cache.set("k", 150), Errc::too_large));
    EXPECT_TRUE(fails(cache.set_many({{"k", 150}}), Errc::too_large));
    EXPECT_TRUE(fails(cache.set_if_present("k", 150), Errc::too_large));
    EXPECT_TRUE(fails(cache.increment("k", 100), Errc::too_large));
    EXPECT_TRUE(
        fails(cache.update("k", [](const Number*) { return Number{101}; }), Errc::too_large));
    EXPECT_TRUE(fails(cache.get_or_set("l", [] { return Number{101}; }), Errc::too_large));
    EXPECT_TRUE(is(cache.get("k"), 50));
    EXPECT_TRUE(succeeds(cache.set("k", 100)));
    EXPECT_EQ(cache.stats().bytes, 100U);
  }
}

LARDER_CONTRACT(rule_13_growth_in_bytes_counts_case_234, kStores | kBounded) {
  const auto rejecting = open_weighed(t, 100, OnFull::reject);
  EXPECT_TRUE(succeeds(rejecting.set("a", 60)));
  EXPECT_TRUE(succeeds(rejecting.set("b", 40)));
  EXPECT_TRUE(fails(rejecting.set("b", 41), Errc::cache_full));
  EXPECT_TRUE(fails(rejecting.increment("b"), Errc::cache_full));
  EXPECT_TRUE(is(rejecting.get("b"), 40));
  EXPECT_TRUE(succeeds(rejecting.set("a", 59)));
  EXPECT_TRUE(is(rejecting.increment("b"), 41));
  EXPECT_EQ(rejecting.stats().bytes, 100U);
  const auto evicting = open_weighed(t, 100, OnFull::evict);
  for (int i = 0; i < 20; ++i) {
    EXPECT_TRUE(succeeds(evicting.set("k" + std::to_string(i), 30 + i)));
    EXPECT_TRUE(is(evicting.get("k" + std::to_string(i)), 30 + i));
    EXPECT_LE(evicting.stats().bytes, 100U);
  }
  EXPECT_TRUE(succeeds(evicting.set("k19", 100)));
  EXPECT_EQ(sorted(evicting.keys_by_pattern("*")), Texts{"k19"});
}

LARDER_CONTRACT(rule_13_the_gauges_follow_case_234, kStores | kInProcess) {
  const auto cache = t.open<Number>();
  EXPECT_EQ(cache.stats().entries, 0U);
  EXPECT_EQ(cache.stats().bytes, 0U);
  EXPECT_TRUE(succeeds(cache.set("a", 1)));
  const auto one = cache.stats().bytes;
  EXPECT_GT(one, 0U);
  EXPECT_TRUE(succeeds(cache.set("b", 1)));
  EXPECT_EQ(cache.stats().entries, 2U);
  EXPECT_EQ(cache.stats().bytes, 2 * one);
  EXPECT_TRUE(succeeds(cache.set("b", 2)));
  EXPECT_EQ(cache.stats().bytes, 2 * one);
  EXPECT_TRUE(is(cache.erase("a"), true));
  EXPECT_EQ(cache.stats().bytes, one);
  EXPECT_TRUE(is(cache.touch("b", 1ms), true));
  t.advance(1ms);
  testing::maintain(cache.cache());
  EXPECT_EQ(cache.stats().entries, 0U);
  EXPECT_TRUE(succeeds(cache.set("c", 1)));
  EXPECT_TRUE(succeeds(cache.clear()));
  EXPECT_EQ(cache.stats().entries, 0U);
  EXPECT_EQ(cache.stats().bytes, 0U);
}

LARDER_CONTRACT(rule_13_expired_entries_hold_no_room_case_139, kStores | kBounded) {
  const auto cache = open_small(t, 2, OnFull::reject);
  EXPECT_TRUE(succeeds(cache.set_many({{"a", 1}, {"b", 1}}, 100ms)));
  EXPECT_TRUE(fails(cache.set("c", 1), Errc::cache_full));
  t.advance(100ms);
  EXPECT_TRUE(succeeds(cache.set("c", 1)));
  EXPECT_TRUE(succeeds(cache.set_many({{"d", 1}})));
  EXPECT_TRUE(is(cache.get("c"), 1));
  const auto evicting = open_small(t, 2, OnFull::evict);
  EXPECT_TRUE(succeeds(evicting.set("stays", 1)));
  EXPECT_TRUE(succeeds(evicting.set("goes", 1, 1ms)));
  t.advance(1ms);
  EXPECT_TRUE(succeeds(evicting.set("new", 1)));
  EXPECT_TRUE(is(evicting.get("stays"), 1));
  EXPECT_TRUE(is(evicting.get("new"), 1));
}

LARDER_CONTRACT(rule_13_limits_change_at_run_time, kStores | kBounded) {
  const auto cache = open_small(t, 100, OnFull::evict);
  for (int i = 0; i < 100; ++i) EXPECT_TRUE(succeeds(cache.set("k" + std::to_string(i), i)));
  EXPECT_TRUE(succeeds(cache.resize(10, CacheSettings::kUnlimited)));
  EXPECT_LE(cache.stats().entries, 10U);
  EXPECT_LE(sorted(cache.keys_by_pattern("*")).size(), 10U);
  EXPECT_TRUE(succeeds(cache.set("new", 1)));
  EXPECT_TRUE(is(cache.get("new"), 1));
  EXPECT_LE(cache.stats().entries, 10U);
  EXPECT_TRUE(succeeds(cache.resize(50, CacheSettings::kUnlimited)));
  for (int i = 0; i < 100; ++i) EXPECT_TRUE(succeeds(cache.set("k" + std::to_string(i), i)));
  EXPECT_GT(cache.stats().entries, 10U);
  EXPECT_LE(cache.stats().entries, 50U);
}

LARDER_CONTRACT(rule_13_the_byte_limit_changes_at_run_time, kStores | kBounded) {
  const auto cache = open_weighed(t, 1'000, OnFull::evict);
  for (int i = 0; i < 10; ++i) EXPECT_TRUE(succeeds(cache.set("k" + std::to_string(i), 100)));
  EXPECT_EQ(cache.stats().bytes, 1'000U);
  EXPECT_TRUE(succeeds(cache.resize(1'000, 250)));
  EXPECT_LE(cache.stats().bytes, 250U);
  EXPECT_TRUE(fails(cache.set("big", 251), Errc::too_large));
  EXPECT_TRUE(succeeds(cache.set("fits", 250)));
  EXPECT_TRUE(is(cache.get("fits"), 250));
}

LARDER_CONTRACT(rule_13_pinned_values_are_reported, kStores | kNative) {
  const auto cache = t.open();
  EXPECT_TRUE(succeeds(cache.set("k", std::string(10'000, 'x'))));
  auto ref = cache.get_ref("k");
  EXPECT_EQ(cache.stats().pinned_bytes, 0U);
  EXPECT_TRUE(is(cache.erase("k"), true));
  testing::maintain(cache.cache());
  EXPECT_GT(cache.stats().pinned_bytes, 0U);
  EXPECT_EQ((*ref)->size(), 10'000U);
  (*ref).reset();
  EXPECT_EQ(cache.stats().pinned_bytes, 0U);
}

LARDER_CONTRACT(rule_13_a_ref_outlives_cache_and_manager, kStores | kNative) {
  Ref<std::string> ref;
  {
    Manager manager;
    auto cache = manager.open<std::string>("short", t.options<std::string>()).value();
    EXPECT_TRUE(succeeds(cache.set("k", "still here, and long enough to own memory")));
    ref = *cache.get_ref("k");
    EXPECT_TRUE(succeeds(cache.close()));
  }
  std::jthread([moved = std::move(ref)] {
    EXPECT_EQ(*moved, "still here, and long enough to own memory");
  }).join();
}

LARDER_CONTRACT(rule_13_without_a_store_there_is_always_room, kStoresNothing) {
  const auto cache = open_small(t, 1, OnFull::reject);
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(succeeds(cache.set("k" + std::to_string(i), i)));
  EXPECT_TRUE(succeeds(cache.resize(1, 1)));
  EXPECT_EQ(cache.stats().entries, 0U);
}

}  // namespace
}  // namespace larder::contract
