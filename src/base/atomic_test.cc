// Tests of the atomic wrapper: what each method does to the value, and that release and acquire
// carry plain data between threads (checked by ThreadSanitizer in that build).
//
// Thread safety: a test program.
#include "base/atomic.h"

#include <thread>
#include <vector>

#include <gtest/gtest.h>

namespace larder::base {
namespace {

TEST(Atomic, StartsAtZeroOrTheGivenValue) {
  EXPECT_EQ(Atomic<int>().load_relaxed(), 0);
  EXPECT_EQ(Atomic<int>(7).load_acquire(), 7);
  EXPECT_EQ(Atomic<void*>().load_seq_cst(), nullptr);
}

TEST(Atomic, StoresAndExchanges) {
  Atomic<int> value(1);
  value.store_relaxed(2);
  EXPECT_EQ(value.exchange_relaxed(3), 2);
  value.store_release(4);
  EXPECT_EQ(value.exchange_acquire(5), 4);
  value.store_seq_cst(6);
  EXPECT_EQ(value.exchange_release(7), 6);
  EXPECT_EQ(value.exchange_acq_rel(8), 7);
  EXPECT_EQ(value.exchange_seq_cst(9), 8);
  EXPECT_EQ(value.load_relaxed(), 9);
}

TEST(Atomic, AddsAndSubtractsReturningTheValueBefore) {
  Atomic<unsigned> value(10);
  EXPECT_EQ(value.add_relaxed(1), 10U);
  EXPECT_EQ(value.add_release(1), 11U);
  EXPECT_EQ(value.add_acq_rel(1), 12U);
  EXPECT_EQ(value.add_seq_cst(1), 13U);
  EXPECT_EQ(value.sub_relaxed(1), 14U);
  EXPECT_EQ(value.sub_release(1), 13U);
  EXPECT_EQ(value.sub_acq_rel(1), 12U);
  EXPECT_EQ(value.sub_seq_cst(12), 11U);
  EXPECT_EQ(value.load_relaxed(), ~0U);  // wraps around
}

TEST(Atomic, ChangesBits) {
  Atomic<unsigned> value(0b0001);
  EXPECT_EQ(value.or_relaxed(0b0010), 0b0001U);
  EXPECT_EQ(value.or_acquire(0b0100), 0b0011U);
  EXPECT_EQ(value.or_release(0b1000), 0b0111U);
  EXPECT_EQ(value.or_acq_rel(0b10000), 0b1111U);
  EXPECT_EQ(value.and_relaxed(0b11110), 0b11111U);
  EXPECT_EQ(value.and_acquire(0b11100), 0b11110U);
  EXPECT_EQ(value.and_release(0b11000), 0b11100U);
  EXPECT_EQ(value.and_acq_rel(0b10000), 0b11000U);
  EXPECT_EQ(value.xor_relaxed(0b10001), 0b10000U);
  EXPECT_EQ(value.load_relaxed(), 0b00001U);
}

using Cas = bool (Atomic<int>::*)(int&, int);

class AtomicCas : public testing::TestWithParam<Cas> {};

TEST_P(AtomicCas, WritesOnlyOverTheExpectedValue) {
  Atomic<int> value(5);
  int expected = 4;
  EXPECT_FALSE((value.*GetParam())(expected, 6));
  EXPECT_EQ(expected, 5);
  EXPECT_EQ(value.load_relaxed(), 5);
  while (!(value.*GetParam())(expected, 6))
    ASSERT_EQ(expected, 5);  // a weak one may fail for a time
  EXPECT_EQ(value.load_relaxed(), 6);
}

INSTANTIATE_TEST_SUITE_P(
    All, AtomicCas,
    testing::Values(&Atomic<int>::cas_weak_relaxed, &Atomic<int>::cas_weak_acquire,
                    &Atomic<int>::cas_weak_release, &Atomic<int>::cas_weak_acq_rel,
                    &Atomic<int>::cas_strong_relaxed, &Atomic<int>::cas_strong_acquire,
                    &Atomic<int>::cas_strong_release, &Atomic<int>::cas_strong_acq_rel,
                    &Atomic<int>::cas_strong_seq_cst));

TEST(Atomic, AddressIsThatOfTheValue) {
  Atomic<std::uint32_t> value(42);
  EXPECT_EQ(*value.address(), 42U);
}

TEST(Atomic, ReleaseAndAcquireCarryPlainData) {
  constexpr int kRounds = 2'000;
  int data = 0;
  Atomic<int> turn{0};  // even: the writer's, odd: the reader's
  std::thread reader([&] {
    for (int i = 0; i < kRounds; ++i) {
      while (turn.load_acquire() != 2 * i + 1) std::this_thread::yield();
      ASSERT_EQ(data, i);
      turn.store_release(2 * i + 2);
    }
  });
  for (int i = 0; i < kRounds; ++i) {
    while (turn.load_acquire() != 2 * i) std::this_thread::yield();
    data = i;
    turn.store_release(2 * i + 1);
  }
  reader.join();
  EXPECT_EQ(data, kRounds - 1);
}

TEST(Atomic, AddsOfManyThreadsAreAllCounted) {
  constexpr int kThreads = 4;
  constexpr int kAdds = 10'000;
  Atomic<int> value;
  std::vector<std::thread> threads;
  for (int i = 0; i < kThreads; ++i) {
    threads.emplace_back([&] {
      for (int n = 0; n < kAdds; ++n) value.add_relaxed(1);
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(value.load_relaxed(), kThreads * kAdds);
}

}  // namespace
}  // namespace larder::base
