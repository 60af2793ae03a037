// Rule 2: times to live.
//
// Thread safety: tests.
#include "helpers.h"

namespace larder::contract {
namespace {

constexpr std::chrono::hours kCentury(24 * 365 * 100);

LARDER_CONTRACT(rule_02_an_entry_lives_exactly_its_time_case_014_028, kStores | kStillTime) {
  const auto cache = t.open();
  EXPECT_TRUE(succeeds(cache.set("k", "v", 100ms)));
  EXPECT_TRUE(is(cache.get("k"), "v"));
  t.advance(100ms - 1ns);
  EXPECT_TRUE(is(cache.get("k"), "v"));
  t.advance(1ns);
  EXPECT_TRUE(cache.get("k").miss());
}

// One rule in all operations: an entry whose expiry is now is not there.
LARDER_CONTRACT(rule_02_expired_is_absent_for_every_operation_case_019_026_027_063, kStores) {
  const auto cache = t.open<std::int64_t>();
  const auto renew = [&] {
    EXPECT_TRUE(succeeds(cache.set("k", 7, {100ms, {"tag"}})));
    EXPECT_TRUE(is(cache.add_index("i", "k", "term"), 1U));
    t.advance(100ms);
  };
  renew();
  EXPECT_TRUE(cache.get("k").miss());
  EXPECT_TRUE(cache.get_ref("k").miss());
  EXPECT_TRUE(cache.get_entry("k").miss());
  EXPECT_TRUE(cache.metadata("k").miss());
  EXPECT_TRUE(is(cache.contains("k"), false));
  EXPECT_EQ(cache.get_many({"k"}).hits(), 0U);
  EXPECT_EQ(cache.metadata_many({"k"}).hits(), 0U);
  EXPECT_EQ(sorted(cache.get_by_index("i", "term")), Texts{});
  EXPECT_TRUE(is(cache.count_by_index("i", "term"), 0U));
  EXPECT_EQ(cache.get_values_by_index("i", "term").size(), 0U);
  EXPECT_EQ(sorted(cache.keys_by_pattern("*")), Texts{});
  EXPECT_EQ(cache.scan("*", "", 10)->items, Texts{});
  EXPECT_EQ(cache.scan_index("i", "*", "", 10)->items, Texts{});
  EXPECT_TRUE(is(cache.erase_by_index("i", "term"), 0U));
  EXPECT_TRUE(is(cache.erase_by_tag("tag"), 0U));
  EXPECT_TRUE(is(cache.erase_by_pattern("*"), 0U));
  EXPECT_TRUE(is(cache.remove_index("i", "*", "term"), 0U));
  renew();
  EXPECT_TRUE(is(cache.erase("k"), false));
  renew();
  EXPECT_TRUE(is(cache.erase_many({"k"}), 0U));
  renew();
  EXPECT_TRUE(cache.take("k").miss());
  renew();
  EXPECT_TRUE(is(cache.touch("k", 1h), false));
  EXPECT_TRUE(is(cache.set_tags("k", {"x"}), false));
  EXPECT_TRUE(is(cache.rename("k", "other"), false));
  EXPECT_TRUE(is(cache.set_if_present("k", 8), false));
  EXPECT_TRUE(is(cache.add_index("i", "k", "again"), 0U));
  EXPECT_TRUE(is(cache.increment("k", 10), 10));
  renew();
  EXPECT_TRUE(is(cache.compare_and_set("k", Version::absent(), 9), true));
  renew();
  const auto seen = cache.update("k", [](const std::int64_t* old) { return old ? 1 : 2; });
  EXPECT_EQ(seen->value, 2);
  renew();
  EXPECT_TRUE(is(cache.get_or_set("k", [] { return std::int64_t{3}; }), 3));
  renew();
  EXPECT_TRUE(is(cache.set_if_absent("k", 4), true));
  EXPECT_TRUE(is(cache.get("k"), 4));
}

// What each operation that takes a time to live says to a wrong one.
LARDER_CONTRACT(rule_02_zero_negative_and_huge_ttls_are_refused_case_016_017, kAnyEngine) {
  const auto cache = t.open<std::int64_t>();
  EXPECT_TRUE(succeeds(cache.set("k", 1)));
  for (const Ttl bad : {Ttl(0s), Ttl(-1ns), Ttl(-1h), Ttl(kCentury + 1ns), Ttl(10 * kCentury),
                        Ttl(std::chrono::hours::max()), Ttl(std::chrono::hours::min()),
                        Ttl(std::chrono::nanoseconds::min())}) {
    const auto load = [] { return std::int64_t{1}; };
    const auto load_many = [](std::span<const std::string_view> missing) {
      return std::vector<std::int64_t>(missing.size());
    };
    EXPECT_TRUE(fails(cache.set("k", 2, bad), Errc::invalid_ttl));
    EXPECT_TRUE(fails(cache.set_many({{"k", 2}, {"l", 2}}, bad), Errc::invalid_ttl));
    EXPECT_TRUE(fails(cache.set_if_absent("l", 2, bad), Errc::invalid_ttl));
    EXPECT_TRUE(fails(cache.set_if_present("k", 2, bad), Errc::invalid_ttl));
    EXPECT_TRUE(fails(cache.compare_and_set("l", Version::absent(), 2, bad), Errc::invalid_ttl));
    EXPECT_TRUE(fails(cache.increment("l", 2, bad), Errc::invalid_ttl));
    EXPECT_TRUE(fails(cache.decrement("l", 2, bad), Errc::invalid_ttl));
    EXPECT_TRUE(fails(cache.touch("k", bad), Errc::invalid_ttl));
    EXPECT_TRUE(fails(cache.get_or_set("l", load, bad), Errc::invalid_ttl));
    EXPECT_TRUE(fails(cache.get_or_set_ref("l", load, bad), Errc::invalid_ttl));
    EXPECT_TRUE(fails(cache.get_or_set_many({"l"}, load_many, bad), Errc::invalid_ttl));
    const auto store = [](const std::int64_t*) { return std::int64_t{2}; };
    EXPECT_TRUE(fails(cache.update("k", store, bad), Errc::invalid_ttl));
  }
  EXPECT_EQ(cache.get("k").value_or(0), t.stores() ? 1 : 0);
  EXPECT_TRUE(is(cache.contains("l"), false));
}

LARDER_CONTRACT(rule_02_a_loaded_value_may_not_bring_a_wrong_ttl, kAnyEngine) {
  const auto cache = t.open();
  const auto load = [] { return Loaded<std::string>{.value = "v", .ttl = Ttl(0s)}; };
  EXPECT_TRUE(fails(cache.get_or_set("k", load), Errc::invalid_ttl));
  EXPECT_TRUE(is(cache.contains("k"), false));
}

LARDER_CONTRACT(rule_02_an_updater_may_not_answer_a_wrong_ttl, kAnyEngine) {
  const auto cache = t.open();
  EXPECT_TRUE(succeeds(cache.set("k", "old")));
  for (const Ttl bad : {Ttl(0s), Ttl(-1s), Ttl(kCentury + 1ms)}) {
    const auto store_it = [&](const std::string*) -> Change<std::string> {
      return store(std::string("new"), bad);
    };
    EXPECT_TRUE(fails(cache.update("k", store_it), Errc::invalid_ttl));
  }
  const auto wrong_tag = [&](const std::string*) -> Change<std::string> {
    return store(std::string("new"), {1h, {""}});
  };
  EXPECT_TRUE(fails(cache.update("k", wrong_tag), Errc::invalid_argument));
  EXPECT_EQ(cache.get("k").value_or("none"), t.stores() ? "old" : "none");
}

LARDER_CONTRACT(rule_02_a_century_is_accepted, kStores) {
  const auto cache = t.open();
  EXPECT_TRUE(succeeds(cache.set("k", "v", kCentury)));
  EXPECT_TRUE(succeeds(cache.set("forever", "v", Ttl::forever())));
  t.advance(kCentury - 1h);
  EXPECT_TRUE(is(cache.get("k"), "v"));
  t.advance(1h);
  EXPECT_TRUE(cache.get("k").miss());
  EXPECT_TRUE(is(cache.get("forever"), "v"));
}

LARDER_CONTRACT(rule_02_less_than_a_millisecond_rounds_up, kStores | kStillTime) {
  const auto cache = t.open();
  EXPECT_TRUE(succeeds(cache.set("short", "v", 1ns)));
  EXPECT_TRUE(succeeds(cache.set("longer", "v", 1ms + 1ns)));
  t.advance(1ms - 1ns);
  EXPECT_TRUE(is(cache.contains("short"), true));
  t.advance(1ns);
  EXPECT_TRUE(is(cache.contains("short"), false));
  EXPECT_TRUE(is(cache.contains("longer"), true));
  t.advance(1ms);
  EXPECT_TRUE(is(cache.contains("longer"), false));
}

LARDER_CONTRACT(rule_02_without_a_default_it_is_seven_days_case_001_016, kStores) {
  const auto cache = t.open();
  EXPECT_TRUE(succeeds(cache.set("k", "v")));
  EXPECT_TRUE(succeeds(cache.set("l", "v", Ttl::standard())));
  EXPECT_TRUE(succeeds(cache.set("keep", "v", Ttl::keep())));
  const Lookup<EntryMetadata> metadata = cache.metadata("k");
  EXPECT_EQ(metadata->expires_at, metadata->created_at + 24h * 7);
  t.advance(24h * 7 - 1ms);
  EXPECT_EQ(cache.get_many({"k", "l", "keep"}).hits(), 3U);
  t.advance(1ms);
  EXPECT_EQ(cache.get_many({"k", "l", "keep"}).hits(), 0U);
}

LARDER_CONTRACT(rule_02_the_default_is_the_caches_own, kStores) {
  const auto cache = t.open<std::int64_t>(
      [](CacheOptions<std::int64_t>& options) { options.settings.default_ttl = 1min; });
  EXPECT_TRUE(succeeds(cache.set("set", 1)));
  EXPECT_TRUE(succeeds(cache.set_many({{"set_many", 1}})));
  EXPECT_TRUE(is(cache.set_if_absent("set_if_absent", 1), true));
  EXPECT_TRUE(is(cache.increment("increment"), 1));
  EXPECT_TRUE(is(cache.get_or_set("load", [] { return std::int64_t{1}; }), 1));
  EXPECT_TRUE(succeeds(cache.update("update", [](const std::int64_t*) { return 1; })));
  const Texts keys = {"set", "set_many", "set_if_absent", "increment", "load", "update"};
  for (const std::string& key : keys) {
    const auto entry = cache.metadata(key);
    ASSERT_TRUE(entry.hit()) << key;
    EXPECT_EQ(entry->expires_at, entry->created_at + 1min) << key;
  }
}

LARDER_CONTRACT(rule_02_the_remaining_time_is_reported_case_018, kStores) {
  const auto cache = t.open();
  EXPECT_TRUE(succeeds(cache.set("k", "v", 10s)));
  const auto before = cache.metadata("k");
  EXPECT_EQ(before->expires_at, before->created_at + 10s);
  t.advance(4s);
  EXPECT_EQ(cache.metadata("k")->expires_at, before->expires_at);
  EXPECT_EQ(cache.get_entry("k")->expires_at, before->expires_at);
  EXPECT_TRUE(succeeds(cache.set("f", "v", Ttl::forever())));
  EXPECT_FALSE(cache.metadata("f")->expires_at.has_value());
  EXPECT_FALSE(cache.get_entry("f")->expires_at.has_value());
}

LARDER_CONTRACT(rule_02_keep_leaves_what_is_left, kStores) {
  const auto cache = t.open();
  const auto expiry = [&] { return cache.get_entry("k")->expires_at; };
  EXPECT_TRUE(succeeds(cache.set("k", "v", 10s)));
  const auto first = expiry();
  t.advance(4s);
  EXPECT_TRUE(succeeds(cache.set("k", "w", Ttl::keep())));
  EXPECT_EQ(expiry(), first);
  EXPECT_TRUE(succeeds(cache.update("k", [](const std::string*) { return "x"; })));
  EXPECT_EQ(expiry(), first);
  EXPECT_TRUE(is(cache.compare_and_set("k", cache.get_entry("k")->version, "y"), true));
  EXPECT_EQ(expiry(), first);
  EXPECT_TRUE(is(cache.touch("k", Ttl::keep()), true));
  EXPECT_EQ(expiry(), first);
  EXPECT_TRUE(succeeds(cache.set("k", "z", 20s)));
  EXPECT_EQ(expiry(), *first + 14s);
  t.advance(20s);
  EXPECT_TRUE(cache.get("k").miss());
}

LARDER_CONTRACT(rule_02_touch_changes_the_expiry_alone_case_081, kStores) {
  const auto cache = t.open();
  EXPECT_TRUE(succeeds(cache.set("k", "v", {1s, {"tag"}})));
  const auto before = cache.metadata("k");
  t.advance(500ms);
  EXPECT_TRUE(is(cache.touch("k", 1min), true));
  const auto after = cache.metadata("k");
  EXPECT_EQ(after->created_at, before->created_at);
  EXPECT_EQ(after->tags, before->tags);
  EXPECT_EQ(after->expires_at, before->created_at + 500ms + 1min);
  EXPECT_TRUE(is(cache.touch("k", Ttl::forever()), true));
  EXPECT_FALSE(cache.metadata("k")->expires_at.has_value());
  EXPECT_TRUE(is(cache.touch("k", 1ms), true));
  t.advance(1ms);
  EXPECT_TRUE(cache.get("k").miss());
  EXPECT_TRUE(is(cache.touch("k", 1h), false));
}

// A wheel that files entries by distance must not lose one at any distance.
LARDER_CONTRACT(rule_02_every_distance_expires_in_time, kStores) {
  const auto cache = t.open<std::int64_t>();
  std::vector<std::pair<std::string, std::chrono::milliseconds>> entries;
  for (int bit = 0; bit < 36; ++bit) {
    for (const int off : {-1, 0, 1}) {
      const std::chrono::milliseconds ttl((std::int64_t{1} << bit) + off);
      if (ttl.count() > 0) entries.emplace_back("k" + std::to_string(ttl.count()), ttl);
    }
  }
  for (const auto& [key, ttl] : entries) EXPECT_TRUE(succeeds(cache.set(key, 1, ttl)));
  std::ranges::sort(entries, {}, [](const auto& entry) { return entry.second; });
  std::chrono::milliseconds now{0};
  for (const auto& [key, ttl] : entries) {
    if (ttl - 1ms > now) t.advance(ttl - 1ms - std::exchange(now, ttl - 1ms));
    testing::maintain(cache.cache());
    if (now < ttl) {
      EXPECT_TRUE(is(cache.contains(key), true)) << key;
      t.advance(ttl - std::exchange(now, ttl));
    }
    EXPECT_TRUE(is(cache.contains(key), false)) << key;
  }
  testing::maintain(cache.cache());
  EXPECT_EQ(cache.stats().entries, 0U);
}

LARDER_CONTRACT(rule_02_the_wall_clock_does_not_expire_anything,
                kStores | kPlainOptions | kInProcess) {
  const auto clock = std::make_shared<testing::ManualClock>();
  const auto cache = t.open([&](CacheOptions<std::string>& options) { options.clock = clock; });
  EXPECT_TRUE(succeeds(cache.set("k", "v", 1h)));
  clock->set_wall(std::chrono::system_clock::time_point(std::chrono::hours(24 * 365 * 90)));
  EXPECT_TRUE(is(cache.get("k"), "v"));
  clock->set_wall(std::chrono::system_clock::time_point(1h));
  clock->advance(1h);
  EXPECT_TRUE(cache.get("k").miss());
}

}  // namespace
}  // namespace larder::contract
