// Rule 10: indexes and tags.
//
// Thread safety: tests.
#include <set>

#include "helpers.h"

namespace larder::contract {
namespace {

using Number = std::int64_t;

Face<Session> open_sessions(Fixture& t) {
  return t.open<Session>([](CacheOptions<Session>& options) {
    options.indexes = {index("by_subject", &Session::subject),
                       index("by_group", [](const Session& session) { return session.groups; })};
  });
}

LARDER_CONTRACT(rule_10_exact_keys_and_patterns_bind_case_115_118_119, kStores) {
  const auto cache = t.open();
  EXPECT_TRUE(is(cache.add_index("i", "*", "t"), 0U));
  EXPECT_EQ(sorted(cache.get_by_index("i", "t")), Texts{});
  EXPECT_TRUE(
      succeeds(cache.set_many({{"session:123", "a"}, {"session:456", "b"}, {"session:789", "c"}})));
  EXPECT_TRUE(is(cache.add_index("by_user", "session:123", "user1"), 1U));
  EXPECT_TRUE(is(cache.add_index("by_user", "session:456", "user1"), 1U));
  EXPECT_TRUE(is(cache.add_index("by_user", "session:789", "user2"), 1U));
  EXPECT_EQ(sorted(cache.get_by_index("by_user", "user1")), (Texts{"session:123", "session:456"}));
  EXPECT_EQ(sorted(cache.get_by_index("by_user", "user2")), Texts{"session:789"});
  EXPECT_TRUE(is(cache.add_index("all", "session:*", "x"), 3U));
  EXPECT_TRUE(is(cache.add_index("all", "session:*:*", "y"), 0U));
  EXPECT_TRUE(is(cache.count_by_index("all", "x"), 3U));
  EXPECT_TRUE(fails(cache.add_index("all", "", "z"), Errc::invalid_pattern));
}

LARDER_CONTRACT(rule_10_binding_again_changes_nothing_case_117_119, kStores) {
  const auto cache = t.open<Number>();
  for (int i = 0; i < 1'000; ++i) {
    EXPECT_TRUE(succeeds(cache.set("key-" + std::to_string(i), i)));
  }
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(is(cache.add_index("i", "key-5*", "t"), 111U));
  EXPECT_EQ(sorted(cache.get_by_index("i", "t")).size(), 111U);
  EXPECT_TRUE(is(cache.add_index("i", "key-*", "all"), 1'000U));
  EXPECT_TRUE(is(cache.count_by_index("i", "all"), 1'000U));
}

LARDER_CONTRACT(rule_10_only_what_lives_now_is_bound, kStores) {
  const auto cache = t.open();
  EXPECT_TRUE(succeeds(cache.set("k1", "v")));
  EXPECT_TRUE(is(cache.add_index("i", "k*", "t"), 1U));
  EXPECT_TRUE(succeeds(cache.set("k2", "v")));
  EXPECT_EQ(sorted(cache.get_by_index("i", "t")), Texts{"k1"});
}

LARDER_CONTRACT(rule_10_unknown_names_are_empty_case_126, kAnyEngine) {
  const auto cache = t.open();
  EXPECT_EQ(sorted(cache.get_by_index("never", "t")), Texts{});
  EXPECT_EQ(cache.get_values_by_index("never", "t").size(), 0U);
  EXPECT_TRUE(is(cache.count_by_index("never", "t"), 0U));
  EXPECT_TRUE(is(cache.erase_by_index("never", "t"), 0U));
  EXPECT_TRUE(is(cache.remove_index("never", "*", "t"), 0U));
  EXPECT_EQ(cache.scan_index("never", "*", "", 10)->items, Texts{});
  EXPECT_EQ(sorted(cache.get_by_index_many("never", {"a", "b"})), Texts{});
}

LARDER_CONTRACT(rule_10_remove_index_unbinds_what_matches_case_129, kStores) {
  const auto cache = t.open();
  EXPECT_TRUE(succeeds(cache.set_many({{"k1", "1"}, {"k2", "2"}, {"l", "3"}})));
  EXPECT_TRUE(is(cache.add_index_many("i", "*", {"v", "w"}), 3U));
  EXPECT_TRUE(is(cache.remove_index("i", "k1", "v"), 1U));
  EXPECT_EQ(sorted(cache.get_by_index("i", "v")), (Texts{"k2", "l"}));
  EXPECT_TRUE(is(cache.remove_index("i", "k*", "v"), 1U));
  EXPECT_EQ(sorted(cache.get_by_index("i", "v")), Texts{"l"});
  EXPECT_EQ(sorted(cache.get_by_index("i", "w")), (Texts{"k1", "k2", "l"}));
  EXPECT_TRUE(is(cache.remove_index_many("i", "*", {"v", "w"}), 4U));
  EXPECT_EQ(sorted(cache.get_by_index_many("i", {"v", "w"})), Texts{});
  EXPECT_EQ(sorted(cache.keys_by_pattern("*")).size(), 3U);
}

LARDER_CONTRACT(rule_10_an_ended_life_leaves_its_indexes_case_127, kStores) {
  const auto cache = open_sessions(t);
  const Session ann{"ann", "phone", 1, {"g"}};
  const std::vector<std::function<void()>> ends = {
      [&] { EXPECT_TRUE(is(cache.erase("k"), true)); },
      [&] { EXPECT_TRUE(is(cache.erase_many({"k"}), 1U)); },
      [&] { EXPECT_TRUE(cache.take("k").hit()); },
      [&] { EXPECT_TRUE(is(cache.erase_by_pattern("k"), 1U)); },
      [&] { EXPECT_TRUE(is(cache.erase_by_tag("tag"), 1U)); },
      [&] { EXPECT_TRUE(is(cache.erase_by_index("by_subject", "ann"), 1U)); },
      [&] { EXPECT_TRUE(succeeds(cache.clear())); },
      [&] { t.advance(1h); },
  };
  for (const auto& end : ends) {
    EXPECT_TRUE(succeeds(cache.set("k", ann, {1h, {"tag"}})));
    EXPECT_TRUE(is(cache.add_index("i", "k", "bound"), 1U));
    end();
    EXPECT_EQ(sorted(cache.get_by_index("by_subject", "ann")), Texts{});
    EXPECT_EQ(sorted(cache.get_by_index("by_group", "g")), Texts{});
    EXPECT_EQ(sorted(cache.get_by_index("i", "bound")), Texts{});
    EXPECT_TRUE(is(cache.count_by_index("i", "bound"), 0U));
    EXPECT_TRUE(is(cache.erase_by_tag("tag"), 0U));
    EXPECT_EQ(cache.scan_index("i", "*", "", 10)->items, Texts{});
    EXPECT_EQ(cache.scan_index("by_subject", "*", "", 10)->items, Texts{});
  }
}

LARDER_CONTRACT(rule_10_declared_terms_follow_every_write_case_134, kStores) {
  const auto cache = open_sessions(t);
  EXPECT_EQ(sorted(cache.get_by_index("by_subject", "ann")), Texts{});
  EXPECT_TRUE(succeeds(cache.set("k", {"ann", "phone", 1, {"a", "b", "a", ""}})));
  EXPECT_EQ(sorted(cache.get_by_index("by_group", "a")), Texts{"k"});
  EXPECT_EQ(sorted(cache.get_by_index("by_group", "b")), Texts{"k"});
  EXPECT_EQ(sorted(cache.get_by_index("by_subject", "ann")), Texts{"k"});
  EXPECT_TRUE(succeeds(cache.set("k", {"ben", "phone", 1, {"b", "c"}})));
  EXPECT_EQ(sorted(cache.get_by_index("by_subject", "ann")), Texts{});
  EXPECT_EQ(sorted(cache.get_by_index("by_subject", "ben")), Texts{"k"});
  EXPECT_EQ(sorted(cache.get_by_index("by_group", "a")), Texts{});
  EXPECT_EQ(sorted(cache.get_by_index_many("by_group", {"a", "b", "c"})), Texts{"k"});
  EXPECT_TRUE(succeeds(cache.set_many({{"l", {"ben", "desk", 2, {"c"}}}})));
  EXPECT_EQ(sorted(cache.get_by_index("by_subject", "ben")), (Texts{"k", "l"}));
  EXPECT_TRUE(is(cache.count_by_index_many("by_group", {"a", "b", "c"}),
                 std::vector<std::size_t>{0, 1, 2}));
  EXPECT_TRUE(is(cache.set_if_present("l", {"cid", "desk", 3}), true));
  EXPECT_TRUE(is(cache.compare_and_set("k", cache.get_entry("k")->version, {"cid", "x", 4}), true));
  EXPECT_EQ(sorted(cache.get_by_index("by_subject", "cid")), (Texts{"k", "l"}));
  EXPECT_TRUE(
      is(cache.get_or_set("m", [] { return Session{"cid", "y", 5}; }), Session{"cid", "y", 5}));
  EXPECT_EQ(cache.get_values_by_index("by_subject", "cid").hits(), 3U);
  EXPECT_TRUE(succeeds(cache.update("m", [](const Session*) { return Session{"dan", "z", 6}; })));
  EXPECT_EQ(sorted(cache.get_by_index("by_subject", "cid")), (Texts{"k", "l"}));
  EXPECT_EQ(sorted(cache.get_by_index("by_subject", "dan")), Texts{"m"});
}

LARDER_CONTRACT(rule_10_values_by_index, kStores) {
  const auto cache = open_sessions(t);
  const Session ann{"ann", "phone", 1, {"g", "h"}};
  const Session ben{"ben", "desk", 2, {"h"}};
  EXPECT_TRUE(succeeds(cache.set_many({{"a", ann}, {"b", ben}})));
  const auto one = cache.get_values_by_index("by_group", "g");
  ASSERT_EQ(one.size(), 1U);
  EXPECT_TRUE(is(one[0], ann));
  EXPECT_EQ(cache.get_values_by_index("by_group", "h").hits(), 2U);
  EXPECT_EQ(cache.get_values_by_index_many("by_group", {"g", "h", "none"}).hits(), 2U);
}

LARDER_CONTRACT(rule_10_erase_by_index_erases_its_members_case_131_132, kStores) {
  const auto cache = open_sessions(t);
  for (int i = 0; i < 20; ++i) {
    EXPECT_TRUE(succeeds(cache.set("s" + std::to_string(i), {i % 2 == 0 ? "ann" : "ben", "d", i})));
  }
  EXPECT_TRUE(is(cache.add_index("device", "*", "d"), 20U));
  EXPECT_TRUE(is(cache.erase_by_index("by_subject", "ann", {"s0", "s4"}), 8U));
  EXPECT_EQ(sorted(cache.get_by_index("by_subject", "ann")), (Texts{"s0", "s4"}));
  EXPECT_TRUE(is(cache.count_by_index("by_subject", "ben"), 10U));
  EXPECT_TRUE(is(cache.count_by_index("device", "d"), 12U));
  EXPECT_TRUE(is(cache.erase_by_index_many("by_subject", {"ann", "ben", "none"}, {"s1"}),
                 std::vector<std::size_t>{2, 9, 0}));
  EXPECT_EQ(sorted(cache.keys_by_pattern("*")), Texts{"s1"});
  EXPECT_EQ(sorted(cache.get_by_index("device", "d")), Texts{"s1"});
}

LARDER_CONTRACT(rule_10_tags_are_an_index_with_many_terms, kStores) {
  const auto cache = t.open();
  EXPECT_TRUE(succeeds(cache.set("a", "1", {1h, {"x", "y"}})));
  EXPECT_TRUE(succeeds(cache.set_many({{"b", "2"}, {"c", "3"}}, {1h, {"y"}})));
  EXPECT_TRUE(is(cache.set_if_absent("d", "4", {1h, {"z"}}), true));
  EXPECT_EQ(cache.metadata("a")->tags, (Texts{"x", "y"}));
  EXPECT_TRUE(is(cache.erase_by_tag("x"), 1U));
  EXPECT_EQ(sorted(cache.keys_by_pattern("*")), (Texts{"b", "c", "d"}));
  EXPECT_TRUE(is(cache.erase_by_tag_many({"y", "none", "z"}), std::vector<std::size_t>{2, 0, 1}));
  EXPECT_EQ(sorted(cache.keys_by_pattern("*")), Texts{});
}

// Tags and user indexes do not meet, whatever their names.
LARDER_CONTRACT(rule_10_an_index_named_tags_is_another, kStores) {
  const auto cache = t.open();
  EXPECT_TRUE(succeeds(cache.set("a", "1", {1h, {"x"}})));
  EXPECT_TRUE(succeeds(cache.set("b", "2")));
  EXPECT_TRUE(is(cache.add_index("tags", "b", "x"), 1U));
  EXPECT_EQ(sorted(cache.get_by_index("tags", "x")), Texts{"b"});
  EXPECT_TRUE(cache.metadata("b")->tags.empty());
  EXPECT_TRUE(is(cache.erase_by_tag("x"), 1U));
  EXPECT_TRUE(is(cache.contains("b"), true));
  EXPECT_FALSE(cache.add_index(SearchOperation::kTagIndex, "b", "x").ok());
}

LARDER_CONTRACT(rule_10_pages_of_an_index, kStores) {
  const auto cache = open_sessions(t);
  Texts subjects;
  for (int i = 0; i < 30; ++i) subjects.push_back("user" + std::to_string(i));
  for (const std::string& subject : subjects) {
    EXPECT_TRUE(succeeds(cache.set("a" + subject, {subject, "d", 1})));
    EXPECT_TRUE(succeeds(cache.set("b" + subject, {subject, "d", 2})));
  }
  EXPECT_TRUE(succeeds(cache.set("other", {"admin", "d", 3})));
  Texts seen;
  std::string cursor;
  do {
    const Result<Page> page = cache.scan_index("by_subject", "user*", cursor, 7);
    ASSERT_TRUE(succeeds(page));
    EXPECT_LE(page->items.size(), 7U);
    seen.insert(seen.end(), page->items.begin(), page->items.end());
    cursor = page->cursor;
  } while (!cursor.empty() && seen.size() <= 30);
  std::ranges::sort(seen);
  std::ranges::sort(subjects);
  EXPECT_EQ(seen, subjects);
}

LARDER_CONTRACT(rule_10_clear_empties_every_index_case_133, kStores) {
  const auto cache = open_sessions(t);
  EXPECT_TRUE(succeeds(cache.set("k", {"ann", "d", 1, {"g"}}, {1h, {"tag"}})));
  EXPECT_TRUE(is(cache.add_index("i", "k", "t"), 1U));
  EXPECT_TRUE(succeeds(cache.clear()));
  EXPECT_EQ(sorted(cache.get_by_index("by_subject", "ann")), Texts{});
  EXPECT_EQ(sorted(cache.get_by_index("i", "t")), Texts{});
  EXPECT_TRUE(succeeds(cache.set("k", {"ben", "d", 1})));
  EXPECT_EQ(sorted(cache.get_by_index("by_subject", "ben")), Texts{"k"});
  EXPECT_EQ(sorted(cache.get_by_index("by_subject", "ann")), Texts{});
}

// A key that is erased and set again while its group is being erased is left alone: forced by a
// hook, which runs between finding the members and erasing them.
LARDER_CONTRACT(rule_10_a_recreated_key_is_untouched, kStores) {
  std::optional<Face<Session>> inside;
  const auto cache = t.open<Session>([&](CacheOptions<Session>& options) {
    options.indexes = {index("by_subject", &Session::subject)};
    options.hooks.pre_erase = [&](std::string_view key) {
      if (inside && key == "k") {
        const Face<Session> again = *std::exchange(inside, std::nullopt);
        EXPECT_TRUE(is(again.erase("k"), true));
        EXPECT_TRUE(succeeds(again.set("k", {"ann", "new", 2}, {1h, {"tag"}})));
      }
      return Verdict::allow();
    };
  });
  const std::vector<std::function<void()>> erasures = {
      [&] { EXPECT_TRUE(is(cache.erase_by_index("by_subject", "ann"), 0U)); },
      [&] { EXPECT_TRUE(is(cache.erase_by_tag("tag"), 0U)); },
      [&] { EXPECT_TRUE(is(cache.erase_by_pattern("k*"), 0U)); },
  };
  for (const auto& erase_group : erasures) {
    EXPECT_TRUE(succeeds(cache.set("k", {"ann", "old", 1}, {1h, {"tag"}})));
    inside = cache;
    erase_group();
    EXPECT_EQ(cache.get("k")->device, "new");
  }
}

// A member whose value left the group meanwhile is no member any more.
LARDER_CONTRACT(rule_10_a_member_that_left_is_untouched, kStores) {
  std::optional<Face<Session>> inside;
  const auto cache = t.open<Session>([&](CacheOptions<Session>& options) {
    options.indexes = {index("by_subject", &Session::subject)};
    options.hooks.pre_erase = [&](std::string_view) {
      if (inside) {
        const Face<Session> now = *std::exchange(inside, std::nullopt);
        EXPECT_TRUE(succeeds(now.set("k", {"ben", "moved", 2})));
      }
      return Verdict::allow();
    };
  });
  EXPECT_TRUE(succeeds(cache.set("k", {"ann", "old", 1})));
  inside = cache;
  EXPECT_TRUE(is(cache.erase_by_index("by_subject", "ann"), 0U));
  EXPECT_EQ(cache.get("k")->device, "moved");
}

// An overwrite continues the life: a member at the start whose life goes on is erased.
LARDER_CONTRACT(rule_10_a_member_that_was_overwritten_is_erased, kStores) {
  std::optional<Face<Session>> inside;
  const auto cache = t.open<Session>([&](CacheOptions<Session>& options) {
    options.indexes = {index("by_subject", &Session::subject)};
    options.hooks.pre_erase = [&](std::string_view) {
      if (inside) {
        const Face<Session> now = *std::exchange(inside, std::nullopt);
        EXPECT_TRUE(succeeds(now.set("k", {"ann", "again", 2})));
      }
      return Verdict::allow();
    };
  });
  EXPECT_TRUE(succeeds(cache.set("k", {"ann", "old", 1})));
  inside = cache;
  EXPECT_TRUE(is(cache.erase_by_index("by_subject", "ann"), 1U));
  EXPECT_TRUE(cache.get("k").miss());
}

LARDER_CONTRACT(rule_10_members_exist_while_others_write_case_121_122_178,
                kStores | kPlainOptions) {
  const auto cache = open_sessions(t);
  in_parallel(3, [&](int worker) {
    for (int i = 0; i < 200; ++i) {
      const std::string key = "k" + std::to_string(i % 20);
      if (worker == 0) {
        EXPECT_TRUE(succeeds(cache.set(key, {i % 3 == 0 ? "ann" : "ben", "d", i})));
      } else if (worker == 1) {
        EXPECT_TRUE(succeeds(cache.add_index("i", "k1*", "t" + std::to_string(i % 5))));
        EXPECT_TRUE(succeeds(cache.erase(key)));
      } else {
        const auto members = cache.get_by_index("i", "t" + std::to_string(i % 5));
        for (const std::string& member : *members) {
          EXPECT_TRUE(member.starts_with("k1")) << member;
        }
        for (const auto& value : cache.get_values_by_index("by_subject", "ann")) {
          EXPECT_EQ(value->subject, "ann");
        }
      }
    }
  });
  Texts all = sorted(cache.keys_by_pattern("*"));
  for (const std::string& member : sorted(cache.get_by_index("by_subject", "ann"))) {
    EXPECT_EQ(cache.get(member)->subject, "ann");
  }
  EXPECT_EQ(*cache.count_by_index("by_subject", "ann") + *cache.count_by_index("by_subject", "ben"),
            all.size());
}

}  // namespace
}  // namespace larder::contract
