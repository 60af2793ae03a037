// Tests of the store: commits and their conditions, limits, terms, renames, reclamation; the races
// that its comments argue about, driven hard.
#include "memory/store.h"

#include <atomic>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "larder/testing.h"
#include "sync/epoch.h"

namespace larder::memory {
namespace {

struct Box {
  std::string text;
  std::int64_t number = 0;
};

class StoreTest : public ::testing::Test {
 protected:
  std::shared_ptr<testing::ManualClock> clock_ = std::make_shared<testing::ManualClock>();

  std::unique_ptr<Store> open(CacheSettings settings = {}) {
    auto traits = std::make_shared<CacheTraits>();
    traits->ops = &kValueOps<Box>;
    traits->clock = clock_;
    traits->hash_seed = 42;
    traits->indexes.push_back({"by_text", [](const void* value) {
                                 return std::vector{static_cast<const Box*>(value)->text};
                               }});
    traits->weigher = [](std::string_view key, const void* value) {
      return key.size() + sizeof(Box) + static_cast<const Box*>(value)->text.size();
    };
    traits->hooks.on_removal = [this](std::string_view, RemovalCause cause) {
      ++causes_[static_cast<std::size_t>(cause)];
    };
    return std::make_unique<Store>(settings, traits);
  }

  static Commit put(Store& store, std::string_view key, Box box, Condition condition = {},
                    Ttl ttl = Ttl::forever()) {
    Draft draft(store.nodes());
    EXPECT_FALSE(draft.make(store.traits(), store.declared(), key, &box));
    draft.ttl = ttl;
    return store.commit(store.spot(key), condition, draft);
  }

  static std::optional<std::int64_t> read(Store& store, std::string_view key) {
    const sync::ReadSection section;
    const Node* const node = store.settle(store.spot(key), true);
    if (node == nullptr) return std::nullopt;
    return static_cast<const Box*>(store.nodes().value(*node))->number;
  }

  static std::size_t count(Store& store, std::string_view text) {
    return store.terms().count(store.declared()[0], text);
  }

  std::size_t told(RemovalCause cause) const { return causes_[static_cast<std::size_t>(cause)]; }

