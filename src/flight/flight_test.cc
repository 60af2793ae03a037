// Tests of flights, of the fence log and of the graph of waiting loads.
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "flight/fence_log.h"
#include "flight/flight_table.h"
#include "flight/load_chain.h"
#include "flight/wait_graph.h"

namespace larder::flight {
namespace {

std::shared_ptr<Flight> begin(FlightTable& table, std::string_view key) {
  return table.begin(key, 1, 0, std::make_shared<RunningLoad>());
}

TEST(FlightTableTest, AFencedFlightIsDetachedForGoodAndTheNextOneIsAnother) {
  FlightTable table;
  const auto first = begin(table, "k");
  EXPECT_EQ(table.find("k"), first);
  EXPECT_TRUE(first->attached);
  table.fence("k");
  EXPECT_FALSE(first->attached);
  EXPECT_EQ(table.find("k"), nullptr);
  const auto second = begin(table, "k");
  EXPECT_NE(second->id, first->id);
  table.end(*first);  // the beaten one ends later: the other goes on
  EXPECT_EQ(table.find("k"), second);
  EXPECT_TRUE(second->attached);
}

TEST(FlightTableTest, FencesByPatternAndAll) {
  FlightTable table;
  const auto a = begin(table, "a1");
  const auto b = begin(table, "b1");
  table.fence_matching([](std::string_view key) { return key.starts_with("a"); });
  EXPECT_FALSE(a->attached);
  EXPECT_TRUE(b->attached);
  table.fence_all();
  EXPECT_FALSE(b->attached);
  EXPECT_TRUE(table.empty());
}

TEST(FlightTableTest, WaitersLeaveInAnyOrderAndComeOutInTheirOwn) {
  FlightTable table;
  const auto flight = begin(table, "k");
  Waiter waiters[4];
  for (Waiter& waiter : waiters) flight->join(waiter);
  flight->leave(waiters[2]);
  flight->leave(waiters[0]);
  EXPECT_EQ(flight->waiting, 2U);
  EXPECT_EQ(flight->pop(), &waiters[1]);
  EXPECT_EQ(flight->pop(), &waiters[3]);
  EXPECT_EQ(flight->pop(), nullptr);
  EXPECT_EQ(waiters[3].flight, nullptr);
}

TEST(FlightTableTest, TheLoaderStopsOnlyWhenNobodyWantsAnyOfItsFlights) {
  FlightTable table;
  auto load = std::make_shared<RunningLoad>();
  const auto one = table.begin("one", 1, 0, load);
  const auto two = table.begin("two", 2, 0, load);
  Waiter waiter;
  two->join(waiter);
  EXPECT_FALSE(table.end_if_unwanted(*one));  // the other one is wanted
  EXPECT_FALSE(one->attached);
  EXPECT_FALSE(table.end_if_unwanted(*two));
  EXPECT_TRUE(two->attached);
  two->leave(waiter);
  EXPECT_TRUE(table.end_if_unwanted(*two));
}

TEST(FenceLogTest, FencesWhatBeganBeforeAndNothingElse) {
  FenceLog log;
  const std::uint64_t before = log.now();
  EXPECT_FALSE(log.passed(before));
  log.raise(3, "ann");
  const std::uint64_t after = log.now();
  EXPECT_TRUE(log.passed(before));
  EXPECT_TRUE(log.is_fenced(before, 3, "ann", "key"));
  EXPECT_FALSE(log.is_fenced(before, 3, "bob", "key"));
  EXPECT_FALSE(log.is_fenced(before, 4, "ann", "key"));
  EXPECT_FALSE(log.is_fenced(after, 3, "ann", "key"));
}

TEST(FenceLogTest, SparesTheKeysThatTheEraseExcepted) {
  FenceLog log;
  const std::vector<std::string_view> except = {"mine", "yours"};
  log.raise(3, "ann", except);
  EXPECT_FALSE(log.is_fenced(0, 3, "ann", "mine"));
  EXPECT_FALSE(log.is_fenced(0, 3, "ann", "yours"));
  EXPECT_TRUE(log.is_fenced(0, 3, "ann", "theirs"));
  EXPECT_FALSE(log.passed(0, "mine"));
  EXPECT_TRUE(log.passed(0, "theirs"));
  log.raise(3, "ann");
  EXPECT_TRUE(log.passed(0, "mine"));
  EXPECT_TRUE(log.is_fenced(0, 3, "ann", "mine"));
}

TEST(FenceLogTest, WhatItForgotCountsAsFenced) {
  FenceLog log;
  const std::uint64_t old = log.now();
  for (std::size_t i = 0; i < FenceLog::kMaxFences; ++i) log.raise(1, "t" + std::to_string(i));
  EXPECT_FALSE(log.is_fenced(old, 1, "other", "key"));
  log.raise(1, "one more");
  EXPECT_TRUE(log.is_fenced(old, 1, "other", "key"));
  EXPECT_FALSE(log.is_fenced(log.now(), 1, "other", "key"));
}

larder::detail::LoadChain chain_of(std::uint64_t flight) { return {nullptr, {flight}, 1}; }

TEST(WaitGraphTest, RefusesTheEdgeThatClosesACycle) {
  WaitGraph graph;
  EXPECT_TRUE(graph.try_wait(chain_of(1), 2));
  EXPECT_TRUE(graph.try_wait(chain_of(2), 3));
  EXPECT_FALSE(graph.try_wait(chain_of(3), 1));
  EXPECT_FALSE(graph.try_wait(chain_of(2), 2));
  graph.forget(chain_of(1), 2);
  EXPECT_TRUE(graph.try_wait(chain_of(3), 1));
}

TEST(WaitGraphTest, CountsEqualEdges) {
  WaitGraph graph;
  EXPECT_TRUE(graph.try_wait(chain_of(1), 2));
  EXPECT_TRUE(graph.try_wait(chain_of(1), 2));
  graph.forget(chain_of(1), 2);
  EXPECT_FALSE(graph.try_wait(chain_of(2), 1));
  graph.forget(chain_of(1), 2);
  EXPECT_TRUE(graph.try_wait(chain_of(2), 1));
}

TEST(WaitGraphTest, OfLoadsThatTurnToEachOtherAtOnceAtLeastOneIsRefused) {
  WaitGraph graph;
  for (int round = 0; round < 500; ++round) {
    bool first = false;
    bool second = false;
    std::thread other([&] { second = graph.try_wait(chain_of(2), 1); });
    first = graph.try_wait(chain_of(1), 2);
    other.join();
    EXPECT_NE(first, second);  // the one that comes first is accepted, the other is not
    if (first) graph.forget(chain_of(1), 2);
    if (second) graph.forget(chain_of(2), 1);
  }
}

TEST(LoadChainTest, ScopesNest) {
  const auto outer = std::make_shared<larder::detail::LoadChain>();
  const auto inner = std::make_shared<larder::detail::LoadChain>();
  EXPECT_EQ(current_chain(), nullptr);
  {
    const ChainScope one(outer);
    {
      const ChainScope two(inner);
      EXPECT_EQ(current_chain(), inner);
    }
    EXPECT_EQ(current_chain(), outer);
  }
  EXPECT_EQ(current_chain(), nullptr);
}

}  // namespace
}  // namespace larder::flight
