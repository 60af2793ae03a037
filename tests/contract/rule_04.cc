// Rule 4: lives and entries: what a write begins anew and what it continues.
//
// Thread safety: tests.
#include "helpers.h"

namespace larder::contract {
namespace {

CacheOptions<std::int64_t> counting_reads(CacheOptions<std::int64_t> options) {
  options.settings.track_access = true;
  return options;
}

Face<std::int64_t> open_tracked(Fixture& t) {
  return t.open<std::int64_t>(
      [](CacheOptions<std::int64_t>& options) { options = counting_reads(options); });
}

// An entry with an age, tags and reads, for the next write to keep or to lose.
EntryMetadata grown(Fixture& t, const Face<std::int64_t>& cache, const std::string& key) {
  EXPECT_TRUE(succeeds(cache.set(key, 1, {1h, {"tag"}})));
  t.advance(1s);
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(cache.get(key).hit());
  t.advance(1s);
  const EntryMetadata metadata = *cache.metadata(key);
  EXPECT_EQ(metadata.access_count, 3U);
  EXPECT_EQ(metadata.tags, Texts{"tag"});
  EXPECT_EQ(metadata.last_accessed, metadata.created_at + 1s);
  return metadata;
}

LARDER_CONTRACT(rule_04_metadata_of_a_fresh_entry_case_073_084, kStores) {
  const auto cache = open_tracked(t);
  EXPECT_TRUE(succeeds(cache.set("k", 1, 1h)));
  const auto metadata = cache.metadata("k");
  ASSERT_TRUE(metadata.hit());
  EXPECT_EQ(metadata->key, "k");
  EXPECT_EQ(metadata->expires_at, metadata->created_at + 1h);
  EXPECT_EQ(metadata->created_at.time_since_epoch(),
            std::chrono::floor<std::chrono::milliseconds>(
                std::chrono::nanoseconds(t.clock()->wall_ns())));
  EXPECT_GT(metadata->size_bytes, 0U);
  EXPECT_EQ(metadata->access_count, 0U);
  EXPECT_FALSE(metadata->last_accessed.has_value());
  EXPECT_TRUE(metadata->tags.empty());
}

LARDER_CONTRACT(rule_04_untracked_reads_leave_no_trace, kStores) {
  const auto cache = t.open<std::int64_t>(
      [](CacheOptions<std::int64_t>& options) { options.settings.track_access = false; });
  EXPECT_TRUE(succeeds(cache.set("k", 1)));
  EXPECT_TRUE(cache.get("k").hit());
  EXPECT_FALSE(cache.metadata("k")->access_count.has_value());
  EXPECT_FALSE(cache.metadata("k")->last_accessed.has_value());
}

LARDER_CONTRACT(rule_04_reads_are_counted_case_074, kStores) {
  const auto cache = open_tracked(t);
  EXPECT_TRUE(succeeds(cache.set("k", 1, 1h)));
  const auto expiry = cache.metadata("k")->expires_at;
  t.advance(10ms);
  EXPECT_TRUE(cache.get("k").hit());
  const auto first = *cache.metadata("k");
  EXPECT_EQ(first.access_count, 1U);
  EXPECT_EQ(first.last_accessed, first.created_at + 10ms);
  t.advance(10ms);
  EXPECT_TRUE(cache.get_ref("k").hit());
  EXPECT_TRUE(cache.get_entry("k").hit());
  EXPECT_EQ(cache.get_many({"k", "k"}).hits(), 2U);
  const auto second = *cache.metadata("k");
  EXPECT_EQ(second.access_count, 5U);
  EXPECT_GT(second.last_accessed, first.last_accessed);
  EXPECT_EQ(second.expires_at, expiry);
}

LARDER_CONTRACT(rule_04_contains_and_metadata_are_no_use_case_056, kStores) {
  const auto cache = open_tracked(t);
  EXPECT_TRUE(succeeds(cache.set("k", 1)));
  for (int i = 0; i < 5; ++i) {
    EXPECT_TRUE(is(cache.contains("k"), true));
    EXPECT_TRUE(cache.metadata("k").hit());
    EXPECT_EQ(cache.metadata_many({"k"}).hits(), 1U);
    EXPECT_EQ(sorted(cache.keys_by_pattern("*")).size(), 1U);
  }
  EXPECT_EQ(cache.metadata("k")->access_count, 0U);
  EXPECT_FALSE(cache.metadata("k")->last_accessed.has_value());
}

LARDER_CONTRACT(rule_04_an_overwrite_is_a_new_entry_case_083, kStores) {
  const auto cache = open_tracked(t);
  const std::vector<std::function<void()>> writes = {
      [&] { EXPECT_TRUE(succeeds(cache.set("k", 2, 1h))); },
      [&] { EXPECT_TRUE(succeeds(cache.set_many({{"k", 2}}, 1h))); },
      [&] { EXPECT_TRUE(is(cache.set_if_present("k", 2, 1h), true)); },
      [&] { EXPECT_TRUE(is(cache.compare_and_set("k", cache.metadata("k")->version, 2), true)); },
  };
  for (const auto& write : writes) {
    const EntryMetadata before = grown(t, cache, "k");
    write();
    const EntryMetadata after = *cache.metadata("k");
    EXPECT_EQ(after.created_at, before.created_at + 2s);
    EXPECT_EQ(after.access_count, 0U);
    EXPECT_FALSE(after.last_accessed.has_value());
    EXPECT_TRUE(after.tags.empty());
    EXPECT_NE(after.version, before.version);
    EXPECT_TRUE(is(cache.erase_by_tag("tag"), 0U));
  }
}

LARDER_CONTRACT(rule_04_what_continues_an_entry_case_083_094, kStores) {
  const auto cache = open_tracked(t);
  const auto store_it = [](const std::int64_t*) { return std::int64_t{2}; };
  const std::vector<std::function<void()>> steps = {
      [&] { EXPECT_TRUE(succeeds(cache.update("k", store_it))); },
      [&] { EXPECT_TRUE(is(cache.increment("k", 5), 6)); },
      [&] { EXPECT_TRUE(is(cache.decrement("k", 5), -4)); },
      [&] { EXPECT_TRUE(is(cache.touch("k", 1h - 2s), true)); },
      [&] { EXPECT_TRUE(is(cache.rename("k", "k2"), true)); },
      [&] { EXPECT_TRUE(is(cache.set_tags("k", {"tag"}), true)); },
  };
  for (const auto& step : steps) {
    const EntryMetadata before = grown(t, cache, "k");
    step();
    const bool renamed = !*cache.contains("k");
    const EntryMetadata after = *cache.metadata(renamed ? "k2" : "k");
    EXPECT_EQ(after.created_at, before.created_at);
    EXPECT_EQ(after.expires_at, before.expires_at);
    EXPECT_EQ(after.access_count, before.access_count);
    EXPECT_EQ(after.last_accessed, before.last_accessed);
    EXPECT_EQ(after.tags, before.tags);
    EXPECT_TRUE(is(cache.erase_by_tag("tag"), 1U));
  }
}

LARDER_CONTRACT(rule_04_set_tags_replaces_the_tags_case_081, kStores) {
  const auto cache = open_tracked(t);
  const EntryMetadata before = grown(t, cache, "k");
  EXPECT_TRUE(is(cache.set_tags("k", {"z", "a", "z"}), true));
  const EntryMetadata after = *cache.metadata("k");
  EXPECT_EQ(after.tags, (Texts{"a", "z"}));
  EXPECT_EQ(after.expires_at, before.expires_at);
  EXPECT_TRUE(is(cache.erase_by_tag("tag"), 0U));
  EXPECT_TRUE(is(cache.set_tags("k", {}), true));
  EXPECT_TRUE(cache.metadata("k")->tags.empty());
  EXPECT_TRUE(is(cache.erase_by_tag_many({"a", "z"}), std::vector<std::size_t>{0, 0}));
  EXPECT_TRUE(is(cache.contains("k"), true));
}

LARDER_CONTRACT(rule_04_an_update_may_bring_ttl_and_tags, kStores) {
  const auto cache = t.open();
  EXPECT_TRUE(succeeds(cache.set("k", "v", {1h, {"old"}})));
  const auto created = cache.metadata("k")->created_at;
  t.advance(1min);
  const auto retag = [](const std::string*) -> Change<std::string> {
    return store(std::string("w"), {5min, {"new"}});
  };
  EXPECT_TRUE(succeeds(cache.update("k", retag)));
  const EntryMetadata after = *cache.metadata("k");
  EXPECT_EQ(after.created_at, created);
  EXPECT_EQ(after.expires_at, created + 6min);
  EXPECT_EQ(after.tags, Texts{"new"});
  EXPECT_TRUE(is(cache.erase_by_tag("old"), 0U));
  EXPECT_TRUE(is(cache.erase_by_tag("new"), 1U));
}

// Bound terms belong to the life: an overwrite keeps them, a later life does not.
LARDER_CONTRACT(rule_04_bound_terms_belong_to_the_life, kStores) {
  const auto cache = t.open();
  EXPECT_TRUE(succeeds(cache.set("k", "v")));
  EXPECT_TRUE(is(cache.add_index("i", "k", "term"), 1U));
  const std::vector<std::function<void()>> writes = {
      [&] { EXPECT_TRUE(succeeds(cache.set("k", "w"))); },
      [&] { EXPECT_TRUE(succeeds(cache.set_many({{"k", "x"}}))); },
      [&] { EXPECT_TRUE(is(cache.set_if_present("k", "y"), true)); },
      [&] {
        EXPECT_TRUE(is(cache.compare_and_set("k", cache.get_entry("k")->version, "z"), true));
      },
      [&] { EXPECT_TRUE(succeeds(cache.update("k", [](const std::string*) { return "u"; }))); },
      [&] { EXPECT_TRUE(is(cache.touch("k", 1h), true)); },
      [&] { EXPECT_TRUE(is(cache.set_tags("k", {"tag"}), true)); },
  };
  for (const auto& write : writes) {
    write();
    EXPECT_EQ(sorted(cache.get_by_index("i", "term")), Texts{"k"});
  }
  EXPECT_TRUE(is(cache.rename("k", "l"), true));
  EXPECT_EQ(sorted(cache.get_by_index("i", "term")), Texts{"l"});
}

LARDER_CONTRACT(rule_04_a_later_life_inherits_nothing_case_128, kStores) {
  const auto cache = open_tracked(t);
  const std::vector<std::function<void()>> ends = {
      [&] { EXPECT_TRUE(is(cache.erase("k"), true)); },
      [&] { EXPECT_TRUE(is(cache.erase_many({"k"}), 1U)); },
      [&] { EXPECT_TRUE(cache.take("k").hit()); },
      [&] { EXPECT_TRUE(succeeds(cache.clear())); },
      [&] { EXPECT_TRUE(is(cache.erase_by_pattern("*"), 1U)); },
      [&] { EXPECT_TRUE(is(cache.erase_by_tag("tag"), 1U)); },
      [&] { EXPECT_TRUE(is(cache.erase_by_index("i", "user1"), 1U)); },
      [&] { EXPECT_TRUE(is(cache.rename("k", "elsewhere"), true)); },
      [&] {
        EXPECT_TRUE(succeeds(cache.update(
            "k", [](const std::int64_t*) -> Change<std::int64_t> { return larder::erase; })));
      },
      [&] { t.advance(1h); },  // found expired by the write itself
      [&] {
        t.advance(1h);
        EXPECT_TRUE(cache.get("k").miss());
      },
      [&] {
        t.advance(1h);
        EXPECT_TRUE(is(cache.contains("k"), false));
      },
      [&] {
        t.advance(1h);
        testing::maintain(cache.cache());
      },
  };
  for (const auto& end : ends) {
    EXPECT_TRUE(succeeds(cache.clear()));
    static_cast<void>(grown(t, cache, "k"));
    EXPECT_TRUE(is(cache.add_index("i", "k", "user1"), 1U));
    end();
    EXPECT_TRUE(succeeds(cache.set("k", 1)));
    EXPECT_EQ(sorted(cache.get_by_index("i", "user1")),
              *cache.contains("elsewhere") ? Texts{"elsewhere"} : Texts{});
    EXPECT_TRUE(cache.metadata("k")->tags.empty());
    EXPECT_EQ(cache.metadata("k")->access_count, 0U);
    const bool elsewhere = *cache.contains("elsewhere");
    EXPECT_TRUE(is(cache.erase("elsewhere"), elsewhere));
    EXPECT_TRUE(is(cache.erase_by_tag("tag"), 0U));
  }
}

LARDER_CONTRACT(rule_04_rename_replaces_the_destination, kStores) {
  const auto cache = t.open<Session>([](CacheOptions<Session>& options) {
    options.indexes = {index("by_subject", &Session::subject)};
  });
  EXPECT_TRUE(succeeds(cache.set("from", {"ann", "phone", 1}, {1h, {"f"}})));
  EXPECT_TRUE(succeeds(cache.set("to", {"ben", "desk", 2}, {2h, {"t"}})));
  EXPECT_TRUE(is(cache.add_index("i", "from", "bound"), 1U));
  EXPECT_TRUE(is(cache.add_index("i", "to", "lost"), 1U));
  EXPECT_TRUE(is(cache.rename("from", "to"), true));
  EXPECT_TRUE(cache.get("from").miss());
  EXPECT_EQ(cache.get("to")->subject, "ann");
  EXPECT_EQ(cache.metadata("to")->tags, Texts{"f"});
  EXPECT_EQ(sorted(cache.get_by_index("by_subject", "ann")), Texts{"to"});
  EXPECT_EQ(sorted(cache.get_by_index("by_subject", "ben")), Texts{});
  EXPECT_EQ(sorted(cache.get_by_index("i", "bound")), Texts{"to"});
  EXPECT_EQ(sorted(cache.get_by_index("i", "lost")), Texts{});
  EXPECT_TRUE(is(cache.rename("to", "to"), true));
  EXPECT_EQ(cache.get("to")->subject, "ann");
  EXPECT_EQ(sorted(cache.keys_by_pattern("*")), Texts{"to"});
}

LARDER_CONTRACT(rule_04_loaded_entries_have_their_terms, kStores) {
  const auto cache = t.open();
  const auto load = [] {
    return Loaded<std::string>{.value = "v", .ttl = Ttl(1min), .tags = Texts{"loaded"}};
  };
  EXPECT_TRUE(is(cache.get_or_set("own", load, {1h, {"call"}}), "v"));
  EXPECT_TRUE(is(cache.get_or_set("call", [] { return std::string("v"); }, {1h, {"call"}}), "v"));
  const EntryMetadata own = *cache.metadata("own");
  EXPECT_EQ(own.tags, Texts{"loaded"});
  EXPECT_EQ(own.expires_at, own.created_at + 1min);
  const EntryMetadata call = *cache.metadata("call");
  EXPECT_EQ(call.tags, Texts{"call"});
  EXPECT_EQ(call.expires_at, call.created_at + 1h);
}

}  // namespace
}  // namespace larder::contract