  std::array<std::atomic<std::size_t>, 6> causes_{};
};

TEST_F(StoreTest, ConditionsDecide) {
  const auto store = open();
  EXPECT_EQ(put(*store, "k", {"a", 1}, {Condition::Kind::present}), Commit::refused);
  EXPECT_EQ(put(*store, "k", {"a", 1}, {Condition::Kind::absent}), Commit::stored);
  EXPECT_EQ(put(*store, "k", {"a", 2}, {Condition::Kind::absent}), Commit::refused);
  EXPECT_EQ(put(*store, "k", {"a", 3}, {Condition::Kind::version, Version::absent()}),
            Commit::refused);
  EXPECT_EQ(read(*store, "k"), 1);
  EXPECT_EQ(store->validate(), "");
}

TEST_F(StoreTest, LimitsHoldForTheWholeCacheHoweverTheHashesFall) {
  const auto store = open({.max_entries = 5000});
  EXPECT_GT(store->shards().size(), 1U);
  for (int i = 0; i < 5000; ++i) put(*store, "k" + std::to_string(i), {"x", i});
  Stats stats;
  store->collect(stats);
  EXPECT_EQ(stats.entries, 5000U);
  EXPECT_EQ(stats.evicted, 0U);
  for (int i = 5000; i < 9000; ++i) {
    const std::string key = "k" + std::to_string(i);
    EXPECT_EQ(put(*store, key, {"x", i}), Commit::stored);
    EXPECT_EQ(read(*store, key), i);  // readable until a later insertion
  }
  EXPECT_EQ(store->validate(), "");
  EXPECT_EQ(told(RemovalCause::evicted), 4000U);
}

TEST_F(StoreTest, RejectingTakesNothingInAndExpiredEntriesHoldNoRoom) {
  const auto store = open({.max_entries = 2, .on_full = OnFull::reject});
  EXPECT_EQ(put(*store, "a", {"x", 1}, {}, std::chrono::seconds(1)), Commit::stored);
  EXPECT_EQ(put(*store, "b", {"x", 2}), Commit::stored);
  EXPECT_EQ(put(*store, "c", {"x", 3}), Commit::full);
  EXPECT_EQ(put(*store, "b", {"x", 4}), Commit::stored);  // an overwrite needs no slot
  clock_->advance(std::chrono::seconds(1));
  EXPECT_EQ(put(*store, "c", {"x", 3}), Commit::stored);
  EXPECT_EQ(told(RemovalCause::expired), 1U);
  EXPECT_EQ(store->validate(), "");
}

TEST_F(StoreTest, ExpiredEntriesOfOtherShardsGoBeforeLiveOnes) {
  const auto store = open({.max_entries = 4096});
  for (int i = 0; i < 4096; ++i) {
    put(*store, "k" + std::to_string(i), {"x", i}, {},
        i % 2 == 0 ? Ttl(std::chrono::milliseconds(10)) : Ttl::forever());
  }
  clock_->advance(std::chrono::milliseconds(10));
  for (int i = 0; i < 2048; ++i) put(*store, "n" + std::to_string(i), {"x", i});
  EXPECT_EQ(told(RemovalCause::evicted), 0U);
  EXPECT_EQ(told(RemovalCause::expired), 2048U);
  EXPECT_EQ(store->validate(), "");
}

TEST_F(StoreTest, BytesCountGrowthAndTheTooHeavyLeaveTheOldEntry) {
  const auto store = open({.max_bytes = 10 * 1024});
  EXPECT_EQ(put(*store, "k", {std::string(4000, 'x'), 1}), Commit::stored);
  EXPECT_EQ(put(*store, "k", {std::string(20000, 'x'), 2}), Commit::too_large);
  EXPECT_EQ(read(*store, "k"), 1);
  for (int i = 0; i < 50; ++i) {
    EXPECT_EQ(put(*store, "n" + std::to_string(i), {std::string(3000, 'y'), i}), Commit::stored);
    ASSERT_EQ(store->validate(), "");
  }
}

TEST(BudgetTest, NothingIsToBeHadAboveALoweredLimit) {
  Budget budget(10, 100);
  EXPECT_TRUE(budget.take_bytes(100));
  budget.set_limits(10, 50);
  EXPECT_TRUE(budget.take_bytes(0));  // an overwrite that does not grow
  EXPECT_FALSE(budget.take_bytes(1));
  EXPECT_EQ(budget.bytes(), 100U);
}

// One shard, full to the last byte: the source is the policy's next victim.
TEST_F(StoreTest, ARenameThatGrowsDoesNotEvictItsOwnSource) {
  const auto store = open({.max_entries = 100, .max_bytes = 2 * (2 + sizeof(Box))});
  put(*store, "a", {"x", 1});
  put(*store, "b", {"x", 2});
  const KeySpot from = store->spot("a");
  const KeySpot to = store->spot("longer");
  Ref ref = kNoRef;
  Pin pin;
  {
    const sync::ReadSection section;
    Node* const node = store->settle(from, false);
    ref = Arena::ref_of(node);
    pin = store->nodes().pin(*node);
  }
  Draft draft(store->nodes());
  ASSERT_FALSE(draft.make_alias(store->traits(), to.key, ref));
  EXPECT_EQ(store->rename(from, to, ref, draft), Commit::stored);
  EXPECT_EQ(read(*store, "longer"), 1);
  EXPECT_EQ(read(*store, "b"), std::nullopt);
  EXPECT_EQ(store->validate(), "");
}

// What a rename leaves behind holds the value for the new entry: that is no pin of anybody's.
TEST_F(StoreTest, ARenamedValueIsPinnedOnceAndOnlyByWhoOutlivesItsEntries) {
  const auto store = open();
  const auto pin_of = [&](std::string_view key) {
    const sync::ReadSection section;
    return store->nodes().pin(*store->settle(store->spot(key), false));
  };
  const auto rename = [&](std::string_view from, std::string_view to) {
    const Pin pin = pin_of(from);
    const Ref ref = [&] {
      const sync::ReadSection section;
      return Arena::ref_of(store->settle(store->spot(from), false));
    }();
    Draft draft(store->nodes());
    EXPECT_FALSE(draft.make_alias(store->traits(), to, ref));
    EXPECT_EQ(store->rename(store->spot(from), store->spot(to), ref, draft), Commit::stored);
  };
  const auto pinned = [&] {
    store->collect(true);
    return store->nodes().pinned_bytes();
  };
  const std::size_t weight = 1 + sizeof(Box) + 1;  // of each of the keys
  for (const bool second_rename : {false, true}) {
    put(*store, "a", {"x", 1});
    Pin first = pin_of("a");
    rename("a", "b");
    EXPECT_EQ(pinned(), 0U);
    Pin second = pin_of("b");
    if (second_rename) rename("b", "c");
    EXPECT_EQ(pinned(), 0U);
    EXPECT_TRUE(store->erase(store->spot(second_rename ? "c" : "b"), RemovalCause::erased));
    EXPECT_EQ(pinned(), weight);
    EXPECT_EQ(static_cast<const Box*>(second.value())->number, 1);
    second.reset();
    EXPECT_EQ(pinned(), weight);
    first.reset();
    EXPECT_EQ(pinned(), 0U);
  }
  put(*store, "a", {"x", 1});
  rename("a", "b");
  put(*store, "b", {"y", 2});
  EXPECT_EQ(pinned(), 0U);
}

// Room for one entry, in shards without any: what one writer frees is in its hands for a moment,
// and the others must not take that for a full cache.
TEST_F(StoreTest, WritersThatEvictNeverFindTheCacheFull) {
  const auto store = open({.max_bytes = 100});
  ASSERT_GT(store->shards().size(), 1U);
  std::atomic<int> refused{0};
  std::vector<std::thread> writers;
  for (int t = 0; t < 4; ++t) {
    writers.emplace_back([&, t] {
      for (int i = 0; i < 3000; ++i) {
        const std::string key = "k" + std::to_string(t) + "-" + std::to_string(i % 50);
        if (put(*store, key, {std::string(20, 'x'), i}) != Commit::stored) ++refused;
      }
    });
  }
  for (auto& writer : writers) writer.join();
  EXPECT_EQ(refused, 0);
  EXPECT_EQ(store->validate(), "");
}

TEST_F(StoreTest, TermsFollowTheValueAndBoundTermsTheLife) {
  const auto store = open();
  put(*store, "k", {"ann", 1});
  {
    const auto spot = store->spot("k");
    const auto pin = store->terms().intern("team");
    {
      sync::MutexLock lock(spot.shard->mutex);
      Removals removals;
      store->add_term_locked(*spot.shard, store->live_locked(spot, removals),
                             {pin.id(), false, true, std::string_view("red")});
    }
    put(*store, "k", {"bob", 2});
    EXPECT_EQ(count(*store, "ann"), 0U);
    EXPECT_EQ(count(*store, "bob"), 1U);
    EXPECT_EQ(store->terms().count(pin.id(), "red"), 1U);  // the life goes on
    EXPECT_TRUE(store->erase(spot, RemovalCause::erased));
    put(*store, "k", {"bob", 3});
    EXPECT_EQ(store->terms().count(pin.id(), "red"), 0U);  // a later life inherits nothing
  }
  EXPECT_EQ(store->validate(), "");
}

TEST_F(StoreTest, PinnedValuesOutliveEverything) {
  auto store = open();
  put(*store, "k", {std::string(100, 'z'), 7});
  Pin pin;
  {
    const sync::ReadSection section;
    pin = store->nodes().pin(*store->settle(store->spot("k"), true));
  }
  store->erase(store->spot("k"), RemovalCause::erased);
  store->collect(true);
  Stats stats;
  store->collect(stats);
  EXPECT_GT(stats.pinned_bytes, 0U);
  store.reset();
  EXPECT_EQ(static_cast<const Box*>(pin.value())->text, std::string(100, 'z'));
}

// Renames back and forth between two keys, read without a lock.
TEST_F(StoreTest, ARenamedEntryIsNeverUnderBothKeysForOneReader) {
  const auto store = open();
  put(*store, "left", {"x", 0});
  std::atomic<bool> stop{false};
  std::atomic<std::int64_t> faults{0};
  std::vector<std::thread> readers;
  for (int r = 0; r < 2; ++r) {
    readers.emplace_back([&] {
      while (!stop) {
        // The number rises with each rename, odd ones go to the right. Who saw an odd number on
        // the right, and then the same on the left, saw one entry under both keys at once.
        const auto second = read(*store, "right");
        const auto first = read(*store, "left");
        if (!second || !first) continue;
        if (*first < *second || (*first == *second && *second % 2 == 1)) ++faults;
      }
    });
  }
  for (int i = 1; i <= 4000; ++i) {
    const bool to_right = i % 2 == 1;
    const KeySpot from = store->spot(to_right ? "left" : "right");
    const KeySpot to = store->spot(to_right ? "right" : "left");
    put(*store, from.key, {"x", i});
    Ref ref = kNoRef;
    Pin pin;
    {
      const sync::ReadSection section;
      Node* const node = store->settle(from, false);
      ref = Arena::ref_of(node);
      pin = store->nodes().pin(*node);
    }
    Draft draft(store->nodes());
    ASSERT_FALSE(draft.make_alias(store->traits(), to.key, ref));
    ASSERT_EQ(store->rename(from, to, ref, draft), Commit::stored);
  }
  stop = true;
  for (auto& reader : readers) reader.join();
  EXPECT_EQ(faults, 0);
  EXPECT_EQ(store->validate(), "");
}

// Writers, erasers and readers on few keys of a tiny cache: every path of reclamation at once. The
// sanitizers are the judges; the text must always match the number.
TEST_F(StoreTest, ReadersNeverSeeWhatIsFreed) {
  for (const bool wipe : {false, true}) {
    const auto store = open({.max_entries = 24, .secure_wipe = wipe});
    std::atomic<bool> stop{false};
    std::atomic<std::int64_t> torn{0};
    std::vector<std::thread> threads;
    for (int t = 0; t < 2; ++t) {
      threads.emplace_back([&] {
        for (int i = 0; !stop; i = (i + 1) % 40) {
          const sync::ReadSection section;
          const Node* const node = store->settle(store->spot("key" + std::to_string(i)), true);
          if (node == nullptr) continue;
          const Box box = *static_cast<const Box*>(store->nodes().value(*node));
          if (box.text != std::string(static_cast<std::size_t>(30 + box.number % 7), 'q')) ++torn;
        }
      });
    }
    threads.emplace_back([&] {
      for (int i = 0; !stop; ++i) {
        store->erase(store->spot("key" + std::to_string(i % 40)), RemovalCause::erased);
      }
    });
    threads.emplace_back([&] {  // index readers look at candidates that may be dead or drafts
      while (!stop) {
        const sync::ReadSection section;
        for (int n = 0; n < 7; ++n) {
          const std::string text(static_cast<std::size_t>(30 + n), 'q');
          for (const Ref ref : store->terms().members(store->declared()[0], text)) {
            if (!store->nodes().at(ref).key().starts_with("key")) ++torn;
          }
        }
      }
    });
    for (int i = 0; i < (wipe ? 600 : 6000); ++i) {
      put(*store, "key" + std::to_string((i * 7) % 40),
          {std::string(static_cast<std::size_t>(30 + i % 7), 'q'), i});
    }
    stop = true;
    for (auto& thread : threads) thread.join();
    EXPECT_EQ(torn, 0);
    EXPECT_EQ(store->validate(), "");
  }
}

// Time that passes whenever it is asked for: every round of housekeeping runs out of it at once.
class HastyClock final : public Clock {
 public:
  std::int64_t now_ns() const noexcept override { return now_ns_ += 1'000'000'000; }
  std::int64_t wall_ns() const noexcept override { return now_ns_; }

 private:
  mutable std::atomic<std::int64_t> now_ns_{0};
};

TEST_F(StoreTest, RoundsThatRunOutOfTimeReachEveryShardInTheEnd) {
  auto traits = std::make_shared<CacheTraits>();
  traits->ops = &kValueOps<Box>;
  traits->clock = std::make_shared<HastyClock>();
  traits->sweep_predicate = [](std::string_view key, const void*) { return key[0] == 'u'; };
  Store store({.shards = 8}, traits);
  ASSERT_EQ(store.shards().size(), 8U);
  for (int i = 0; i < 64; ++i) {
    put(store, "u" + std::to_string(i), {"unwanted", i});
    put(store, "e" + std::to_string(i), {"expired", i}, {}, std::chrono::milliseconds(1));
  }
  for (int round = 0; round < 16; ++round) store.sweep();
  Stats stats;
  store.collect(stats);
  EXPECT_EQ(stats.entries, 0U);
  EXPECT_EQ(stats.expired, 64U);
  EXPECT_EQ(store.validate(), "");
}

TEST_F(StoreTest, LimitsMoveAtRunTime) {
  const auto store = open({.max_entries = 4000});
  for (int i = 0; i < 4000; ++i) put(*store, "k" + std::to_string(i), {"x", i});
  store->resize(100, CacheSettings::kUnlimited);
  Stats stats;
  store->collect(stats);
  EXPECT_EQ(stats.entries, 100U);
  EXPECT_EQ(store->validate(), "");
  store->resize(200, CacheSettings::kUnlimited);
  for (int i = 0; i < 300; ++i) put(*store, "n" + std::to_string(i), {"x", i});
  EXPECT_EQ(store->validate(), "");
}

}  // namespace
}  // namespace larder::memory
