// Rule 12: clear.
//
// Thread safety: tests.
#include "helpers.h"

namespace larder::contract {
namespace {

using Number = std::int64_t;

LARDER_CONTRACT(rule_12_what_lives_is_gone_case_008_009, kStores) {
  const auto cache = t.open<Number>();
  EXPECT_TRUE(succeeds(cache.clear()));
  for (int i = 0; i < 500; ++i) EXPECT_TRUE(succeeds(cache.set("k" + std::to_string(i), i)));
  EXPECT_TRUE(succeeds(cache.set("expired", 1, 1ms)));
  t.advance(1ms);
  EXPECT_TRUE(succeeds(cache.clear()));
  EXPECT_EQ(sorted(cache.keys_by_pattern("*")), Texts{});
  for (int i = 0; i < 500; ++i) EXPECT_TRUE(cache.get("k" + std::to_string(i)).miss());
  EXPECT_EQ(cache.stats().cleared, 500U);
  EXPECT_TRUE(succeeds(cache.set("expired", 1, 1ms)));
  t.advance(1ms);
  EXPECT_TRUE(succeeds(cache.clear()));
  EXPECT_TRUE(succeeds(cache.set("k1", 1)));
  EXPECT_TRUE(is(cache.get("k1"), 1));
}

LARDER_CONTRACT(rule_12_other_caches_are_untouched_case_214, kStores) {
  const auto one = t.open<Number>();
  const auto two = t.open<Number>();
  EXPECT_TRUE(succeeds(one.set("k", 1)));
  EXPECT_TRUE(succeeds(two.set("k", 2)));
  EXPECT_TRUE(succeeds(one.clear()));
  EXPECT_TRUE(one.get("k").miss());
  EXPECT_TRUE(is(two.get("k"), 2));
}

LARDER_CONTRACT(rule_12_loads_begun_before_never_publish, kStores) {
  const auto cache = t.open<Number>();
  BlockedLoad<Number> a(cache, "a", 1);
  BlockedLoad<Number> b(cache, "b", 2);
  EXPECT_TRUE(succeeds(cache.clear()));
  EXPECT_TRUE(is(a.finish(), 1));
  EXPECT_TRUE(is(b.finish(), 2));
  EXPECT_EQ(sorted(cache.keys_by_pattern("*")), Texts{});
}

// Writers set rising numbers; whoever sees a number after clear must see one set after it began.
LARDER_CONTRACT(rule_12_nothing_older_than_the_clear_survives, kStores | kPlainOptions) {
  const auto cache = t.open<Number>();
  for (int round = 0; round < 50; ++round) {
    std::atomic<Number> written{0};
    std::atomic<bool> over{false};
    std::jthread writer([&] {
      for (Number i = 1; !over && i < 1'000'000; ++i) {
        EXPECT_TRUE(succeeds(cache.set("k", i)));
        written = i;
      }
    });
    wait_until([&] { return written > 10; }, "the writer");
    const Number before = written;
    EXPECT_TRUE(succeeds(cache.clear()));
    const auto left = cache.get("k");
    EXPECT_TRUE(left.miss() || *left > before);
    over = true;
  }
}

LARDER_CONTRACT(rule_12_clear_is_told_once_per_entry_case_151, kStores) {
  std::map<std::string, int> told;
  const auto cache = t.open<Number>([&](CacheOptions<Number>& options) {
    options.hooks.on_removal = [&](std::string_view key, RemovalCause cause) {
      EXPECT_EQ(cause, RemovalCause::cleared);
      ++told[std::string(key)];
    };
  });
  EXPECT_TRUE(succeeds(cache.set_many({{"a", 1}, {"b", 2}})));
  EXPECT_TRUE(succeeds(cache.clear()));
  EXPECT_EQ(told, (std::map<std::string, int>{{"a", 1}, {"b", 1}}));
  EXPECT_EQ(cache.stats().cleared, 2U);
}

}  // namespace
}  // namespace larder::contract
