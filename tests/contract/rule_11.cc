// Rule 11: one glob dialect, byte-wise.
//
// Thread safety: tests.
#include "helpers.h"

namespace larder::contract {
namespace {

using Number = std::int64_t;

void set_all(const Face<Number>& cache, const Texts& keys) {
  for (const std::string& key : keys) EXPECT_TRUE(succeeds(cache.set(key, 1)));
}

LARDER_CONTRACT(rule_11_prefixes_and_stars_case_104_106_107, kStores) {
  const auto cache = t.open<Number>();
  set_all(cache, {"user:1", "user:2", "user:3", "session:abc", "session:def", "session:ghi",
                  "cache:temp:1", "cache:temp:2", "cache:perm:1", "cache:perm:2", "other:data"});
  EXPECT_EQ(sorted(cache.keys_by_pattern("user:*")).size(), 3U);
  EXPECT_EQ(sorted(cache.keys_by_pattern("session:*")).size(), 3U);
  EXPECT_EQ(sorted(cache.keys_by_pattern("cache:temp:*")), (Texts{"cache:temp:1", "cache:temp:2"}));
  EXPECT_EQ(sorted(cache.keys_by_pattern("*")).size(), 11U);
  EXPECT_EQ(sorted(cache.keys_by_pattern("nothing*")), Texts{});
  EXPECT_TRUE(is(cache.erase_by_pattern("nothing*"), 0U));
  EXPECT_TRUE(is(cache.erase_by_pattern("cache:*"), 4U));
  EXPECT_EQ(sorted(cache.keys_by_pattern("*:1")), Texts{"user:1"});
}

LARDER_CONTRACT(rule_11_a_star_spans_separators_case_059_108_111, kStores) {
  const auto cache = t.open<Number>();
  const Texts keys = {"key:a", "key-a", "key_a", "key.a", "key@a", "key#a", "key:a/b", "key/a:b"};
  set_all(cache, keys);
  EXPECT_EQ(sorted(cache.keys_by_pattern("key:*")), (Texts{"key:a", "key:a/b"}));
  EXPECT_EQ(sorted(cache.keys_by_pattern("key-*")), Texts{"key-a"});
  EXPECT_EQ(sorted(cache.keys_by_pattern("*b")), (Texts{"key/a:b", "key:a/b"}));
  EXPECT_EQ(sorted(cache.keys_by_pattern("*")).size(), keys.size());
}

LARDER_CONTRACT(rule_11_classes_ranges_and_escapes_case_112_113, kStores) {
  const auto cache = t.open<Number>();
  set_all(cache, {"user:a", "user:5", "user:!", "user:^", "user:*", "user:-", "user:]", "user:\\",
                  "user:\xC3\xA4"});
  EXPECT_EQ(sorted(cache.keys_by_pattern("user:[0-9]")), Texts{"user:5"});
  EXPECT_EQ(sorted(cache.keys_by_pattern("user:[^0-9a-z]")),
            (Texts{"user:!", "user:*", "user:-", "user:\\", "user:]", "user:^"}));
  EXPECT_EQ(sorted(cache.keys_by_pattern("user:[a5]")), (Texts{"user:5", "user:a"}));
  EXPECT_EQ(sorted(cache.keys_by_pattern("user:[!a]")), (Texts{"user:!", "user:a"}));
  EXPECT_EQ(sorted(cache.keys_by_pattern("user:\\*")), Texts{"user:*"});
  EXPECT_EQ(sorted(cache.keys_by_pattern("user:\\\\")), Texts{"user:\\"});
  EXPECT_EQ(sorted(cache.keys_by_pattern("user:??")), Texts{"user:\xC3\xA4"});
  EXPECT_EQ(sorted(cache.keys_by_pattern("user:?")).size(), 8U);
  EXPECT_EQ(sorted(cache.keys_by_pattern("\\user:a")), Texts{"user:a"});
}

LARDER_CONTRACT(rule_11_the_same_dialect_everywhere, kStores) {
  const auto cache = t.open<Number>();
  for (int i = 0; i < 1'000; ++i) set_all(cache, {"key-" + std::to_string(i)});
  const std::string pattern = "key-[1-3]?[^0-8]";
  const Texts keys = sorted(cache.keys_by_pattern(pattern));
  EXPECT_EQ(keys.size(), 30U);
  EXPECT_TRUE(is(cache.add_index("i", pattern, "t"), 30U));
  EXPECT_EQ(sorted(cache.get_by_index("i", "t")), keys);
  Texts pages = cache.scan(pattern, "", 1'000)->items;
  std::ranges::sort(pages);
  EXPECT_EQ(pages, keys);
  for (const std::string term : {"key-199", "key-5"}) {
    EXPECT_TRUE(succeeds(cache.add_index("terms", "key-0", term)));
  }
  EXPECT_EQ(cache.scan_index("terms", pattern, "", 10)->items, Texts{"key-199"});
  EXPECT_TRUE(is(cache.remove_index("i", pattern, "t"), 30U));
  EXPECT_TRUE(is(cache.erase_by_pattern(pattern), 30U));
  EXPECT_EQ(sorted(cache.keys_by_pattern("*")).size(), 970U);
}

LARDER_CONTRACT(rule_11_no_special_character_is_that_key, kStores) {
  const auto cache = t.open<Number>();
  set_all(cache, {"a", "ab", "b"});
  EXPECT_EQ(sorted(cache.keys_by_pattern("a")), Texts{"a"});
  EXPECT_TRUE(is(cache.erase_by_pattern("a"), 1U));
  EXPECT_EQ(sorted(cache.keys_by_pattern("*")), (Texts{"ab", "b"}));
}

LARDER_CONTRACT(rule_11_malformed_patterns_are_refused_case_109_112, kAnyEngine) {
  const auto cache = t.open<Number>();
  for (const std::string bad : {"", "a[", "[", "[a", "[^", "[a-", "\\", "a\\", "[z-a]"}) {
    EXPECT_TRUE(fails(cache.keys_by_pattern(bad), Errc::invalid_pattern)) << bad;
    EXPECT_TRUE(fails(cache.erase_by_pattern(bad), Errc::invalid_pattern)) << bad;
    EXPECT_TRUE(fails(cache.scan(bad, "", 10), Errc::invalid_pattern)) << bad;
    EXPECT_TRUE(fails(cache.scan_index("i", bad, "", 10), Errc::invalid_pattern)) << bad;
    EXPECT_TRUE(fails(cache.add_index("i", bad, "t"), Errc::invalid_pattern)) << bad;
    EXPECT_TRUE(fails(cache.add_index_many("i", bad, {"t"}), Errc::invalid_pattern)) << bad;
    EXPECT_TRUE(fails(cache.remove_index("i", bad, "t"), Errc::invalid_pattern)) << bad;
    EXPECT_TRUE(fails(cache.remove_index_many("i", bad, {"t"}), Errc::invalid_pattern)) << bad;
  }
}

LARDER_CONTRACT(rule_11_internal_names_are_never_seen, kStores) {
  const auto cache = t.open<Session>([](CacheOptions<Session>& options) {
    options.indexes = {index("by_subject", &Session::subject)};
  });
  EXPECT_TRUE(succeeds(cache.set("k", {"ann", "d", 1}, {1h, {"tag"}})));
  EXPECT_TRUE(is(cache.add_index("i", "*", "t"), 1U));
  EXPECT_EQ(sorted(cache.keys_by_pattern("*")), Texts{"k"});
  EXPECT_EQ(cache.scan("*", "", 100)->items, Texts{"k"});
  EXPECT_TRUE(is(cache.erase_by_pattern("*"), 1U));
}

}  // namespace
}  // namespace larder::contract
