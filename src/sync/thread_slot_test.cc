// Tests of thread slots: unique among the living, dense, reused, stable in memory, and usable while
// a thread ends.
//
// Thread safety: a test program.
#include "sync/thread_slot.h"

#include <algorithm>
#include <barrier>
#include <set>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "sync/epoch.h"

namespace larder::sync {
namespace {

// The slot numbers of `count` threads that are alive at the same time.
std::vector<std::size_t> slots_of_threads(std::size_t count) {
  std::vector<std::size_t> slots(count);
  std::barrier all_claimed(static_cast<std::ptrdiff_t>(count));
  std::vector<std::thread> threads;
  for (std::size_t i = 0; i < count; ++i) {
    threads.emplace_back([&slots, &all_claimed, i] {
      slots[i] = thread_slot();
      all_claimed.arrive_and_wait();
    });
  }
  for (auto& thread : threads) thread.join();
  return slots;
}

TEST(ThreadSlot, IsOneNumberForOneThread) {
  const std::size_t mine = thread_slot();
  EXPECT_EQ(thread_slot(), mine);
  EXPECT_EQ(own_thread_slot().index, mine);
  EXPECT_EQ(&thread_slot_at(mine), &own_thread_slot());
  EXPECT_LT(mine, thread_slot_count());
}

TEST(ThreadSlot, IsUniqueAmongLivingThreadsAndDense) {
  constexpr std::size_t kThreads = 300;  // more than the first two chunks hold
  thread_slot();                         // this thread has one as well
  const auto slots = slots_of_threads(kThreads);
  const std::set<std::size_t> unique(slots.begin(), slots.end());
  EXPECT_EQ(unique.size(), kThreads);
  EXPECT_FALSE(unique.contains(thread_slot()));
  EXPECT_LE(*unique.rbegin(), kThreads);
}

TEST(ThreadSlot, IsReusedLowestFirst) {
  thread_slot();
  slots_of_threads(20);
  const std::size_t count = thread_slot_count();
  for (int round = 0; round < 5; ++round) {
    const auto slots = slots_of_threads(10);
    EXPECT_LE(*std::max_element(slots.begin(), slots.end()), 10U);
  }
  EXPECT_EQ(thread_slot_count(), count);
}

TEST(ThreadSlot, EveryNumberFindsItsSlotInALineOfItsOwn) {
  slots_of_threads(200);
  for (std::size_t i = 0; i < thread_slot_count(); ++i) {
    const ThreadSlot& slot = thread_slot_at(i);
    EXPECT_EQ(slot.index, i);
    EXPECT_EQ(reinterpret_cast<std::uintptr_t>(&slot) % base::kCacheLine, 0U);
  }
  EXPECT_GE(sizeof(ThreadSlot), base::kCacheLine);
}

// Destructors of the user's thread-local objects may use the library.
struct UsesTheLibraryAtItsEnd {
  ~UsesTheLibraryAtItsEnd() {
    const ReadSection section;
    *slot = thread_slot();
  }
  std::size_t* slot = nullptr;
};

TEST(ThreadSlot, WorksInDestructorsOfThreadLocals) {
  thread_slot();
  slots_of_threads(4);
  const std::size_t count = thread_slot_count();
  for (int round = 0; round < 10; ++round) {
    std::size_t first = 0;
    std::size_t last = ~std::size_t{0};
    std::thread([&] {
      thread_local UsesTheLibraryAtItsEnd at_end;
      at_end.slot = &last;
      first = thread_slot();
    }).join();
    EXPECT_EQ(first, last);
  }
  EXPECT_EQ(thread_slot_count(), count);  // none was lost
}

// The destructor of a pthread key runs after ours, when the slot was given back already.
void use_late(void* out) { *static_cast<std::size_t*>(out) = thread_slot(); }

TEST(ThreadSlot, IsClaimedAnewAfterItWasGivenBack) {
  pthread_key_t key;
  thread_slot();
  slots_of_threads(4);
  ASSERT_EQ(pthread_key_create(&key, &use_late), 0);
  const std::size_t count = thread_slot_count();
  for (int round = 0; round < 10; ++round) {
    std::size_t last = ~std::size_t{0};
    std::thread([&] {
      thread_slot();
      pthread_setspecific(key, &last);
    }).join();
    EXPECT_LT(last, count);
  }
  EXPECT_EQ(thread_slot_count(), count);
  pthread_key_delete(key);
}

TEST(ThreadSlotDeathTest, ThreadMayNotEndInsideASection) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  EXPECT_DEATH(std::thread([] { new ReadSection; }).join(), "ends inside a read section");
}

}  // namespace
}  // namespace larder::sync
