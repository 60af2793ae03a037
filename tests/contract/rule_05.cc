// Rule 5: update is optimistic and atomic.
//
// Thread safety: tests.
#include <stdexcept>

#include "helpers.h"

namespace larder::contract {
namespace {

using Number = std::int64_t;

Change<Number> add_one(const Number* old) { return store(old == nullptr ? Number{1} : *old + 1); }

LARDER_CONTRACT(rule_05_an_update_says_what_it_did_case_171, kStores) {
  const auto cache = t.open<Number>();
  using Action = Updated<Number>::Action;
  const auto kept_nothing = cache.update("k", [](const Number*) -> Change<Number> { return keep; });
  EXPECT_EQ(kept_nothing->action, Action::kept);
  EXPECT_FALSE(kept_nothing->value.has_value());
  EXPECT_TRUE(kept_nothing->version.is_absent());
  EXPECT_TRUE(cache.get("k").miss());

  const auto stored = cache.update("k", add_one);
  EXPECT_EQ(stored->action, Action::stored);
  EXPECT_EQ(stored->value, 1);
  EXPECT_EQ(stored->version, cache.get_entry("k")->version);

  const auto kept = cache.update("k", [](const Number*) -> Change<Number> { return keep; });
  EXPECT_EQ(kept->action, Action::kept);
  EXPECT_EQ(kept->value, 1);
  EXPECT_EQ(kept->version, stored->version);

  const auto erased =
      cache.update("k", [](const Number*) -> Change<Number> { return larder::erase; });
  EXPECT_EQ(erased->action, Action::erased);
  EXPECT_FALSE(erased->value.has_value());
  EXPECT_TRUE(erased->version.is_absent());
  EXPECT_TRUE(cache.get("k").miss());
}

LARDER_CONTRACT(rule_05_an_error_aborts, kAnyEngine) {
  const auto cache = t.open<Number>();
  EXPECT_TRUE(succeeds(cache.set("k", 1)));
  const auto refuse = [](const Number*) { return Error(Errc::server_error, "no such account"); };
  const auto refused = cache.update("k", refuse);
  EXPECT_TRUE(fails(refused, Errc::server_error));
  EXPECT_EQ(refused.error().message(), "no such account");
  EXPECT_EQ(cache.get("k").value_or(0), t.stores() ? 1 : 0);
}

LARDER_CONTRACT(rule_05_an_exception_aborts_and_is_kept, kAnyEngine) {
  const auto cache = t.open<Number>();
  EXPECT_TRUE(succeeds(cache.set("k", 1)));
  const auto broken = [](const Number*) -> Number { throw std::out_of_range("beyond"); };
  const auto failed = cache.update("k", broken);
  ASSERT_TRUE(fails(failed, Errc::callback_failed));
  EXPECT_EQ(failed.error().effect(), Effect::no);
  ASSERT_NE(failed.error().exception(), nullptr);
  EXPECT_THROW(std::rethrow_exception(failed.error().exception()), std::out_of_range);
  EXPECT_EQ(cache.get("k").value_or(0), t.stores() ? 1 : 0);
}

LARDER_CONTRACT(rule_05_no_update_is_lost_case_091, kStores) {
  const auto cache = t.open<Number>();
  in_parallel(4, [&](int) {
    for (int i = 0; i < 50; ++i) EXPECT_TRUE(succeeds(cache.update("k", add_one)));
  });
  EXPECT_TRUE(is(cache.get("k"), 200));
}

// What comes between reading and storing: each writer makes the updater run again.
LARDER_CONTRACT(rule_05_a_write_in_between_makes_it_run_again_case_190, kStores) {
  const auto cache = t.open<Number>();
  const std::vector<std::function<void()>> writes = {
      [&] { EXPECT_TRUE(succeeds(cache.set("k", 10))); },
      [&] { EXPECT_TRUE(succeeds(cache.set_many({{"k", 10}}))); },
      [&] { EXPECT_TRUE(is(cache.set_if_present("k", 10), true)); },
      [&] { EXPECT_TRUE(is(cache.increment("k", 9), 10)); },
      [&] {
        EXPECT_TRUE(succeeds(cache.set("from", 10)));
        EXPECT_TRUE(is(cache.rename("from", "k"), true));
      },
      [&] {
        EXPECT_TRUE(is(cache.erase("k"), true));
        EXPECT_TRUE(succeeds(cache.set("k", 10)));
      },
  };
  for (const auto& write : writes) {
    EXPECT_TRUE(succeeds(cache.set("k", 1)));
    std::vector<Number> seen;
    const auto between = [&](const Number* old) {
      seen.push_back(*old);
      if (seen.size() == 1) write();
      return *old + 1;
    };
    EXPECT_EQ(cache.update("k", between)->value, 11);
    EXPECT_EQ(seen, (std::vector<Number>{1, 10}));
    EXPECT_TRUE(is(cache.get("k"), 11));
  }
}

// ABA: the same value again is another entry.
LARDER_CONTRACT(rule_05_the_same_value_again_is_another_entry, kStores) {
  const auto cache = t.open<Number>();
  EXPECT_TRUE(succeeds(cache.set("k", 1)));
  int runs = 0;
  const auto replaced = [&](const Number* old) {
    if (++runs == 1) {
      EXPECT_TRUE(is(cache.erase("k"), true));
      EXPECT_TRUE(succeeds(cache.set("k", 1)));
    }
    return *old + 1;
  };
  EXPECT_EQ(cache.update("k", replaced)->value, 2);
  EXPECT_EQ(runs, 2);
  EXPECT_GE(cache.stats().update_retries, 1U);
}

LARDER_CONTRACT(rule_05_nothing_resurrects_unless_stored, kStores) {
  const auto cache = t.open<Number>();
  const std::vector<std::function<void()>> ends = {
      [&] { EXPECT_TRUE(is(cache.erase("k"), true)); },
      [&] { EXPECT_TRUE(cache.take("k").hit()); },
      [&] { EXPECT_TRUE(succeeds(cache.clear())); },
      [&] { EXPECT_TRUE(is(cache.erase_by_pattern("k"), 1U)); },
      [&] { EXPECT_TRUE(is(cache.erase_by_tag("tag"), 1U)); },
      [&] { EXPECT_TRUE(is(cache.rename("k", "l"), true)); },
      [&] { t.advance(1h); },
  };
  for (const auto& end : ends) {
    EXPECT_TRUE(succeeds(cache.set("k", 1, {1h, {"tag"}})));
    std::vector<bool> present;
    const auto only_if_there = [&](const Number* old) -> Change<Number> {
      present.push_back(old != nullptr);
      if (present.size() == 1) end();
      if (old == nullptr) return keep;
      return store(*old + 1);
    };
    EXPECT_EQ(cache.update("k", only_if_there)->action, Updated<Number>::Action::kept);
    EXPECT_EQ(present, (std::vector<bool>{true, false}));
    EXPECT_TRUE(cache.get("k").miss());
  }
}

LARDER_CONTRACT(rule_05_an_erase_decided_on_an_old_value_is_decided_again, kStores) {
  const auto cache = t.open<Number>();
  EXPECT_TRUE(succeeds(cache.set("k", 0)));
  int runs = 0;
  const auto erase_zero = [&](const Number* old) -> Change<Number> {
    if (++runs == 1) {
      EXPECT_TRUE(is(cache.increment("k"), 1));
    }
    if (*old == 0) return larder::erase;
    return keep;
  };
  EXPECT_EQ(cache.update("k", erase_zero)->action, Updated<Number>::Action::kept);
  EXPECT_TRUE(is(cache.get("k"), 1));
  EXPECT_EQ(runs, 2);
}

LARDER_CONTRACT(rule_05_a_created_entry_is_seen_by_the_creator_of_another, kStores) {
  const auto cache = t.open<Number>();
  int runs = 0;
  const auto create = [&](const Number* old) {
    if (++runs == 1) {
      EXPECT_TRUE(is(cache.set_if_absent("k", 5), true));
    }
    return old == nullptr ? Number{1} : *old + 1;
  };
  EXPECT_EQ(cache.update("k", create)->value, 6);
}

LARDER_CONTRACT(rule_05_a_context_that_ends_between_tries_ends_it, kStores) {
  const auto cache = t.open<Number>();
  EXPECT_TRUE(succeeds(cache.set("k", 1)));
  std::stop_source stop;
  const auto bound = cache.with(Context::until(stop.get_token()));
  const auto disturbed = [&](const Number* old) {
    EXPECT_TRUE(is(cache.increment("k"), *old + 1));
    stop.request_stop();
    return Number{100};
  };
  EXPECT_TRUE(fails(bound.update("k", disturbed), Errc::cancelled));
  EXPECT_TRUE(is(cache.get("k"), 2));
}

LARDER_CONTRACT(rule_05_updates_keep_the_index_in_step, kStores) {
  const auto cache = t.open<Session>([](CacheOptions<Session>& options) {
    options.indexes = {index("by_subject", &Session::subject)};
  });
  EXPECT_TRUE(succeeds(cache.set("k", {"ann", "phone", 1})));
  const auto move_to = [](std::string subject) {
    return [subject = std::move(subject)](const Session* old) {
      Session session = *old;
      session.subject = subject;
      return session;
    };
  };
  EXPECT_TRUE(succeeds(cache.update("k", move_to("ben"))));
  EXPECT_EQ(sorted(cache.get_by_index("by_subject", "ann")), Texts{});
  EXPECT_EQ(sorted(cache.get_by_index("by_subject", "ben")), Texts{"k"});
  EXPECT_TRUE(succeeds(cache.update("k", move_to(""))));
  EXPECT_EQ(sorted(cache.get_by_index("by_subject", "ben")), Texts{});
}

LARDER_CONTRACT(rule_05_without_a_store_updates_start_from_nothing_case_211, kStoresNothing) {
  const auto cache = t.open<Number>();
  EXPECT_TRUE(succeeds(cache.set("k", 1)));
  const auto updated = cache.update("k", add_one);
  EXPECT_EQ(updated->value, 1);
  EXPECT_EQ(updated->action, Updated<Number>::Action::stored);
  EXPECT_TRUE(cache.get("k").miss());
  const auto erased =
      cache.update("k", [](const Number*) -> Change<Number> { return larder::erase; });
  EXPECT_EQ(erased->action, Updated<Number>::Action::erased);
}

}  // namespace
}  // namespace larder::contract
