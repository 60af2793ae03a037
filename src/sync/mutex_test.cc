// Tests of the locks: exclusion, the scoped holders, waits, and in checked builds the order of
// ranks.
//
// Thread safety: a test program.
#include "sync/mutex.h"

#include <deque>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "base/atomic.h"

namespace larder::sync {
namespace {

// True when another thread finds the lock free.
bool is_free(Mutex& mutex) {
  bool free = false;
  std::thread([&] {
    const bool taken = mutex.try_lock();
    if (taken) mutex.unlock();
    free = taken;
  }).join();
  return free;
}

class HandClock final : public Clock {
 public:
  std::int64_t now_ns() const noexcept override { return now_.load_relaxed(); }
  std::int64_t wall_ns() const noexcept override { return now_ns(); }
  std::chrono::nanoseconds poll_interval() const noexcept override {
    return std::chrono::milliseconds(1);
  }
  void advance(std::int64_t ns) { now_.add_relaxed(ns); }

 private:
  base::Atomic<std::int64_t> now_;
};

TEST(Mutex, Excludes) {
  constexpr int kThreads = 4;
  constexpr int kTurns = 5'000;
  Mutex mutex(Rank::kLeaf);
  int count = 0;
  std::vector<std::thread> threads;
  for (int i = 0; i < kThreads; ++i) {
    threads.emplace_back([&] {
      for (int n = 0; n < kTurns; ++n) {
        const MutexLock lock(mutex);
        ++count;
      }
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(count, kThreads * kTurns);
}

TEST(Mutex, TryLockFailsWhileAnotherThreadHoldsIt) {
  Mutex mutex(Rank::kLeaf);
  mutex.lock();
  mutex.assert_held();
  EXPECT_FALSE(is_free(mutex));
  mutex.unlock();
  EXPECT_TRUE(is_free(mutex));
}

TEST(UniqueLock, CanBeLetGoAndTakenAgain) {
  Mutex mutex(Rank::kLeaf);
  UniqueLock lock(mutex);
  EXPECT_TRUE(lock.owns_lock());
  lock.unlock();
  EXPECT_FALSE(lock.owns_lock());
  EXPECT_TRUE(is_free(mutex));
  lock.lock();
  EXPECT_FALSE(is_free(mutex));
}

TEST(UniqueLock, LetsGoAtItsEnd) {
  Mutex mutex(Rank::kLeaf);
  {
    const UniqueLock lock(mutex);
  }
  {
    UniqueLock lock(mutex);
    lock.unlock();
  }
  EXPECT_TRUE(is_free(mutex));
}

TEST(CondVar, HandsATurnBackAndForth) {
  constexpr int kTurns = 500;
  Mutex mutex(Rank::kLeaf);
  CondVar changed;
  int turn = 0;
  const auto play = [&](int mine) {
    for (int i = 0; i < kTurns; ++i) {
      UniqueLock lock(mutex);
      while (turn % 2 != mine) changed.wait(lock);
      ++turn;
      changed.notify_one();
    }
  };
  std::thread other(play, 1);
  play(0);
  other.join();
  EXPECT_EQ(turn, 2 * kTurns);
}

TEST(CondVar, WaitForReturnsWithoutANotification) {
  Mutex mutex(Rank::kLeaf);
  CondVar never;
  UniqueLock lock(mutex);
  never.wait_for(lock, std::chrono::milliseconds(2));
  never.wait_for(lock, std::chrono::nanoseconds(-1));
  mutex.assert_held();
}

TEST(CondVar, WaitUntilFollowsTheGivenClock) {
  Mutex mutex(Rank::kLeaf);
  CondVar never;
  HandClock clock;
  base::Atomic<bool> waiting;
  std::thread waiter([&] {
    UniqueLock lock(mutex);
    while (never.wait_until(lock, 1'000, clock)) waiting.store_release(true);
    EXPECT_GE(clock.now_ns(), 1'000);
    mutex.assert_held();
  });
  while (!waiting.load_acquire()) std::this_thread::yield();
  clock.advance(1'000);
  waiter.join();
}

TEST(CondVar, WaitUntilLooksAgainAfterANotification) {
  Mutex mutex(Rank::kLeaf);
  CondVar changed;
  bool ready = false;
  std::thread notifier([&] {
    const MutexLock lock(mutex);
    ready = true;
    changed.notify_all();
  });
  {
    UniqueLock lock(mutex);
    while (!ready) EXPECT_TRUE(changed.wait_until(lock, kNoDeadlineNs, *default_clock()));
  }
  notifier.join();
}

TEST(LockRank, RisingRanksAreFine) {
  Mutex engine(Rank::kEngine), shard(Rank::kShard), leaf(Rank::kLeaf);
  const MutexLock one(engine);
  const MutexLock two(shard);
  const MutexLock three(leaf);
}

// Outside of the analysis: it does not follow locks that a loop takes.
void take_all(std::deque<Mutex>& mutexes) LARDER_NO_THREAD_SAFETY_ANALYSIS {
  for (Mutex& mutex : mutexes) mutex.lock();
}
void release_all(std::deque<Mutex>& mutexes) LARDER_NO_THREAD_SAFETY_ANALYSIS {
  for (Mutex& mutex : mutexes) mutex.unlock();
}

TEST(LockRank, ShardsMayBeTakenInAscendingSequence) {
  std::deque<Mutex> shards;
  for (unsigned i = 0; i < 64; ++i) shards.emplace_back(Rank::kShard, i);
  take_all(shards);
  EXPECT_FALSE(is_free(shards.back()));
  release_all(shards);
  EXPECT_TRUE(is_free(shards.back()));
}

#if LARDER_LOCK_CHECKS

class LockRankDeathTest : public testing::Test {
 protected:
  LockRankDeathTest() { GTEST_FLAG_SET(death_test_style, "threadsafe"); }
};

void take_both(Mutex& first, Mutex& second) {
  const MutexLock one(first);
  const MutexLock two(second);
}

TEST_F(LockRankDeathTest, FallingRanksAreFound) {
  Mutex leaf(Rank::kLeaf), shard(Rank::kShard);
  EXPECT_DEATH(take_both(leaf, shard), "lock ranks must rise");
}

TEST_F(LockRankDeathTest, EqualRanksAreFound) {
  Mutex one(Rank::kIndex, 0), two(Rank::kIndex, 1);
  EXPECT_DEATH(take_both(one, two), "lock ranks must rise");
}

TEST_F(LockRankDeathTest, ShardsOutOfSequenceAreFound) {
  Mutex one(Rank::kShard, 1), two(Rank::kShard, 2), same(Rank::kShard, 1);
  EXPECT_DEATH(take_both(two, one), "lock ranks must rise");
  EXPECT_DEATH(take_both(one, same), "lock ranks must rise");
}

TEST_F(LockRankDeathTest, AnOuterLockStillCountsAfterAnInnerOneWasReleased) {
  Mutex shard(Rank::kShard), leaf(Rank::kLeaf), engine(Rank::kEngine);
  EXPECT_DEATH(
      {
        const MutexLock outer(shard);
        {
          const MutexLock inner(leaf);
        }
        const MutexLock wrong(engine);
      },
      "lock ranks must rise");
}

TEST_F(LockRankDeathTest, TakingALockTwiceIsFound) {
  Mutex mutex(Rank::kLeaf);
  EXPECT_DEATH(take_both(mutex, mutex), "takes a lock that it holds");
}

TEST_F(LockRankDeathTest, ReleasingAStrangersLockIsFound) {
  Mutex mutex(Rank::kLeaf);
  EXPECT_DEATH(note_released(&mutex), "releases a lock that it does not hold");
}

TEST_F(LockRankDeathTest, AssertHeldFindsAFreeLock) {
  Mutex mutex(Rank::kLeaf);
  EXPECT_DEATH(mutex.assert_held(), "must hold the lock");
}

TEST_F(LockRankDeathTest, UserCodeUnderALockIsFound) {
  Mutex mutex(Rank::kLeaf);
  EXPECT_DEATH(
      {
        const MutexLock lock(mutex);
        assert_no_locks_held();
      },
      "user code would run under a lock");
}

TEST(LockRecord, ForgetsReleasedLocksInAnyOrder) {
  Mutex shard(Rank::kShard), index(Rank::kIndex), leaf(Rank::kLeaf);
  shard.lock();
  index.lock();
  leaf.lock();
  EXPECT_EQ(held_locks(), 3);
  index.unlock();
  EXPECT_TRUE(is_held(&shard));
  EXPECT_FALSE(is_held(&index));
  EXPECT_TRUE(is_held(&leaf));
  shard.unlock();
  leaf.unlock();
  EXPECT_EQ(held_locks(), 0);
  assert_no_locks_held();
}

TEST(LockRecord, BelongsToTheThread) {
  Mutex mutex(Rank::kLeaf);
  const MutexLock lock(mutex);
  std::thread([&] {
    EXPECT_EQ(held_locks(), 0);
    assert_no_locks_held();
  }).join();
}

TEST(LockRecord, TryLockMayGoAgainstTheOrder) {
  Mutex leaf(Rank::kLeaf), shard(Rank::kShard);
  const MutexLock lock(leaf);
  const bool taken = shard.try_lock();
  EXPECT_TRUE(taken);
  EXPECT_EQ(held_locks(), 2);
  if (taken) shard.unlock();
}

TEST(LockRecord, IsRightAgainAfterAWait) {
  Mutex mutex(Rank::kLeaf);
  CondVar never;
  UniqueLock lock(mutex);
  never.wait_for(lock, std::chrono::nanoseconds(1));
  EXPECT_TRUE(is_held(&mutex));
  EXPECT_EQ(held_locks(), 1);
}

#else

TEST(LockRank, CostsNothingWhereItIsNotChecked) {
  EXPECT_EQ(sizeof(Mutex), sizeof(std::mutex));
  Mutex mutex(Rank::kLeaf);
  const MutexLock lock(mutex);
  assert_no_locks_held();
  mutex.assert_held();
}

#endif

}  // namespace
}  // namespace larder::sync
