// Tests of read sections and grace periods: when a period elapses, nesting, thread ends, and a
// torture of readers against reclaimers with canaries. The proof is in epoch.h and is checked by
// epoch_model_test.cc; this finds what the code does otherwise.
//
// Thread safety: a test program.
#include "sync/epoch.h"

#include <array>
#include <cstdlib>
#include <deque>
#include <memory>
#include <optional>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "base/prng.h"
#include "sync/event.h"
#include "sync/heavy_fence.h"

namespace larder::sync {
namespace {

// A thread that stays inside a section from its construction to leave().
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
  void leave() {
    go_.set();
    if (thread_.joinable()) thread_.join();
  }
  ~Lodger() { leave(); }

 private:
  Event inside_;
  Event go_;
  std::thread thread_;
};

// Of the slots that threads of other tests have left.
void park_the_idle() { EXPECT_TRUE(GracePeriod::begin().expedite()); }

TEST(GracePeriod, ElapsesAtOnceWithoutReaders) { EXPECT_TRUE(GracePeriod::begin().expedite()); }

TEST(GracePeriod, ParksAnIdleThreadOnce) {
  if (!heavy_fence_available()) GTEST_SKIP() << "sections are announced by read-modify-writes";
  park_the_idle();
  Event ready, go, inside, leave;
  std::thread idle([&] {
    {
      const ReadSection section;
    }
    ready.set();
    go.wait();
    const ReadSection section;
    inside.set();
    leave.wait();
  });
  ready.wait();
  auto first = GracePeriod::begin();
  EXPECT_FALSE(first.elapsed());
  EXPECT_TRUE(first.expedite());
  EXPECT_TRUE(GracePeriod::begin().elapsed());  // without another fence
  go.set();
  inside.wait();
  auto later = GracePeriod::begin();
  EXPECT_FALSE(later.elapsed());
  EXPECT_FALSE(later.expedite());
  leave.set();
  idle.join();
  EXPECT_TRUE(later.elapsed());
}

TEST(GracePeriod, ElapsesByTheWorkOfOthers) {
  park_the_idle();
  Event ready, go, done, leave;
  std::thread busy([&] {
    {
      const ReadSection section;
    }
    ready.set();
    go.wait();
    {
      const ReadSection section;
    }
    done.set();
    leave.wait();
  });
  ready.wait();
  auto period = GracePeriod::begin();
  go.set();
  done.wait();
  EXPECT_TRUE(period.elapsed());
  leave.set();
  busy.join();
}

TEST(GracePeriod, WaitsForTheSectionsOpenAtItsBeginning) {
  Lodger first, second;
  auto period = GracePeriod::begin();
  EXPECT_FALSE(period.expedite());
  first.leave();
  EXPECT_FALSE(period.elapsed());
  second.leave();
  EXPECT_TRUE(period.elapsed());
  EXPECT_TRUE(period.elapsed());
}

TEST(GracePeriod, IgnoresLaterSections) {
  auto lodger = std::make_optional<Lodger>();
  auto period = GracePeriod::begin();
  Lodger later;
  EXPECT_FALSE(period.elapsed());
  lodger.reset();
  EXPECT_TRUE(period.expedite());
}

TEST(GracePeriod, SeesThatASectionMovedOnEvenIfTheThreadIsBackInside) {
  park_the_idle();
  Event inside, again, second_inside, leave;
  std::thread reader([&] {
    {
      const ReadSection section;
      inside.set();
      again.wait();
    }
    const ReadSection section;
    second_inside.set();
    leave.wait();
  });
  inside.wait();
  auto period = GracePeriod::begin();
  again.set();
  second_inside.wait();
  EXPECT_TRUE(period.elapsed());
  leave.set();
  reader.join();
}

TEST(GracePeriod, MovesBetweenThreads) {
  Lodger lodger;
  auto period = GracePeriod::begin();
  std::thread([moved = std::move(period)]() mutable { EXPECT_FALSE(moved.elapsed()); }).join();
}

TEST(ReadSection, NestsAndOnlyTheOutermostCounts) {
  EXPECT_FALSE(in_read_section());
  std::optional<GracePeriod> period;
  {
    const ReadSection outer;
    {
      const ReadSection inner;
      EXPECT_TRUE(in_read_section());
      period = GracePeriod::begin();
    }
    EXPECT_TRUE(in_read_section());
    EXPECT_FALSE(period->expedite());  // its own section, too
    {
      const ReadSection inner;
    }
    EXPECT_FALSE(period->elapsed());
  }
  EXPECT_FALSE(in_read_section());
  EXPECT_TRUE(period->elapsed());
}

TEST(ReadSection, OnlyTheOutermostWrites) {
  const auto sequence = [] { return own_thread_slot().sequence.load_relaxed(); };
  EXPECT_EQ(sequence() % 2, 0U);
  for (int i = 0; i < 3; ++i) {
    const ReadSection outer;
    const std::uint64_t inside = sequence();
    EXPECT_EQ(inside % 2, 1U);
    {
      const ReadSection inner;
      EXPECT_EQ(sequence(), inside);
    }
    EXPECT_EQ(sequence(), inside);
  }
  EXPECT_EQ(sequence() % 2, 0U);
}

TEST(ReadSection, SlotOfAThreadThatEndedServesTheNext) {
  std::size_t index = 0;
  std::thread([&] {
    const ReadSection section;
    index = thread_slot();
  }).join();
  EXPECT_TRUE(GracePeriod::begin().expedite());  // which parks the slot
  std::thread([&] {
    const ReadSection section;
    ASSERT_EQ(thread_slot(), index);
    EXPECT_EQ(own_thread_slot().sequence.load_relaxed() % 2, 1U);
    EXPECT_EQ(own_thread_slot().parked.load_relaxed(), 0U);
  }).join();
}

// ---- the store buffer, on the real machine ----

void wait_for_round(const base::Atomic<int>& round, int wanted) {
  for (int spins = 0; round.load_acquire() != wanted; ++spins) {
    if (spins % 1'024 == 1'023) std::this_thread::yield();
  }
}

// A section that still sees the object linked must hold the period up. Both sides start each round
// at the same time: without the heavy fence the entry of the section stays in the store buffer
// while the section reads, and the snapshot misses it.
TEST(EpochLitmus, SectionThatMissesTheUnlinkingHoldsThePeriodUp) {
#if defined(__SANITIZE_THREAD__) || defined(__SANITIZE_ADDRESS__)
  constexpr int kRounds = 2'000;
#else
  constexpr int kRounds = 50'000;
#endif
  struct alignas(base::kCacheLine) Line {
    base::Atomic<int> value{0};
  };
  Line start, unlinked, looked, saw, leave;
  // Lines that the writer holds when the reader stores to them: those stores keep the entry of the
  // section waiting in the store buffer behind them.
  std::array<Line, 16> ballast;
  own_thread_slot();
  std::thread reader([&] {
    own_thread_slot();
    for (int i = 1; i <= kRounds; ++i) {
      wait_for_round(start.value, i);
      for (Line& line : ballast) line.value.store_relaxed(i);
      const ReadSection section;
      saw.value.store_relaxed(unlinked.value.load_acquire());
      looked.value.store_release(i);
      wait_for_round(leave.value, i);
    }
  });
  int missed = 0;
  for (int i = 1; i <= kRounds; ++i) {
    for (Line& line : ballast) line.value.store_relaxed(-i);
    start.value.store_release(i);
    for (int n = i % 512; n > 0; --n) base::compiler_fence();  // meet at different points
    unlinked.value.store_release(i);
    auto period = GracePeriod::begin();
    // Now by the work of the reader, then by a fence: it parks the reader where it is outside.
    const bool elapsed = i % 8 == 0 ? period.expedite() : period.elapsed();
    wait_for_round(looked.value, i);
    missed += elapsed && saw.value.load_relaxed() != i ? 1 : 0;
    leave.value.store_release(i);
  }
  reader.join();
  EXPECT_EQ(missed, 0);
}

// ---- torture ----

constexpr std::uint64_t kAlive = 0x600dfeed600dfeed;
constexpr std::uint64_t kDead = 0xdeadbeefdeadbeef;
constexpr std::size_t kCells = 8;
#if defined(__SANITIZE_THREAD__) || defined(__SANITIZE_ADDRESS__)
constexpr int kReplacements = 3'000;
#else
constexpr int kReplacements = 20'000;
#endif

struct Node {
  std::uint64_t canary = kAlive;
  std::uint64_t padding[7] = {};
};

// Shared cells; readers look at nodes inside sections, reclaimers replace and free them.
class Arena {
 public:
  Arena() {
    for (auto& cell : cells_) cell.store_release(new Node);
  }
  ~Arena() {
    for (auto& cell : cells_) delete cell.load_acquire();
  }

