// What every policy owes its caller under random use (FilteredClock and the yardsticks beside it),
// and what each of them promises by itself.
#include "eviction/filtered_clock.h"

#include <deque>
#include <random>
#include <vector>

#include <gtest/gtest.h>

#include "base/hash.h"
#include "eviction/lru.h"
#include "eviction/s3_fifo.h"

namespace larder::eviction {
namespace {

struct Nodes {
  struct Node {
    PolicyLinks links;
    std::uint64_t hash = 0;
  };
  std::deque<Node> nodes = std::deque<Node>(1);
  std::size_t looks = 0;

  PolicyLinks& policy_links(Ref ref) {
    ++looks;
    return nodes.at(ref).links;
  }
  std::uint64_t hash_of(Ref ref) { return nodes.at(ref).hash; }
  Ref add(std::uint64_t key) {
    nodes.emplace_back().hash = base::mix64(key);
    return static_cast<Ref>(nodes.size() - 1);
  }
};

template <class Policy>
class AnyPolicy : public testing::Test {};

using Policies = testing::Types<FilteredClock, Lru, S3Fifo>;
TYPED_TEST_SUITE(AnyPolicy, Policies);

TYPED_TEST(AnyPolicy, NamesAMemberThatIsNotProtectedAndNobodyElse) {
  for (int seed = 0; seed < 12; ++seed) {
    std::mt19937_64 random(seed);
    Nodes nodes;
    const std::size_t capacity = seed % 4 == 0 ? 1 + seed / 4 : 100;
    TypeParam policy(capacity);
    std::vector<Ref> members;
    const auto drop = [&](Ref ref) {
      policy.on_erase(nodes, ref);
      ASSERT_EQ(std::erase(members, ref), 1u);
    };
    for (int i = 0; i < 4'000; ++i) {
      const unsigned action = random() % 100;
      if (action < 40 || members.empty()) {
        const Ref ref = nodes.add(random() % 300);
        policy.on_insert(nodes, ref);
        members.push_back(ref);
        while (members.size() > capacity) {
          const Ref victim = policy.evict_candidate(nodes, ref);
          ASSERT_NE(victim, ref);
          ASSERT_NE(victim, kNoRef);
          drop(victim);
        }
      } else if (action < 75) {
        policy.on_hit(nodes, members[random() % members.size()]);
      } else if (action < 85) {
        Ref& old = members[random() % members.size()];
        const Ref now = nodes.add(0);
        nodes.nodes[now].hash = nodes.nodes[old].hash;
        policy.on_replace(nodes, old, now);
        ASSERT_EQ(nodes.nodes[old].links.queue, 0);
        old = now;
      } else if (action < 92) {
        drop(members[random() % members.size()]);
      } else if (action < 96) {
        // An overwrite that grows: any entry may be the protected one, several may have to go.
        const Ref protect = members[random() % members.size()];
        for (int n = 0; n < 3; ++n) {
          const Ref victim = policy.evict_candidate(nodes, protect);
          if (members.size() == 1) {
            ASSERT_EQ(victim, kNoRef);
            break;
          }
          ASSERT_NE(victim, protect);
          ASSERT_EQ(nodes.policy_links(victim).queue != 0, true);
          drop(victim);
        }
      } else {
        policy.resize(1 + random() % 200);
      }
      ASSERT_EQ(policy.size(), members.size());
      ASSERT_EQ(policy.validate(nodes), std::nullopt);
    }
    while (!members.empty()) {
      const Ref victim = policy.evict_candidate(nodes, kNoRef);
      ASSERT_NE(victim, kNoRef);
      drop(victim);
    }
    EXPECT_EQ(policy.evict_candidate(nodes, kNoRef), kNoRef);
  }
}

TYPED_TEST(AnyPolicy, EndsThoughEveryEntryWasUsed) {
  constexpr std::size_t kEntries = 5'000;
  Nodes nodes;
  TypeParam policy(kEntries);
  for (std::size_t i = 0; i < kEntries; ++i) policy.on_insert(nodes, nodes.add(i));
  for (int round = 0; round < 20; ++round) {
    for (Ref ref = 1; ref <= kEntries; ++ref) {
      for (int hits = 0; hits < 4; ++hits) {
        if (nodes.policy_links(ref).queue != 0) policy.on_hit(nodes, ref);
      }
    }
    const std::size_t before = nodes.looks;
    const Ref victim = policy.evict_candidate(nodes, 1);
    ASSERT_NE(victim, kNoRef);
    EXPECT_LE(nodes.looks - before, 16 * kEntries);
    policy.on_erase(nodes, victim);
  }
  EXPECT_EQ(policy.validate(nodes), std::nullopt);
}

TYPED_TEST(AnyPolicy, ValidateSeesABrokenRingAndAWrongQueue) {
  Nodes nodes;
  TypeParam policy(100);
  for (int i = 0; i < 10; ++i) policy.on_insert(nodes, nodes.add(i));
  ASSERT_EQ(policy.validate(nodes), std::nullopt);
  for (Ref ref = 1; ref <= 10; ++ref) {
    PolicyLinks& links = nodes.policy_links(ref);
    const PolicyLinks& unchanged = links;
    const Ref prev = unchanged.prev;
    const Ref next = unchanged.next;
    links.prev = prev % 10 + 1;
    EXPECT_EQ(policy.validate(nodes).has_value(), links.prev != prev);
    links.prev = prev;
    links.next = kNoRef;
    EXPECT_TRUE(policy.validate(nodes).has_value());
    links.next = next;
    links.queue += 4;
    EXPECT_TRUE(policy.validate(nodes).has_value());
    links.queue -= 4;
    ASSERT_EQ(policy.validate(nodes), std::nullopt);
  }
}

TEST(PolicyLinks, AreSmall) { EXPECT_LE(sizeof(PolicyLinks), 12u); }

TEST(FilteredClock, OneCallPassesOverABoundedNumberOfEntries) {
  constexpr std::size_t kEntries = 100'000;
  Nodes nodes;
  FilteredClock policy(kEntries);
  for (std::size_t i = 0; i < kEntries; ++i) policy.on_insert(nodes, nodes.add(i));
  for (Ref ref = 1; ref <= kEntries; ++ref) policy.on_hit(nodes, ref);
  for (int i = 0; i < 100; ++i) {
    const Ref ref = nodes.add(kEntries + i);
    policy.on_insert(nodes, ref);
    const std::size_t before = nodes.looks;
    const Ref victim = policy.evict_candidate(nodes, ref);
    EXPECT_LE(nodes.looks - before, 16 * FilteredClock::kMaxSteps);
    policy.on_erase(nodes, victim);
  }
}

TEST(FilteredClock, KeepsWhatIsUsedThroughAScan) {
  constexpr std::size_t kCapacity = 1'000;
  Nodes nodes;
  FilteredClock policy(kCapacity);
  std::vector<Ref> hot;
  for (int i = 0; i < 500; ++i) hot.push_back(nodes.add(i));
  for (const Ref ref : hot) policy.on_insert(nodes, ref);
  for (int i = 0; i < 20'000; ++i) {
    const Ref ref = nodes.add(1'000'000 + i);  // never used again
    policy.on_insert(nodes, ref);
    const Ref used = hot[i % hot.size()];
    ASSERT_NE(nodes.policy_links(used).queue, 0) << "a used entry was evicted";
    policy.on_hit(nodes, used);
    while (policy.size() > kCapacity) policy.on_erase(nodes, policy.evict_candidate(nodes, ref));
  }
}

TEST(FilteredClock, NeedsNoMemoryUntilHalfFullAndThreeBytesAnEntryThen) {
  Nodes nodes;
  FilteredClock policy(10'000);
  for (int i = 0; i < 5'000; ++i) policy.on_insert(nodes, nodes.add(i));
  EXPECT_EQ(policy.bytes(), 0u);
  policy.on_insert(nodes, nodes.add(5'000));
  EXPECT_GT(policy.bytes(), 0u);
  EXPECT_LE(policy.bytes(), 30'000u);

  FilteredClock huge(1'000'000'000'000);
  FilteredClock unbounded(FilteredClock::kUnbounded);
  Nodes more;
  for (int i = 0; i < 10'000; i += 2) {
    huge.on_insert(more, more.add(i));
    unbounded.on_insert(more, more.add(i + 1));
  }
  EXPECT_EQ(huge.bytes(), 0u);
  EXPECT_EQ(unbounded.bytes(), 0u);
}

TEST(FilteredClock, AnEntryOftenUsedComesBackPastALoserOfTheContest) {
  constexpr std::size_t kCapacity = 100;
  Nodes nodes;
  FilteredClock policy(kCapacity);
  std::uint64_t fresh = 1'000;
  const auto insert = [&](std::uint64_t key) {
    const Ref ref = nodes.add(key);
    policy.on_insert(nodes, ref);
    while (policy.size() > kCapacity) policy.on_erase(nodes, policy.evict_candidate(nodes, ref));
    return ref;
  };
  for (int i = 0; i < 200; ++i) insert(fresh++);
  const auto pass_time = [&] {
    for (int i = 0; i < 10; ++i) insert(fresh++);
  };
  const Ref first = insert(7);
  pass_time();
  EXPECT_EQ(nodes.policy_links(first).queue, 0) << "nothing was known of it";
  const Ref second = insert(7);
  pass_time();
  const Ref third = nodes.policy_links(second).queue == 0 ? insert(7) : second;
  pass_time();
  EXPECT_NE(nodes.policy_links(third).queue, 0) << "the history knew it: it has a place in main";
}

TEST(Lru, EvictsInTheOrderOfUse) {
  Nodes nodes;
  Lru policy(3);
  for (int i = 0; i < 3; ++i) policy.on_insert(nodes, nodes.add(i));
  policy.on_hit(nodes, 1);
  EXPECT_EQ(policy.evict_candidate(nodes, kNoRef), 2u);
  EXPECT_EQ(policy.evict_candidate(nodes, 2), 3u);
}

TEST(GhostQueue, RemembersTheLastKeys) {
  GhostQueue ghosts(3);
  for (const std::uint64_t key : {1, 2, 3, 4}) ghosts.put(key);
  EXPECT_FALSE(ghosts.take(1));
  EXPECT_TRUE(ghosts.take(2));
  EXPECT_FALSE(ghosts.take(2));
  ghosts.put(3);
  for (const std::uint64_t key : {5, 6}) ghosts.put(key);
  EXPECT_TRUE(ghosts.take(3)) << "put again: as new as the later time";
  ghosts.resize(1);
  EXPECT_FALSE(ghosts.take(5));
  EXPECT_TRUE(ghosts.take(6));
}

}  // namespace
}  // namespace larder::eviction
