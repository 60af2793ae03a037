// Tests of the limbo: every token is freed exactly once, never while a reader may hold it, with no
// lock held, within the stated bounds.
//
// Thread safety: a test program.
#include "sync/limbo.h"

#include <algorithm>
#include <optional>
#include <set>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "base/prng.h"
#include "sync/event.h"

namespace larder::sync {
namespace {

using Token = Limbo::Token;
using Advice = Limbo::Advice;
using Wait = Limbo::Wait;

// A thread that stays inside a section until it is told to leave.
class Lodger {
 public:
  Lodger()
      : thread_([this] {
          const ReadSection section;
          inside_.set();
          go_.wait();
        }) {
    inside_.wait();
  }
  ~Lodger() {
    go_.set();
    thread_.join();
  }

 private:
  Event inside_;
  Event go_;
  std::thread thread_;
};

// Collects what was freed, and fails on a token that comes twice.
class Freed {
 public:
  void operator()(Token token) noexcept {
    EXPECT_TRUE(tokens.insert(token).second) << token;
    EXPECT_EQ(0, held());
  }
  std::set<Token> tokens;

 private:
  static int held() {
#if LARDER_LOCK_CHECKS
    return held_locks();
#else
    return 0;
#endif
  }
};

TEST(Limbo, KeepsTokensUntilABatchIsFull) {
  Limbo limbo(64);
  Freed freed;
  for (Token token = 0; token < 63; ++token) EXPECT_EQ(limbo.retire(token), Advice::kNone);
  EXPECT_EQ(limbo.collect(freed), 0U);
  EXPECT_EQ(limbo.pending(), 63U);
  EXPECT_EQ(limbo.retire(63), Advice::kCollect);
  EXPECT_EQ(limbo.collect(freed), 32U);
  EXPECT_EQ(limbo.collect(freed), 32U);
  EXPECT_EQ(freed.tokens.size(), 64U);
  EXPECT_EQ(limbo.pending(), 0U);
}

TEST(Limbo, BatchesSmallerThanAStripeAreSealedAtTheirSize) {
  Limbo limbo(5);
  Freed freed;
  for (Token token = 0; token < 4; ++token) EXPECT_EQ(limbo.retire(token), Advice::kNone);
  EXPECT_EQ(limbo.retire(4), Advice::kCollect);
  EXPECT_EQ(limbo.collect(freed), 5U);
}

TEST(Limbo, FreesNothingThatAReaderMayHold) {
  Limbo limbo(1);
  Freed freed;
  auto lodger = std::make_optional<Lodger>();
  EXPECT_EQ(limbo.retire(1), Advice::kCollect);
  EXPECT_EQ(limbo.collect(freed, Limbo::kSecurePolls), 0U);
  EXPECT_EQ(limbo.flush(freed, Wait::kNone), 0U);
  EXPECT_EQ(limbo.pending(), 1U);
  lodger.reset();
  EXPECT_EQ(limbo.collect(freed), 1U);
  EXPECT_EQ(freed.tokens, std::set<Token>{1});
}

TEST(Limbo, BatchOfOneIsFreeAtOnceWithoutReaders) {
  Limbo limbo(1);
  Freed freed;
  for (Token token = 0; token < 10; ++token) {
    EXPECT_EQ(limbo.retire(token), Advice::kCollect);
    EXPECT_EQ(limbo.collect(freed, Limbo::kSecurePolls), 1U);
  }
  EXPECT_EQ(freed.tokens.size(), 10U);
}

TEST(Limbo, CollectsPortionsOldestFirstWithinAndAcrossBatches) {
  constexpr Token kBatch = 96;  // a portion and a half
  constexpr Token kTokens = 3 * kBatch;
  Limbo limbo(kBatch);
  std::vector<Token> order;
  for (Token token = 0; token < kTokens; ++token) limbo.retire(token);
  const auto note = [&](Token token) noexcept { order.push_back(token); };
  std::vector<std::size_t> portions;
  while (const std::size_t freed = limbo.collect(note)) portions.push_back(freed);
  EXPECT_EQ(portions, (std::vector<std::size_t>{64, 64, 64, 32, 32, 32}));
  ASSERT_EQ(order.size(), kTokens);
  EXPECT_TRUE(std::ranges::is_sorted(order));
}

TEST(Limbo, FlushFreesTheRestOfABatchThatWasBegun) {
  Limbo limbo(96);
  Freed freed;
  for (Token token = 0; token < 100; ++token) limbo.retire(token);
  EXPECT_EQ(limbo.collect(freed), 32U);
  EXPECT_EQ(limbo.flush(freed, Wait::kUntilFree), 68U);
  EXPECT_EQ(freed.tokens.size(), 100U);
  EXPECT_EQ(limbo.pending(), 0U);
}

// Once a batch is sealed, every stripe's worth of new tokens asks for a portion of it.
TEST(Limbo, AsksForPortionsWhileABatchWaits) {
  Limbo limbo(256);
  Freed freed;
  for (Token token = 0; token < 255; ++token) ASSERT_EQ(limbo.retire(token), Advice::kNone);
  ASSERT_EQ(limbo.retire(255), Advice::kCollect);
  std::size_t asked = 0;
  for (Token token = 256; token < 384; ++token) {
    if (limbo.retire(token) != Advice::kCollect) continue;
    ++asked;
    EXPECT_EQ(limbo.collect(freed), Limbo::kStripeTokens);
  }
  EXPECT_EQ(asked, 4U);
  EXPECT_EQ(freed.tokens.size(), 128U);
  limbo.flush(freed, Wait::kUntilFree);
}

TEST(Limbo, FlushTakesFromEveryStation) {
  Limbo limbo(100);
  Freed freed;
  constexpr Token kTokens = 345;
  std::vector<std::thread> threads;
  base::Atomic<Token> next;
  for (int i = 0; i < 5; ++i) {
    threads.emplace_back([&] {
      for (int n = 0; n < 69; ++n) limbo.retire(next.add_relaxed(1));
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(limbo.pending(), kTokens);
  EXPECT_EQ(limbo.flush(freed, Wait::kUntilFree), kTokens);
  EXPECT_EQ(freed.tokens.size(), kTokens);
  EXPECT_EQ(limbo.pending(), 0U);
  EXPECT_EQ(limbo.flush(freed, Wait::kUntilFree), 0U);
}

TEST(Limbo, FlushWaitsForReaders) {
  Limbo limbo;
  Freed freed;
  Event inside, leave;
  std::thread reader([&] {
    const ReadSection section;
    inside.set();
    leave.wait();
  });
  inside.wait();
  limbo.retire(1);
  base::Atomic<bool> flushed;
  std::thread flusher([&] {
    EXPECT_EQ(limbo.flush(freed, Wait::kUntilFree), 1U);
    flushed.store_release(true);
  });
  for (int i = 0; i < 200; ++i) {
    EXPECT_FALSE(flushed.load_acquire());
    std::this_thread::yield();
  }
  leave.set();
  flusher.join();
  reader.join();
  EXPECT_EQ(freed.tokens.size(), 1U);
}

TEST(Limbo, AdvisesToBackOffWhileReadersHoldEverythingUp) {
  Limbo limbo(1);
  Freed freed;
  {
    Lodger lodger;
    for (Token token = 1; token < Limbo::kMaxSealedBatches; ++token) {
      EXPECT_EQ(limbo.retire(token), Advice::kCollect);
    }
    EXPECT_EQ(limbo.retire(0), Advice::kBackOff);
    EXPECT_EQ(limbo.collect(freed), 0U);
  }
  EXPECT_EQ(limbo.flush(freed, Wait::kUntilFree), Limbo::kMaxSealedBatches);
}

TEST(Limbo, StationsStayWithinTheirBounds) {
  Limbo limbo(64);
  Freed freed;
  std::size_t most = 0;
  for (Token token = 0; token < 10'000; ++token) {
    if (limbo.retire(token) != Advice::kNone) limbo.collect(freed);
    most = std::max(most, limbo.pending());
  }
  EXPECT_LE(most, 64 + Limbo::kStripeTokens + Limbo::kStripes * Limbo::kStripeTokens);
  limbo.flush(freed, Wait::kUntilFree);
  EXPECT_EQ(freed.tokens.size(), 10'000U);
}

// The destructor of a user's value may erase other entries, in a long chain.
TEST(Limbo, FreeMayRetireAndCollectWithoutRecursion) {
  constexpr Token kChain = 20'000;
  Limbo limbo(1);
  Token freed = 0;
  int depth = 0;
  const auto free_next = [&](auto& self, Token token) noexcept -> void {
    EXPECT_EQ(depth, 0);
    ++depth;
    ++freed;
    if (token + 1 < kChain) {
      limbo.retire(token + 1);
      EXPECT_EQ(limbo.collect([&](Token inner) noexcept { self(self, inner); }), 0U);
    }
    --depth;
  };
  const auto free_one = [&](Token token) noexcept { free_next(free_next, token); };
  limbo.retire(0);
  while (limbo.pending() != 0) limbo.collect(free_one);
  EXPECT_EQ(freed, kChain);
}

TEST(LimboDeathTest, MustBeFlushedBeforeItsEnd) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  EXPECT_DEATH(
      {
        Limbo limbo;
        limbo.retire(1);
      },
      "pending\\(\\) == 0U");
}

TEST(LimboDeathTest, WaitingInsideASectionIsFound) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  Limbo limbo;
  EXPECT_DEATH(
      {
        const ReadSection section;
        limbo.flush([](Token) noexcept {}, Wait::kUntilFree);
      },
      "in_read_section");
}

// ---- torture ----

constexpr std::uint64_t kAlive = 0x600dfeed600dfeed;
constexpr std::uint64_t kDead = 0xdeadbeefdeadbeef;

struct Node {
  std::uint64_t canary = kAlive;
};

class LimboTorture : public testing::TestWithParam<std::size_t> {};

TEST_P(LimboTorture, NoReaderSeesADeadNodeAndAllAreFreedOnce) {
  // A grace period for each batch, some of which wait for a reader without a processor.
  const int retired = static_cast<int>(std::min<std::size_t>(5'000, 500 * GetParam()));
  constexpr int kWriters = 3;
  constexpr std::size_t kCells = 16;
  Limbo limbo(GetParam());
  base::Atomic<Node*> cells[kCells];
  for (auto& cell : cells) cell.store_release(new Node);
  base::Atomic<int> dead, freed;
  base::Atomic<bool> stop;
  const auto free_node = [&](Token token) noexcept {
    auto* node = reinterpret_cast<Node*>(token);
    dead.add_relaxed(node->canary == kAlive ? 0 : 1);
    node->canary = kDead;
    delete node;
    freed.add_relaxed(1);
  };
  std::vector<std::thread> readers, writers;
  for (std::uint64_t i = 0; i < 2; ++i) {
    readers.emplace_back([&, i] {
      base::Prng prng(i);
      while (!stop.load_relaxed()) {
        const ReadSection section;
        const Node* node = cells[prng.below(kCells)].load_acquire();
        for (int n = 0; n < 4; ++n) dead.add_relaxed(node->canary == kAlive ? 0 : 1);
      }
    });
  }
  for (std::uint64_t i = 0; i < kWriters; ++i) {
    writers.emplace_back([&, i] {
      base::Prng prng(100 + i);
      for (int n = 0; n < retired; ++n) {
        Node* node = cells[prng.below(kCells)].exchange_acq_rel(new Node);
        switch (limbo.retire(reinterpret_cast<Token>(node))) {
          case Advice::kNone:
            break;
          case Advice::kCollect:
            limbo.collect(free_node);
            break;
          case Advice::kBackOff:
            limbo.flush(free_node, Wait::kUntilFree);
            break;
        }
      }
    });
  }
  for (auto& thread : writers) thread.join();
  stop.store_relaxed(true);
  for (auto& thread : readers) thread.join();
  limbo.flush(free_node, Wait::kUntilFree);
  EXPECT_EQ(limbo.pending(), 0U);
  EXPECT_EQ(freed.load_relaxed(), kWriters * retired);
  EXPECT_EQ(dead.load_relaxed(), 0);
  for (auto& cell : cells) delete cell.load_acquire();
}

INSTANTIATE_TEST_SUITE_P(BatchSizes, LimboTorture, testing::Values(1, 7, 32, 256, 4096));

}  // namespace
}  // namespace larder::sync
