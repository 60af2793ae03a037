// Rule 7: invalidation beats loading, whatever the write and however the load ends.
//
// Thread safety: tests.
#include <functional>
#include <stdexcept>

#include "helpers.h"

namespace larder::contract {
namespace {

using Number = std::int64_t;
using Store = Face<Number>;

constexpr Number kLoaded = 42;

// A load of "k" begins, `write` happens, the load ends: its value was never stored, and the caller
// who had joined before has it. `left`: what lives at "k" afterwards, 0 for nothing.
void loses_to(Fixture& t, const Store& cache, const std::function<void()>& write, Number left) {
  SCOPED_TRACE(left);
  static_cast<void>(cache.erase("k"));
  const Stats before = cache.stats();
  BlockedLoad<Number> load(cache, "k", kLoaded);
  Joiner<Number> joiner(cache, "k");
  wait_for_joins(cache, before.joins + 1);
  write();
  EXPECT_TRUE(is(load.finish(), kLoaded));
  EXPECT_TRUE(is(joiner.finish(), kLoaded));
  EXPECT_EQ(cache.get("k").value_or(0), t.stores() ? left : 0);
  if (t.stores()) {
    EXPECT_EQ(cache.stats().loads_fenced, before.loads_fenced + 1);
  }
}

// The same, seen by a later caller while the load still runs: it must load again.
void later_callers_load_again(const Store& cache, const std::function<void()>& write) {
  static_cast<void>(cache.erase("k"));
  BlockedLoad<Number> load(cache, "k", kLoaded);
  write();
  EXPECT_TRUE(is(cache.get_or_set("k", [] { return Number{7}; }), 7));
  EXPECT_TRUE(is(load.finish(), kLoaded));
  EXPECT_NE(cache.get("k").value_or(7), kLoaded);
}

LARDER_CONTRACT(rule_07_set_during_a_load_wins_case_241, kAnyEngine) {
  const auto cache = t.open<Number>();
  loses_to(t, cache, [&] { EXPECT_TRUE(succeeds(cache.set("k", 1))); }, 1);
}

LARDER_CONTRACT(rule_07_set_many_during_a_load_wins, kAnyEngine) {
  const auto cache = t.open<Number>();
  loses_to(t, cache, [&] { EXPECT_TRUE(succeeds(cache.set_many({{"j", 1}, {"k", 2}}))); }, 2);
}

LARDER_CONTRACT(rule_07_set_if_absent_during_a_load_wins, kAnyEngine) {
  const auto cache = t.open<Number>();
  loses_to(t, cache, [&] { EXPECT_TRUE(is(cache.set_if_absent("k", 3), true)); }, 3);
}

LARDER_CONTRACT(rule_07_compare_and_set_during_a_load_wins, kAnyEngine) {
  const auto cache = t.open<Number>();
  const auto create = [&] {
    EXPECT_TRUE(is(cache.compare_and_set("k", Version::absent(), 4), true));
  };
  loses_to(t, cache, create, 4);
}

LARDER_CONTRACT(rule_07_increment_during_a_load_wins, kAnyEngine) {
  const auto cache = t.open<Number>();
  loses_to(t, cache, [&] { EXPECT_TRUE(is(cache.increment("k", 5), 5)); }, 5);
  loses_to(t, cache, [&] { EXPECT_TRUE(is(cache.decrement("k", 5), -5)); }, -5);
}

LARDER_CONTRACT(rule_07_update_store_during_a_load_wins, kAnyEngine) {
  const auto cache = t.open<Number>();
  const auto store_six = [&] {
    EXPECT_TRUE(succeeds(cache.update("k", [](const Number*) { return Number{6}; })));
  };
  loses_to(t, cache, store_six, 6);
}

LARDER_CONTRACT(rule_07_update_erase_during_a_load_is_not_undone, kAnyEngine) {
  const auto cache = t.open<Number>();
  const auto erase_it = [&] {
    EXPECT_TRUE(succeeds(cache.update("k", [](const Number*) -> Change<Number> { return erase; })));
  };
  loses_to(t, cache, erase_it, 0);
}

LARDER_CONTRACT(rule_07_set_if_present_after_a_set_during_a_load_wins, kStores) {
  const auto cache = t.open<Number>();
  const auto twice = [&] {
    EXPECT_TRUE(succeeds(cache.set("k", 1)));
    EXPECT_TRUE(is(cache.set_if_present("k", 2), true));
  };
  loses_to(t, cache, twice, 2);
}

LARDER_CONTRACT(rule_07_erase_of_an_absent_key_is_not_undone_case_241, kAnyEngine) {
  const auto cache = t.open<Number>();
  loses_to(t, cache, [&] { EXPECT_TRUE(is(cache.erase("k"), false)); }, 0);
}

LARDER_CONTRACT(rule_07_erase_many_is_not_undone, kAnyEngine) {
  const auto cache = t.open<Number>();
  loses_to(t, cache, [&] { EXPECT_TRUE(is(cache.erase_many({"j", "k"}), 0U)); }, 0);
}

LARDER_CONTRACT(rule_07_take_of_an_absent_key_is_not_undone, kAnyEngine) {
  const auto cache = t.open<Number>();
  loses_to(t, cache, [&] { EXPECT_TRUE(cache.take("k").miss()); }, 0);
}

LARDER_CONTRACT(rule_07_erase_after_a_set_is_not_undone, kStores) {
  const auto cache = t.open<Number>();
  const std::vector<std::function<void()>> removals = {
      [&] { EXPECT_TRUE(is(cache.erase("k"), true)); },
      [&] { EXPECT_TRUE(is(cache.erase_many({"k"}), 1U)); },
      [&] { EXPECT_TRUE(cache.take("k").hit()); },
      [&] { EXPECT_TRUE(is(cache.rename("k", "elsewhere"), true)); },
      [&] { EXPECT_TRUE(is(cache.erase_by_tag("tag"), 1U)); },
      [&] { EXPECT_TRUE(is(cache.erase_by_pattern("k"), 1U)); },
      [&] { EXPECT_TRUE(succeeds(cache.clear())); },
  };
  for (const auto& remove : removals) {
    const auto set_and_remove = [&] {
      EXPECT_TRUE(succeeds(cache.set("k", 1, {1h, {"tag"}})));
      remove();
    };
    loses_to(t, cache, set_and_remove, 0);
    static_cast<void>(cache.erase("elsewhere"));
  }
}

LARDER_CONTRACT(rule_07_clear_is_not_undone, kAnyEngine) {
  const auto cache = t.open<Number>();
  loses_to(t, cache, [&] { EXPECT_TRUE(succeeds(cache.clear())); }, 0);
}

LARDER_CONTRACT(rule_07_erase_by_pattern_is_not_undone, kAnyEngine) {
  const auto cache = t.open<Number>();
  for (const std::string pattern : {"*", "k", "[a-z]", "?"}) {
    loses_to(t, cache, [&] { EXPECT_TRUE(is(cache.erase_by_pattern(pattern), 0U)); }, 0);
  }
}

LARDER_CONTRACT(rule_07_a_pattern_that_does_not_match_leaves_the_load_alone, kStores) {
  const auto cache = t.open<Number>();
  BlockedLoad<Number> load(cache, "k", kLoaded);
  EXPECT_TRUE(is(cache.erase_by_pattern("other*"), 0U));
  EXPECT_TRUE(is(load.finish(), kLoaded));
  EXPECT_TRUE(is(cache.get("k"), kLoaded));
}

LARDER_CONTRACT(rule_07_rename_onto_the_key_wins, kStores) {
  const auto cache = t.open<Number>();
  const auto move_here = [&] {
    EXPECT_TRUE(succeeds(cache.set("from", 8)));
    EXPECT_TRUE(is(cache.rename("from", "k"), true));
  };
  loses_to(t, cache, move_here, 8);
}

LARDER_CONTRACT(rule_07_set_tags_is_a_write, kStores) {
  const auto cache = t.open<Number>();
  const auto tagged = [&] {
    EXPECT_TRUE(succeeds(cache.set("k", 9)));
    EXPECT_TRUE(is(cache.set_tags("k", {"tag"}), true));
  };
  loses_to(t, cache, tagged, 9);
  EXPECT_EQ(cache.metadata("k")->tags, Texts{"tag"});
}

// ---- erasing a group that the loaded value belongs to

LARDER_CONTRACT(rule_07_erase_by_tag_beats_a_load_with_that_tag, kStores) {
  const auto cache = t.open<Number>();
  BlockedLoad<Number> by_call(cache, "a", kLoaded, {1h, {"group"}});
  BlockedLoad<Number> other(cache, "b", kLoaded, {1h, {"others"}});
  EXPECT_TRUE(is(cache.erase_by_tag("group"), 0U));
  EXPECT_TRUE(is(by_call.finish(), kLoaded));
  EXPECT_TRUE(is(other.finish(), kLoaded));
  EXPECT_TRUE(cache.get("a").miss());
  EXPECT_TRUE(is(cache.get("b"), kLoaded));
  EXPECT_TRUE(is(cache.get_or_set("a", [] { return Number{1}; }, {1h, {"group"}}), 1));
  EXPECT_TRUE(is(cache.get("a"), 1));
}

LARDER_CONTRACT(rule_07_erase_by_tag_beats_a_tag_the_loader_chooses, kStores) {
  const auto cache = t.open<Number>();
  std::latch began(1);
  std::latch go_on(1);
  std::jthread caller([&] {
    const auto load = [&] {
      began.count_down();
      go_on.wait();
      return Loaded<Number>{.value = kLoaded, .tags = Texts{"group"}};
    };
    EXPECT_TRUE(is(cache.get_or_set("k", load), kLoaded));
  });
  began.wait();
  EXPECT_TRUE(is(cache.erase_by_tag_many({"x", "group"}), std::vector<std::size_t>{0, 0}));
  go_on.count_down();
  caller.join();
  EXPECT_TRUE(cache.get("k").miss());
}

LARDER_CONTRACT(rule_07_erase_by_index_beats_a_load_with_that_term, kStores) {
  const auto cache = t.open<Session>([](CacheOptions<Session>& options) {
    options.indexes = {index("by_subject", &Session::subject)};
  });
  const Session ann{"ann", "phone", 1};
  const Session ben{"ben", "desk", 2};
  BlockedLoad<Session> loses(cache, "a", ann);
  BlockedLoad<Session> stays(cache, "b", ben);
  EXPECT_TRUE(is(cache.erase_by_index("by_subject", "ann"), 0U));
  EXPECT_TRUE(is(loses.finish(), ann));
  EXPECT_TRUE(is(stays.finish(), ben));
  EXPECT_TRUE(cache.get("a").miss());
  EXPECT_TRUE(is(cache.get("b"), ben));
  BlockedLoad<Session> again(cache, "a", ann);
  EXPECT_TRUE(
      is(cache.erase_by_index_many("by_subject", {"ben", "ann"}), std::vector<std::size_t>{1, 0}));
  EXPECT_TRUE(is(again.finish(), ann));
  EXPECT_TRUE(cache.get("a").miss());
}

// ---- later callers, ABA, and other ends of the loser

LARDER_CONTRACT(rule_07_later_callers_load_again, kAnyEngine) {
  const auto cache = t.open<Number>();
  later_callers_load_again(cache, [&] { static_cast<void>(cache.erase("k")); });
  later_callers_load_again(cache, [&] { static_cast<void>(cache.clear()); });
  later_callers_load_again(cache, [&] { static_cast<void>(cache.erase_by_pattern("*")); });
  later_callers_load_again(cache, [&] { static_cast<void>(cache.take("k")); });
  later_callers_load_again(cache, [&] { static_cast<void>(cache.erase_many({"k"})); });
  later_callers_load_again(cache, [&] {
    static_cast<void>(cache.set("k", 1));
    static_cast<void>(cache.erase("k"));
  });
}

// ABA: load 1 begins, an erase, load 2 begins and publishes, load 1 ends.
LARDER_CONTRACT(rule_07_an_old_load_does_not_pass_for_a_new_one, kStores) {
  const auto cache = t.open<Number>();
  BlockedLoad<Number> first(cache, "k", 1);
  Joiner<Number> joined_first(cache, "k");
  wait_for_joins(cache, 1);
  EXPECT_TRUE(is(cache.erase("k"), false));
  BlockedLoad<Number> second(cache, "k", 2);
  Joiner<Number> joined_second(cache, "k");
  wait_for_joins(cache, 2);
  EXPECT_TRUE(is(second.finish(), 2));
  EXPECT_TRUE(is(joined_second.finish(), 2));
  EXPECT_TRUE(is(first.finish(), 1));
  EXPECT_TRUE(is(joined_first.finish(), 1));
  EXPECT_TRUE(is(cache.get("k"), 2));
}

// The same with the second load still running when the first ends.
LARDER_CONTRACT(rule_07_an_old_load_does_not_end_a_new_one, kAnyEngine) {
  const auto cache = t.open<Number>();
  BlockedLoad<Number> first(cache, "k", 1);
  EXPECT_TRUE(is(cache.erase("k"), false));
  BlockedLoad<Number> second(cache, "k", 2);
  EXPECT_TRUE(is(first.finish(), 1));
  EXPECT_EQ(cache.stats().flights, 1U);
  EXPECT_TRUE(is(cache.contains("k"), false));
  Joiner<Number> joiner(cache, "k");
  wait_for_joins(cache, 1);
  EXPECT_TRUE(is(second.finish(), 2));
  EXPECT_TRUE(is(joiner.finish(), 2));
  EXPECT_EQ(cache.get("k").value_or(0), t.stores() ? 2 : 0);
}

LARDER_CONTRACT(rule_07_three_generations_of_loads, kStores) {
  const auto cache = t.open<Number>();
  BlockedLoad<Number> first(cache, "k", 1);
  EXPECT_TRUE(succeeds(cache.clear()));
  BlockedLoad<Number> second(cache, "k", 2);
  EXPECT_TRUE(is(cache.erase_by_pattern("k"), 0U));
  BlockedLoad<Number> third(cache, "k", 3);
  EXPECT_TRUE(is(second.finish(), 2));
  EXPECT_TRUE(is(third.finish(), 3));
  EXPECT_TRUE(is(first.finish(), 1));
  EXPECT_TRUE(is(cache.get("k"), 3));
}

LARDER_CONTRACT(rule_07_a_beaten_load_may_fail_too, kAnyEngine) {
  const auto cache = t.open<Number>();
  const std::vector<BlockedLoad<Number>::Answer> ends = {
      [](LoadContext&) { return Lookup<Number>(std::nullopt); },
      [](LoadContext&) { return Lookup<Number>(Error(Errc::unavailable)); },
      [](LoadContext&) -> Lookup<Number> { throw std::runtime_error("broken"); },
  };
  for (const auto& end : ends) {
    BlockedLoad<Number> load(cache, "k", end);
    EXPECT_TRUE(succeeds(cache.set("k", 1)));
    EXPECT_FALSE(load.finish().hit());
    EXPECT_EQ(cache.get("k").value_or(0), t.stores() ? 1 : 0);
    static_cast<void>(cache.erase("k"));
  }
}

LARDER_CONTRACT(rule_07_a_batch_publishes_only_what_was_not_written, kStores) {
  const auto cache = t.open<Number>();
  const auto load = [&](std::span<const std::string_view> missing) {
    EXPECT_EQ(missing.size(), 3U);
    EXPECT_TRUE(succeeds(cache.set("b", 1)));
    EXPECT_TRUE(is(cache.erase("c"), false));
    return std::vector<Number>(missing.size(), kLoaded);
  };
  const auto values = cache.get_or_set_many({"a", "b", "c"}, load);
  EXPECT_EQ(values.hits(), 3U);
  EXPECT_TRUE(is(cache.get("a"), kLoaded));
  EXPECT_TRUE(is(cache.get("b"), 1));
  EXPECT_TRUE(cache.get("c").miss());
}

LARDER_CONTRACT(rule_07_a_ref_load_is_fenced_too, kStores) {
  const auto cache = t.open<Number>();
  const auto load = [&] {
    EXPECT_TRUE(is(cache.erase("k"), false));
    return kLoaded;
  };
  const auto ref = cache.get_or_set_ref("k", load);
  EXPECT_EQ(**ref, kLoaded);
  EXPECT_TRUE(cache.get("k").miss());
}

LARDER_CONTRACT(rule_07_writes_that_did_nothing_do_not_beat, kStores) {
  const auto cache = t.open<Number>();
  BlockedLoad<Number> load(cache, "k", kLoaded);
  EXPECT_TRUE(is(cache.set_if_present("k", 1), false));
  EXPECT_TRUE(is(cache.compare_and_set("k", cache.set("other", 1).value(), 1), false));
  EXPECT_TRUE(succeeds(cache.update("k", [](const Number*) -> Change<Number> { return keep; })));
  EXPECT_TRUE(is(load.finish(), kLoaded));
  EXPECT_TRUE(is(cache.get("k"), kLoaded));
}

LARDER_CONTRACT(rule_07_random_writes_never_lose_to_loads, kStores | kPlainOptions) {
  const auto cache = t.open<Number>();
  for (Number round = 1; round <= 200; ++round) {
    std::latch together(2);
    std::atomic<Number> version{round * 10};
    std::jthread loader([&] {
      together.arrive_and_wait();
      static_cast<void>(cache.get_or_set("k", [&] { return version.load(); }));
    });
    together.arrive_and_wait();
    version = round * 10 + 1;
    static_cast<void>(cache.erase("k"));
    loader.join();
    // Whatever is there was loaded after the erase, so it saw the new version.
    EXPECT_EQ(cache.get("k").value_or(round * 10 + 1), round * 10 + 1);
    static_cast<void>(cache.erase("k"));
  }
}

}  // namespace
}  // namespace larder::contract
