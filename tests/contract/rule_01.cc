// Rule 1: keys, and the order of the checks.
//
// Thread safety: tests.
#include <functional>
#include <utility>

#include "everything.h"
#include "helpers.h"

namespace larder::contract {
namespace {

const std::string kLongest(65'535, 'k');
const std::string kTooLong(65'536, 'k');

LARDER_CONTRACT(rule_01_any_bytes_are_a_key_case_011, kStores) {
  const auto cache = t.open();
  const Texts keys = {"k",
                      std::string(1'000, 'x') + "y",
                      "h\xC3\xA4user/\xF0\x9F\x98\x80",
                      "with space\tand tab\nand line",
                      "\"quoted\" 'twice'",
                      "@#$%^&*()[]{}?\\",
                      R"({"json": ["text", 1]})",
                      std::string("\0\x01\xFF\0", 4),
                      std::string(1, '\0'),
                      kLongest};
  for (const std::string& key : keys) {
    EXPECT_TRUE(cache.get(key).miss());
    EXPECT_TRUE(succeeds(cache.set(key, "value of " + key.substr(0, 9))));
  }
  for (const std::string& key : keys) {
    EXPECT_TRUE(is(cache.get(key), "value of " + key.substr(0, 9)));
    EXPECT_TRUE(is(cache.contains(key), true));
    EXPECT_EQ(cache.metadata(key)->key, key);
  }
  Texts expected = keys;
  std::ranges::sort(expected);
  EXPECT_EQ(sorted(cache.keys_by_pattern("*")), expected);
}

LARDER_CONTRACT(rule_01_keys_that_share_bytes_are_distinct, kStores) {
  const auto cache = t.open();
  const Texts keys = {"a", std::string("a\0", 2), std::string("a\0b", 3), "ab", "A", " a"};
  for (const std::string& key : keys) EXPECT_TRUE(succeeds(cache.set(key, "<" + key + ">")));
  for (const std::string& key : keys) EXPECT_TRUE(is(cache.get(key), "<" + key + ">"));
}

// Every operation that names keys, with a key that is none, alone and in a batch.
LARDER_CONTRACT(rule_01_an_invalid_key_is_refused_everywhere_case_029_031_033_054, kAnyEngine) {
  const auto cache = t.open<std::int64_t>();
  for (const std::string& bad : {std::string(), kTooLong}) {
    for (const auto& [name, code] : call_everything(cache, {.key = bad})) {
      if (!names_keys(name)) continue;
      EXPECT_EQ(code, Errc::invalid_key) << to_string(name) << " of " << bad.size() << " bytes";
    }
    EXPECT_TRUE(succeeds(cache.set("good", 1)));
    const BatchResult<std::int64_t> batch = cache.get_many({"good", bad});
    EXPECT_TRUE(fails(batch, Errc::invalid_key));
    ASSERT_EQ(batch.size(), 2U);
    EXPECT_TRUE(fails(batch[0], Errc::invalid_key));
    EXPECT_TRUE(fails(cache.set_many({{"new", 1}, {bad, 2}}), Errc::invalid_key));
    EXPECT_TRUE(fails(cache.erase_many({"good", bad}), Errc::invalid_key));
    EXPECT_TRUE(fails(cache.metadata_many({bad, "good"}), Errc::invalid_key));
    int loads = 0;
    const auto load = [&](std::span<const std::string_view> missing) {
      ++loads;
      return std::vector<std::int64_t>(missing.size());
    };
    EXPECT_TRUE(fails(cache.get_or_set_many({"new", bad}, load), Errc::invalid_key));
    EXPECT_EQ(loads, 0);
    EXPECT_TRUE(fails(cache.rename("good", bad), Errc::invalid_key));
    EXPECT_TRUE(fails(cache.rename(bad, "good"), Errc::invalid_key));
  }
  EXPECT_TRUE(is(cache.contains("new"), false));
  EXPECT_TRUE(is(cache.contains("good"), t.stores()));
}

LARDER_CONTRACT(rule_01_an_index_key_or_tag_is_a_byte_string_too, kAnyEngine) {
  const auto cache = t.open();
  for (const std::string& bad : {std::string(), kTooLong}) {
    EXPECT_TRUE(fails(cache.set("k", "v", {1h, {"good", bad}}), Errc::invalid_argument));
    EXPECT_TRUE(fails(cache.set_tags("k", {bad}), Errc::invalid_argument));
    EXPECT_TRUE(fails(cache.erase_by_tag(bad), Errc::invalid_argument));
    EXPECT_TRUE(fails(cache.erase_by_tag_many({"good", bad}), Errc::invalid_argument));
    EXPECT_TRUE(fails(cache.add_index("i", "*", bad), Errc::invalid_argument));
    EXPECT_TRUE(fails(cache.count_by_index_many("i", {"good", bad}), Errc::invalid_argument));
  }
  EXPECT_TRUE(is(cache.contains("k"), false));
}

// ---- the order: closed, empty batch, arguments of all items, context, hooks, capacity

Context cancelled() {
  std::stop_source source;
  source.request_stop();
  return Context::until(source.get_token());
}

LARDER_CONTRACT(rule_01_closed_comes_first_case_145, kAnyEngine) {
  const auto cache = t.open<std::int64_t>();
  EXPECT_TRUE(succeeds(cache.close()));
  const auto ended = cache.with(cancelled());
  for (const auto& [name, code] : call_everything(ended, {.key = "", .pattern = "["})) {
    EXPECT_EQ(code, Errc::closed) << to_string(name);
  }
  for (const auto& [name, code] : call_everything(cache, {})) {
    EXPECT_EQ(code, Errc::closed) << to_string(name);
  }
}

// The close comes from user code in the midst of the write, once the cache was found open.
LARDER_CONTRACT(rule_01_a_write_that_a_close_overtakes_stores_nothing, kStores | kNative) {
  using Count = std::int64_t;
  using Handle = Face<Count>;
  const std::vector<std::function<std::optional<Errc>(const Handle&)>> writes = {
      [](const Handle& c) { return c.set("new", 2).code(); },
      [](const Handle& c) { return c.set_if_absent("new", 2).code(); },
      [](const Handle& c) { return c.set_if_present("old", 2).code(); },
      [](const Handle& c) { return c.compare_and_set("new", Version::absent(), 2).code(); },
      [](const Handle& c) { return c.increment("old").code(); },
      [](const Handle& c) { return c.update("old", [](const Count*) { return Count{2}; }).code(); },
      [](const Handle& c) { return c.rename("old", "new").code(); },
      [](const Handle& c) { return c.set_many({{"new", 2}, {"old", 2}}).status().code(); },
  };
  for (const auto& write : writes) {
    std::function<void()> close;
    const auto cache = t.open<Count>([&](CacheOptions<Count>& options) {
      options.weigher = [&](std::string_view, const Count&) -> std::size_t {
        if (auto once = std::exchange(close, {})) once();
        return 1;
      };
    });
    EXPECT_TRUE(succeeds(cache.set("old", 1)));
    close = [&] { EXPECT_TRUE(succeeds(cache.close())); };
    EXPECT_EQ(write(cache), Errc::closed);
    EXPECT_EQ(cache.stats().entries, 0U);
    EXPECT_EQ(cache.stats().bytes, 0U);
  }
}

LARDER_CONTRACT(rule_01_a_closed_cache_refuses_empty_batches, kAnyEngine) {
  const auto cache = t.open<std::int64_t>();
  EXPECT_TRUE(succeeds(cache.close()));
  EXPECT_TRUE(fails(cache.get_many({}), Errc::closed));
  EXPECT_TRUE(fails(cache.set_many({}), Errc::closed));
  EXPECT_TRUE(fails(cache.erase_many({}), Errc::closed));
  EXPECT_TRUE(fails(cache.metadata_many({}), Errc::closed));
}

LARDER_CONTRACT(rule_01_an_empty_batch_succeeds_before_all_else_case_053_061, kAnyEngine) {
  const auto cache = t.open<std::int64_t>().with(cancelled());
  const auto load = [](std::span<const std::string_view>) { return std::vector<std::int64_t>(); };
  EXPECT_TRUE(succeeds(cache.get_many({})));
  EXPECT_EQ(cache.get_many({}).size(), 0U);
  EXPECT_TRUE(succeeds(cache.set_many({})));
  EXPECT_TRUE(succeeds(cache.set_many({}, Ttl(0s))));
  EXPECT_TRUE(is(cache.erase_many({}), 0U));
  EXPECT_TRUE(succeeds(cache.metadata_many({})));
  EXPECT_TRUE(succeeds(cache.get_or_set_many({}, load)));
  EXPECT_TRUE(is(cache.add_index_many("i", "*", {}), 0U));
  EXPECT_TRUE(is(cache.remove_index_many("i", "*", {}), 0U));
  EXPECT_TRUE(is(cache.get_by_index_many("i", {}), Texts{}));
  EXPECT_TRUE(succeeds(cache.get_values_by_index_many("i", {})));
  EXPECT_TRUE(is(cache.count_by_index_many("i", {}), std::vector<std::size_t>{}));
  EXPECT_TRUE(is(cache.erase_by_index_many("i", {}), std::vector<std::size_t>{}));
  EXPECT_TRUE(is(cache.erase_by_tag_many({}), std::vector<std::size_t>{}));
}

LARDER_CONTRACT(rule_01_arguments_come_before_the_context, kAnyEngine) {
  const auto cache = t.open<std::int64_t>().with(cancelled());
  for (const auto& [name, code] : call_everything(cache, {.key = ""})) {
    if (names_keys(name)) {
      EXPECT_EQ(code, Errc::invalid_key) << to_string(name);
    }
  }
  for (const auto& [name, code] : call_everything(cache, {.pattern = "["})) {
    if (names_patterns(name)) {
      EXPECT_EQ(code, Errc::invalid_pattern) << to_string(name);
    }
  }
  EXPECT_TRUE(fails(cache.set("k", 1, Ttl(0s)), Errc::invalid_ttl));
  EXPECT_TRUE(fails(cache.get_many({"k", ""}), Errc::invalid_key));
}

LARDER_CONTRACT(rule_01_the_context_comes_before_the_hooks, kAnyEngine) {
  int asked = 0;
  const auto cache = t.open<std::int64_t>([&](CacheOptions<std::int64_t>& options) {
    options.hooks.pre_get = [&](std::string_view) { return ++asked, Verdict::veto("get"); };
    options.hooks.pre_set = [&](std::string_view, const std::int64_t*) {
      return ++asked, Verdict::veto("set");
    };
    options.hooks.pre_erase = [&](std::string_view) { return ++asked, Verdict::veto("erase"); };
  });
  for (const auto& [name, code] : call_everything(cache.with(cancelled()), {})) {
    EXPECT_EQ(code, Errc::cancelled) << to_string(name);
  }
  EXPECT_EQ(asked, 0);
  EXPECT_TRUE(fails(cache.get("k"), Errc::vetoed));
  EXPECT_EQ(asked, 1);
}

LARDER_CONTRACT(rule_01_hooks_come_before_the_capacity, kStores | kBounded) {
  const auto cache = t.open([](CacheOptions<std::string>& options) {
    options.settings.max_entries = 1;
    options.settings.on_full = OnFull::reject;
    options.hooks.pre_set = [](std::string_view key, const std::string*) {
      return key == "first" ? Verdict::allow() : Verdict::veto("no more");
    };
  });
  EXPECT_TRUE(succeeds(cache.set("first", "1")));
  EXPECT_TRUE(fails(cache.set("second", "2"), Errc::vetoed));
  EXPECT_TRUE(fails(cache.set_many({{"first", "x"}, {"second", "2"}}), Errc::vetoed));
  EXPECT_TRUE(is(cache.get("first"), "1"));
}

LARDER_CONTRACT(rule_01_a_batch_is_checked_before_any_effect, kStores) {
  const auto cache = t.open();
  EXPECT_TRUE(succeeds(cache.set("a", "old")));
  EXPECT_TRUE(fails(cache.set_many({{"a", "new"}, {"b", "new"}, {"", "x"}}), Errc::invalid_key));
  EXPECT_TRUE(fails(cache.set_many({{"a", "new"}}, {1h, {""}}), Errc::invalid_argument));
  EXPECT_TRUE(fails(cache.set_many({{"a", "new"}}, Ttl(-1s)), Errc::invalid_ttl));
  EXPECT_TRUE(fails(cache.erase_many({"a", ""}), Errc::invalid_key));
  EXPECT_TRUE(is(cache.get("a"), "old"));
  EXPECT_TRUE(cache.get("b").miss());
}

LARDER_CONTRACT(rule_01_search_arguments_are_named_or_refused_case_136, kAnyEngine) {
  const auto cache = t.open();
  EXPECT_TRUE(fails(cache.add_index("", "*", "t"), Errc::invalid_argument));
  EXPECT_TRUE(fails(cache.add_index("i", "*", ""), Errc::invalid_argument));
  EXPECT_TRUE(fails(cache.remove_index("", "*", "t"), Errc::invalid_argument));
  EXPECT_TRUE(fails(cache.get_by_index("", "t"), Errc::invalid_argument));
  EXPECT_TRUE(fails(cache.get_by_index("i", ""), Errc::invalid_argument));
  EXPECT_TRUE(fails(cache.get_values_by_index("", "t"), Errc::invalid_argument));
  EXPECT_TRUE(fails(cache.count_by_index("i", ""), Errc::invalid_argument));
  EXPECT_TRUE(fails(cache.erase_by_index("", "t"), Errc::invalid_argument));
  EXPECT_TRUE(fails(cache.erase_by_index("i", ""), Errc::invalid_argument));
  EXPECT_TRUE(fails(cache.scan_index("", "*", "", 10), Errc::invalid_argument));
  EXPECT_TRUE(fails(cache.scan("*", "", 0), Errc::invalid_argument));
}

}  // namespace
}  // namespace larder::contract
