// Rule 9: counters.
//
// Thread safety: tests.
#include <limits>

#include "helpers.h"

namespace larder::contract {
namespace {

using Number = std::int64_t;

LARDER_CONTRACT(rule_09_absent_counts_as_zero_case_086_087, kAnyEngine) {
  const auto cache = t.open<Number>();
  EXPECT_TRUE(is(cache.decrement("a", 10), -10));
  EXPECT_TRUE(is(cache.increment("b", 0), 0));
  EXPECT_TRUE(is(cache.increment("c", -5), -5));
  EXPECT_TRUE(is(cache.decrement("d", -5), 5));
  EXPECT_TRUE(is(cache.increment("e"), 1));
  EXPECT_TRUE(is(cache.contains("a"), t.stores()));
}

LARDER_CONTRACT(rule_09_counters_and_values_are_one, kStores) {
  const auto cache = t.open<Number>();
  EXPECT_TRUE(succeeds(cache.set("k", 5)));
  EXPECT_TRUE(is(cache.increment("k", 37), 42));
  EXPECT_TRUE(is(cache.get("k"), 42));
  EXPECT_TRUE(is(cache.decrement("k", 2), 40));
  EXPECT_EQ(cache.update("k", [](const Number* old) { return *old * 2; })->value, 80);
  EXPECT_TRUE(is(cache.increment("k"), 81));
}

template <class N>
void check_range(Fixture& t) {
  using Limits = std::numeric_limits<N>;
  const auto cache = t.open<N>();
  const auto max = Limits::max();
  const auto min = Limits::min();
  EXPECT_TRUE(succeeds(cache.set("max", static_cast<N>(max - 10))));
  EXPECT_TRUE(is(cache.increment("max", 5), static_cast<N>(max - 5)));
  EXPECT_TRUE(is(cache.increment("max", 5), max));
  EXPECT_TRUE(fails(cache.increment("max", 1), Errc::out_of_range));
  EXPECT_TRUE(
      fails(cache.increment("max", std::numeric_limits<std::uint64_t>::max()), Errc::out_of_range));
  EXPECT_TRUE(
      fails(cache.decrement("max", std::numeric_limits<std::int64_t>::min()), Errc::out_of_range));
  EXPECT_TRUE(is(cache.get("max"), max));
  EXPECT_TRUE(succeeds(cache.set("min", static_cast<N>(min + 10))));
  EXPECT_TRUE(is(cache.decrement("min", 5), static_cast<N>(min + 5)));
  EXPECT_TRUE(is(cache.increment("min", -5), min));
  EXPECT_TRUE(fails(cache.decrement("min", 1), Errc::out_of_range));
  EXPECT_TRUE(fails(cache.increment("min", -1), Errc::out_of_range));
  EXPECT_TRUE(is(cache.get("min"), min));
  EXPECT_EQ(cache.increment("none", std::numeric_limits<std::uint64_t>::max()).ok(),
            std::numeric_limits<std::uint64_t>::max() <= static_cast<std::uint64_t>(max));
}

LARDER_CONTRACT(rule_09_the_range_of_the_type_is_kept_case_088_089, kStores) {
  check_range<std::int64_t>(t);
  check_range<std::uint64_t>(t);
  check_range<std::int8_t>(t);
  check_range<std::uint16_t>(t);
}

LARDER_CONTRACT(rule_09_a_refused_step_changes_nothing, kStores) {
  const auto cache = t.open<Number>();
  EXPECT_TRUE(succeeds(cache.set("k", std::numeric_limits<Number>::max(), {1h, {"tag"}})));
  const EntryMetadata before = *cache.metadata("k");
  EXPECT_TRUE(fails(cache.increment("k"), Errc::out_of_range));
  EXPECT_EQ(cache.metadata("k")->version, before.version);
  EXPECT_EQ(cache.metadata("k")->expires_at, before.expires_at);
}

LARDER_CONTRACT(rule_09_a_live_counter_keeps_its_expiry_case_021_094, kStores) {
  const auto cache = t.open<Number>();
  EXPECT_TRUE(is(cache.increment("k", 5, 100ms), 5));
  t.advance(60ms);
  EXPECT_TRUE(is(cache.increment("k", 1, 1h), 6));
  EXPECT_TRUE(is(cache.decrement("k", 6, 1h), 0));
  EXPECT_TRUE(is(cache.increment("k", 5, 1h), 5));
  t.advance(40ms);
  EXPECT_TRUE(cache.get("k").miss());
  EXPECT_TRUE(is(cache.increment("k", 10, 1h), 10));
  t.advance(59min);
  EXPECT_TRUE(is(cache.get("k"), 10));
}

LARDER_CONTRACT(rule_09_no_step_is_lost_case_091, kStores) {
  const auto cache = t.open<Number>();
  in_parallel(10, [&](int) {
    for (int i = 0; i < 100; ++i) EXPECT_TRUE(succeeds(cache.increment("k")));
  });
  EXPECT_TRUE(is(cache.increment("k", 0), 1'000));
}

LARDER_CONTRACT(rule_09_without_a_store_every_step_starts_at_zero, kStoresNothing) {
  const auto cache = t.open<std::int8_t>();
  EXPECT_TRUE(is(cache.increment("k", 100), 100));
  EXPECT_TRUE(is(cache.increment("k", 100), 100));
  EXPECT_TRUE(fails(cache.increment("k", 128), Errc::out_of_range));
}

}  // namespace
}  // namespace larder::contract
