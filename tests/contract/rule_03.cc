// Rule 3: misses are no errors; and the plain life of an entry.
//
// Thread safety: tests.
#include "helpers.h"

namespace larder::contract {
namespace {

LARDER_CONTRACT(rule_03_a_miss_is_no_error_case_002_004_034_106, kAnyEngine) {
  const auto cache = t.open<std::int64_t>();
  EXPECT_TRUE(cache.get("k").miss());
  EXPECT_TRUE(cache.get_ref("k").miss());
  EXPECT_TRUE(cache.get_entry("k").miss());
  EXPECT_TRUE(cache.metadata("k").miss());
  EXPECT_TRUE(cache.take("k").miss());
  EXPECT_TRUE(is(cache.contains("k"), false));
  EXPECT_TRUE(is(cache.erase("k"), false));
  EXPECT_TRUE(is(cache.erase("k"), false));
  EXPECT_TRUE(is(cache.touch("k", 1h), false));
  EXPECT_TRUE(is(cache.set_tags("k", {"tag"}), false));
  EXPECT_TRUE(is(cache.rename("k", "l"), false));
  EXPECT_TRUE(is(cache.set_if_present("k", 1), false));
  EXPECT_TRUE(is(cache.erase_many({"k", "l"}), 0U));
  EXPECT_TRUE(is(cache.erase_by_tag("tag"), 0U));
  EXPECT_TRUE(is(cache.erase_by_tag_many({"a", "b"}), std::vector<std::size_t>{0, 0}));
  EXPECT_TRUE(is(cache.erase_by_pattern("*"), 0U));
  EXPECT_EQ(sorted(cache.keys_by_pattern("*")), Texts{});
  EXPECT_TRUE(succeeds(cache.clear()));
  EXPECT_TRUE(cache.get_or_set("k", [] { return absent; }).miss());
  EXPECT_TRUE(cache.get_or_set_ref("k", [] { return absent; }).miss());
}

LARDER_CONTRACT(rule_03_misses_of_a_batch_are_misses_case_061_062_063_072_076, kStores) {
  const auto cache = t.open();
  EXPECT_TRUE(succeeds(cache.set_many({{"key1", "v1"}, {"key2", "v2"}})));
  EXPECT_TRUE(succeeds(cache.set("gone", "v", 1ms)));
  t.advance(1ms);
  const auto values = cache.get_many({"key1", "never", "key2", "gone", "key1"});
  EXPECT_TRUE(succeeds(values));
  ASSERT_EQ(values.size(), 5U);
  EXPECT_EQ(values.hits(), 3U);
  EXPECT_TRUE(is(values[0], "v1"));
  EXPECT_TRUE(values[1].miss());
  EXPECT_TRUE(is(values[2], "v2"));
  EXPECT_TRUE(values[3].miss());
  EXPECT_TRUE(is(values[4], "v1"));
  const auto metadata = cache.metadata_many({"key1", "never", "gone", "key2"});
  EXPECT_TRUE(succeeds(metadata));
  ASSERT_EQ(metadata.size(), 4U);
  EXPECT_EQ(metadata[0]->key, "key1");
  EXPECT_TRUE(metadata[1].miss());
  EXPECT_TRUE(metadata[2].miss());
  EXPECT_EQ(metadata[3]->key, "key2");
}

LARDER_CONTRACT(rule_03_set_get_erase_in_rounds_case_001_003_006_007, kStores) {
  const auto cache = t.open<std::int64_t>();
  for (std::int64_t round = 0; round < 100; ++round) {
    EXPECT_TRUE(succeeds(cache.set("k", round)));
    EXPECT_TRUE(is(cache.get("k"), round));
    EXPECT_TRUE(succeeds(cache.set("k", -round)));
    EXPECT_TRUE(is(cache.get("k"), -round));
    EXPECT_TRUE(is(cache.erase("k"), true));
    EXPECT_TRUE(cache.get("k").miss());
  }
}

LARDER_CONTRACT(rule_03_erase_many_counts_what_was_there_case_064, kStores) {
  const auto cache = t.open();
  EXPECT_TRUE(succeeds(cache.set_many({{"k1", "1"}, {"k2", "2"}, {"k3", "3"}})));
  EXPECT_TRUE(is(cache.erase_many({"k1", "missing", "k2", "k1"}), 2U));
  EXPECT_EQ(sorted(cache.keys_by_pattern("*")), Texts{"k3"});
}

LARDER_CONTRACT(rule_03_take_hands_over_what_it_erases, kStores) {
  const auto cache = t.open();
  EXPECT_TRUE(succeeds(cache.set("k", "v")));
  EXPECT_TRUE(is(cache.take("k"), "v"));
  EXPECT_TRUE(cache.take("k").miss());
  EXPECT_TRUE(is(cache.contains("k"), false));
}

LARDER_CONTRACT(rule_03_conditional_writes_answer_whether_case_096_097_098_101, kStores) {
  const auto cache = t.open<Session>();
  const Session a{"ann", "phone", 1, {"g"}};
  const Session b{"ben", "desk", 2};
  EXPECT_TRUE(is(cache.set_if_present("k", b), false));
  EXPECT_TRUE(cache.get("k").miss());
  EXPECT_TRUE(is(cache.set_if_absent("k", a), true));
  EXPECT_TRUE(is(cache.set_if_absent("k", b), false));
  EXPECT_TRUE(is(cache.get("k"), a));
  EXPECT_TRUE(is(cache.set_if_present("k", b), true));
  EXPECT_TRUE(is(cache.get("k"), b));
}

LARDER_CONTRACT(rule_03_one_of_many_creates_case_099, kStores) {
  const auto cache = t.open<std::int64_t>();
  std::atomic<int> created{0};
  in_parallel(10, [&](int i) { created += cache.set_if_absent("k", i).value() ? 1 : 0; });
  EXPECT_EQ(created, 1);
  EXPECT_TRUE(is(cache.contains("k"), true));
}

LARDER_CONTRACT(rule_03_versions_are_compared_and_never_reused, kStores) {
  const auto cache = t.open();
  std::vector<Version> seen;
  const auto note = [&] {
    const auto entry = cache.get_entry("k");
    ASSERT_TRUE(entry.hit());
    EXPECT_FALSE(entry->version.is_absent());
    EXPECT_EQ(std::ranges::count(seen, entry->version), 0);
    EXPECT_EQ(cache.metadata("k")->version, entry->version);
    EXPECT_EQ(cache.get_ref("k")->version(), entry->version);
    seen.push_back(entry->version);
  };
  const Version stored = cache.set("k", "1").value();
  note();
  EXPECT_EQ(seen.back(), stored);
  EXPECT_TRUE(is(cache.compare_and_set("k", stored, "2"), true));
  note();
  EXPECT_TRUE(is(cache.compare_and_set("k", stored, "3"), false));
  EXPECT_TRUE(is(cache.compare_and_set("k", Version::absent(), "3"), false));
  EXPECT_TRUE(is(cache.get("k"), "2"));
  const auto updated = cache.update("k", [](const std::string*) { return "3"; });
  note();
  EXPECT_EQ(updated->version, seen.back());
  EXPECT_TRUE(is(cache.erase("k"), true));
  EXPECT_TRUE(is(cache.compare_and_set("k", seen.back(), "4"), false));
  EXPECT_TRUE(is(cache.compare_and_set("k", Version::absent(), "3"), true));
  note();
  EXPECT_TRUE(succeeds(cache.clear()));
  EXPECT_TRUE(succeeds(cache.set("k", "3")));
  note();
  EXPECT_TRUE(is(cache.set_tags("k", {"tag"}), true));
  EXPECT_TRUE(is(cache.get("k"), "3"));
}

LARDER_CONTRACT(rule_03_lookups_are_counted_case_231, kStores) {
  const auto cache = t.open();
  EXPECT_TRUE(succeeds(cache.set("k", "v")));
  const Stats before = cache.stats();
  EXPECT_TRUE(cache.get("k").hit());
  EXPECT_TRUE(cache.get("none").miss());
  EXPECT_EQ(cache.get_many({"k", "none", "k"}).hits(), 2U);
  const Stats after = cache.stats();
  EXPECT_EQ(after.hits - before.hits, 3U);
  EXPECT_EQ(after.misses - before.misses, 2U);
}

LARDER_CONTRACT(rule_03_listing_many_keys_case_026_057_059, kStores) {
  const auto cache = t.open<std::int64_t>();
  EXPECT_EQ(sorted(cache.keys_by_pattern("*")), Texts{});
  Texts keys;
  for (int i = 0; i < 1'000; ++i) keys.push_back("key/" + std::to_string(i));
  for (const std::string& key : keys) EXPECT_TRUE(succeeds(cache.set(key, 1)));
  EXPECT_TRUE(succeeds(cache.set_many({{"expired1", 1}, {"expired2", 1}}, 1ms)));
  t.advance(1ms);
  std::ranges::sort(keys);
  EXPECT_EQ(sorted(cache.keys_by_pattern("*")), keys);
  EXPECT_EQ(cache.stats().rejected, 0U);
}

LARDER_CONTRACT(rule_03_pages_hold_every_key_once, kStores) {
  const auto cache = t.open<std::int64_t>();
  Texts keys;
  for (int i = 0; i < 100; ++i) keys.push_back("k" + std::to_string(i));
  for (const std::string& key : keys) EXPECT_TRUE(succeeds(cache.set(key, 1)));
  EXPECT_TRUE(succeeds(cache.set("other", 1)));
  std::ranges::sort(keys);
  for (const std::size_t limit : {1U, 7U, 100U, 1'000U}) {
    Texts seen;
    std::string cursor;
    do {
      const Result<Page> page = cache.scan("k*", cursor, limit);
      ASSERT_TRUE(succeeds(page));
      EXPECT_LE(page->items.size(), limit);
      seen.insert(seen.end(), page->items.begin(), page->items.end());
      cursor = page->cursor;
    } while (!cursor.empty() && seen.size() <= keys.size());
    std::ranges::sort(seen);
    EXPECT_EQ(seen, keys);
  }
}

LARDER_CONTRACT(rule_03_a_scan_survives_what_happens_between_pages, kStores) {
  const auto cache = t.open<std::int64_t>();
  for (int i = 0; i < 50; ++i) EXPECT_TRUE(succeeds(cache.set("stays" + std::to_string(i), 1)));
  Texts seen;
  std::string cursor;
  int page_number = 0;
  do {
    const Result<Page> page = cache.scan("*", cursor, 5);
    ASSERT_TRUE(succeeds(page));
    seen.insert(seen.end(), page->items.begin(), page->items.end());
    cursor = page->cursor;
    EXPECT_TRUE(succeeds(cache.set("new" + std::to_string(page_number), 1)));
    EXPECT_TRUE(succeeds(cache.erase("new" + std::to_string(page_number / 2))));
  } while (!cursor.empty() && ++page_number < 1'000);
  for (int i = 0; i < 50; ++i) {
    EXPECT_EQ(std::ranges::count(seen, "stays" + std::to_string(i)), 1) << i;
  }
}

LARDER_CONTRACT(rule_03_values_come_back_as_they_were_case_012_013_066_166_167_169_174, kStores) {
  const auto sessions = t.open<Session>();
  const Session empty{};
  const Session full{std::string(10'000, 'x'), "\xF0\x9F\x98\x80", INT64_MIN, {"a", "", "b"}};
  EXPECT_TRUE(succeeds(sessions.set_many({{"empty", empty}, {"full", full}})));
  const auto read = sessions.get_many({"empty", "full"});
  EXPECT_TRUE(is(read[0], empty));
  EXPECT_TRUE(is(read[1], full));

  using Nested = std::map<std::string, std::vector<std::map<std::int64_t, std::string>>>;
  const auto nested = t.open<Nested>();
  Nested record;
  for (int i = 0; i < 1'000; ++i) record["field" + std::to_string(i)] = {{{i, "x"}}, {}};
  EXPECT_TRUE(succeeds(nested.set("record", record)));
  EXPECT_TRUE(succeeds(nested.set("empty", {})));
  EXPECT_TRUE(is(nested.get("record"), record));
  EXPECT_TRUE(is(nested.get("empty"), Nested{}));

  const auto numbers = t.open<std::int64_t>();
  EXPECT_TRUE(succeeds(numbers.set_many({{"max", INT64_MAX}, {"min", INT64_MIN}})));
  EXPECT_TRUE(is(numbers.get("max"), INT64_MAX));
  EXPECT_TRUE(is(numbers.get("min"), INT64_MIN));
}

LARDER_CONTRACT(rule_03_a_value_may_be_nothing_case_035, kStores) {
  const auto cache = t.open<std::optional<int>>();
  EXPECT_TRUE(succeeds(cache.set("none", std::nullopt)));
  EXPECT_TRUE(succeeds(cache.set("some", 5)));
  EXPECT_TRUE(cache.get("none").hit());
  EXPECT_FALSE(cache.get("none")->has_value());
  EXPECT_EQ(**cache.get("some"), 5);
  EXPECT_TRUE(cache.get("never").miss());
}

LARDER_CONTRACT(rule_03_shared_values_are_held_by_share_case_168, kStores | kNative) {
  const auto cache = t.open<std::shared_ptr<const Session>>();
  const auto session = std::make_shared<const Session>(Session{"ann", "phone", 1});
  EXPECT_TRUE(succeeds(cache.set("k", session)));
  const auto read = cache.get("k");
  ASSERT_TRUE(read.hit());
  EXPECT_EQ(read->get(), session.get());
}

LARDER_CONTRACT(rule_03_a_copy_is_the_callers_own_case_242, kStores) {
  const auto cache = t.open<Session>();
  Session session{"ann", "phone", 1, {"g"}};
  EXPECT_TRUE(succeeds(cache.set("k", session)));
  session.subject = "changed";
  Session copy = *cache.get("k");
  EXPECT_EQ(copy.subject, "ann");
  copy.subject = "changed";
  copy.groups.clear();
  EXPECT_EQ(cache.get("k")->subject, "ann");
  EXPECT_EQ(cache.get("k")->groups, Texts{"g"});
}

}  // namespace
}  // namespace larder::contract