  // False if a dead node was seen.
  bool look(base::Prng& prng) {
    const ReadSection section;
    const Node* node = cells_[prng.below(kCells)].load_acquire();
    bool alive = node->canary == kAlive;
    if (prng.below(16) == 0) {
      const ReadSection inner;
      std::this_thread::yield();
    }
    alive = alive && node->canary == kAlive;
    return alive;
  }

  void replace(base::Prng& prng, int batch) {
    std::vector<Node*> unlinked;
    for (int i = 0; i < batch; ++i) {
      unlinked.push_back(cells_[prng.below(kCells)].exchange_acq_rel(new Node));
    }
    auto period = GracePeriod::begin();
    const int patience = static_cast<int>(prng.below(8));
    for (int turn = 0; turn < patience ? !period.elapsed() : !period.expedite(); ++turn) {
      std::this_thread::yield();
    }
    for (Node* node : unlinked) {
      node->canary = kDead;
      delete node;
    }
  }

 private:
  base::Atomic<Node*> cells_[kCells];
};

// Returns the number of dead nodes that readers saw.
int torture(std::uint64_t seed) {
  Arena arena;
  base::Atomic<int> dead;
  base::Atomic<bool> stop;
  std::vector<std::thread> readers, reclaimers;
  for (std::uint64_t i = 0; i < 3; ++i) {
    readers.emplace_back([&, i] {
      base::Prng prng(seed + i);
      while (!stop.load_relaxed()) dead.add_relaxed(arena.look(prng) ? 0 : 1);
    });
  }
  // Threads that come and go, so that slots pass from hand to hand.
  readers.emplace_back([&] {
    for (std::uint64_t n = 0; !stop.load_relaxed(); ++n) {
      std::thread([&] {
        base::Prng prng(seed + 100 + n);
        for (int i = 0; i < 20; ++i) dead.add_relaxed(arena.look(prng) ? 0 : 1);
      }).join();
    }
  });
  for (std::uint64_t i = 0; i < 2; ++i) {
    reclaimers.emplace_back([&, i] {
      base::Prng prng(seed + 1'000 + i);
      for (int done = 0; done < kReplacements;) {
        const int batch = 1 + static_cast<int>(prng.below(32));
        arena.replace(prng, batch);
        done += batch;
      }
    });
  }
  for (auto& thread : reclaimers) thread.join();
  stop.store_relaxed(true);
  for (auto& thread : readers) thread.join();
  return dead.load_relaxed();
}

TEST(EpochTorture, NoReaderSeesADeadNode) { EXPECT_EQ(torture(1), 0); }

TEST(EpochTortureDeathTest, NoReaderSeesADeadNodeWithoutMembarrier) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  setenv("LARDER_NO_MEMBARRIER", "1", 1);
  EXPECT_EXIT(
      {
        const int dead = torture(2);
        own_thread_slot();
        std::exit(dead == 0 && t_thread.writes_by_rmw ? 0 : 1);
      },
      testing::ExitedWithCode(0), "");
  unsetenv("LARDER_NO_MEMBARRIER");
}

}  // namespace
}  // namespace larder::sync
