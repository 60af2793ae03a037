// The timer wheel against a plain model, its bounds, and faults that validate() must see.
#include "expiry/timer_wheel.h"

#include <map>
#include <random>
#include <set>
#include <vector>

#include <gtest/gtest.h>

namespace larder::expiry {
namespace {

constexpr std::size_t kNoBudget = ~std::size_t{0};
constexpr std::int64_t kMs = 1'000'000;
constexpr std::int64_t kYear = std::int64_t{365} * 86'400 * 1'000 * kMs;

struct Node {
  TimerLinks links;
  std::int64_t expires_at_ns = kNever;
};

struct Nodes {
  std::vector<Node> nodes = std::vector<Node>(1);
  std::size_t deadlines_read = 0;

  TimerLinks& timer_links(Ref ref) { return nodes.at(ref).links; }
  std::int64_t expires_at_ns(Ref ref) {
    ++deadlines_read;
    return nodes.at(ref).expires_at_ns;
  }
  Ref add(std::int64_t expires_at_ns) {
    nodes.push_back({{}, expires_at_ns});
    return static_cast<Ref>(nodes.size() - 1);
  }
};

std::vector<Ref> expire(TimerWheel<Nodes>& wheel, Nodes& nodes, std::int64_t now_ns) {
  std::vector<Ref> expired;
  EXPECT_FALSE(wheel.advance(nodes, now_ns, kNoBudget, [&](Ref ref) { expired.push_back(ref); }));
  EXPECT_EQ(wheel.validate(nodes), std::nullopt);
  return expired;
}

TEST(TimerWheel, ExpiresExactlyAtTheDeadline) {
  for (const std::int64_t deadline : {std::int64_t{1}, std::int64_t{63}, std::int64_t{64}, kMs,
                                      7 * 86'400'000 * kMs, 100 * kYear, 150 * kYear, kNever - 1}) {
    Nodes nodes;
    TimerWheel<Nodes> wheel(0);
    const Ref ref = nodes.add(deadline);
    wheel.schedule(nodes, ref);
    EXPECT_LE(wheel.next_due_ns(), deadline);
    EXPECT_TRUE(expire(wheel, nodes, deadline - 1).empty()) << deadline;
    EXPECT_EQ(wheel.next_due_ns(), deadline);
    EXPECT_EQ(expire(wheel, nodes, deadline), std::vector<Ref>{ref}) << deadline;
    EXPECT_EQ(wheel.size(), 0u);
    EXPECT_EQ(wheel.next_due_ns(), kNever);
  }
}

TEST(TimerWheel, NeverIsNotScheduled) {
  Nodes nodes;
  TimerWheel<Nodes> wheel(5);
  const Ref ref = nodes.add(kNever);
  wheel.schedule(nodes, ref);
  EXPECT_EQ(wheel.size(), 0u);
  EXPECT_FALSE(wheel.cancel(nodes, ref));
  EXPECT_TRUE(expire(wheel, nodes, kNever).empty());
}

TEST(TimerWheel, WhatIsScheduledTooLateIsDueAtOnce) {
  Nodes nodes;
  TimerWheel<Nodes> wheel(1'000);
  const Ref late = nodes.add(10);
  const Ref just = nodes.add(1'000);
  wheel.schedule(nodes, late);
  wheel.schedule(nodes, just);
  EXPECT_LE(wheel.next_due_ns(), 10);
  EXPECT_EQ(expire(wheel, nodes, 0).size(), 2u);  // time does not go back
}

TEST(TimerWheel, CancelOfWhatIsNotScheduledHasNoEffect) {
  Nodes nodes;
  TimerWheel<Nodes> wheel(0);
  const Ref ref = nodes.add(50);
  const Ref same_slot = nodes.add(50);
  wheel.schedule(nodes, same_slot);
  EXPECT_FALSE(wheel.cancel(nodes, ref));
  wheel.schedule(nodes, ref);
  EXPECT_TRUE(wheel.cancel(nodes, ref));
  EXPECT_FALSE(wheel.cancel(nodes, ref));
  EXPECT_EQ(wheel.size(), 1u);
  EXPECT_EQ(expire(wheel, nodes, 50), std::vector<Ref>{same_slot});
}

TEST(TimerWheel, BudgetBoundsTheEntriesLookedAtInOneCall) {
  Nodes nodes;
  TimerWheel<Nodes> wheel(0);
  constexpr std::size_t kEntries = 10'000;
  for (std::size_t i = 0; i < kEntries; ++i) {
    // Half is due, half only moves down from the same slot.
    wheel.schedule(nodes, nodes.add((std::int64_t{1} << 40) + (i % 2) * 1'000'000 + 1));
  }
  const std::int64_t now_ns = (std::int64_t{1} << 40) + 10;
  std::size_t expired = 0;
  std::size_t calls = 0;
  for (bool more = true; more; ++calls) {
    const std::size_t before = nodes.deadlines_read;
    more = wheel.advance(nodes, now_ns, 64, [&](Ref) { ++expired; });
    EXPECT_LE(nodes.deadlines_read - before, 64u * 2);
    EXPECT_EQ(wheel.validate(nodes), std::nullopt);
    if (more) {
      EXPECT_LE(wheel.next_due_ns(), now_ns);
    }
  }
  EXPECT_EQ(expired, kEntries / 2);
  EXPECT_EQ(calls, kEntries / 64 + 1);
}

TEST(TimerWheel, JumpsOfYearsLookOnlyAtEntries) {
  Nodes nodes;
  TimerWheel<Nodes> wheel(0);
  for (int i = 1; i <= 100; ++i) wheel.schedule(nodes, nodes.add(i * kYear));
  const std::size_t before = nodes.deadlines_read;
  EXPECT_EQ(expire(wheel, nodes, 99 * kYear).size(), 99u);
  EXPECT_EQ(expire(wheel, nodes, 140 * kYear).size(), 1u);
  EXPECT_LE(nodes.deadlines_read - before, 100u * 2 * WheelSlots::kLevels);
}

TEST(TimerWheel, CascadesCostAtMostOneMovePerLevel) {
  Nodes nodes;
  TimerWheel<Nodes> wheel(0);
  const std::int64_t deadline = 7 * 86'400'000 * kMs + 12'345'678;
  wheel.schedule(nodes, nodes.add(deadline));
  const std::size_t before = nodes.deadlines_read;
  std::mt19937_64 random(7);
  for (std::int64_t now_ns = 0; now_ns < deadline;) {
    // Ever smaller steps, so that each level is passed.
    now_ns += std::max<std::int64_t>(
        1, static_cast<std::int64_t>(random() % 1000) * (deadline - now_ns) / 4000);
    wheel.advance(nodes, now_ns, kNoBudget, [](Ref) {});
  }
  EXPECT_EQ(wheel.size(), 0u);
  EXPECT_LE(nodes.deadlines_read - before, 2u * WheelSlots::kLevels);
}

TEST(TimerWheel, ExpiryHandlerMayScheduleAndCancel) {
  Nodes nodes;
  TimerWheel<Nodes> wheel(0);
  const Ref first = nodes.add(100);
  const Ref other = nodes.add(100);
  const Ref again = nodes.add(100);
  for (const Ref ref : {again, other, first}) wheel.schedule(nodes, ref);  // looked at in reverse
  std::vector<Ref> expired;
  EXPECT_FALSE(wheel.advance(nodes, 200, kNoBudget, [&](Ref ref) {
    expired.push_back(ref);
    if (ref == first) {
      EXPECT_TRUE(wheel.cancel(nodes, other));
    }
    if (ref == again && expired.size() < 5) wheel.schedule(nodes, again);  // due again at once
  }));
  EXPECT_EQ(expired, (std::vector<Ref>{first, again, again, again, again}));
}

// Random operations with deadlines of all magnitudes, random steps of time and budgets.
class WheelModel : public testing::TestWithParam<int> {};

TEST_P(WheelModel, AgreesWithASortedMap) {
  std::mt19937_64 random(GetParam());
  Nodes nodes;
  std::int64_t now_ns = GetParam() % 2 == 0 ? 0 : static_cast<std::int64_t>(random() >> 3);
  TimerWheel<Nodes> wheel(now_ns);
  std::multimap<std::int64_t, Ref> model;
  std::vector<Ref> idle;
  for (int i = 0; i < 300; ++i) idle.push_back(nodes.add(0));
  const auto step = [&] { return static_cast<std::int64_t>(random() >> (10 + random() % 54)); };
  const auto pick = [&] { return std::next(model.begin(), random() % model.size()); };
  const auto later = [&] {
    const std::int64_t by = step();
    return by < kNever - now_ns ? now_ns + by : kNever - 1;
  };
  for (int i = 0; i < 3'000; ++i) {
    const unsigned action = random() % 10;
    if (action < 4 && !idle.empty()) {
      const Ref ref = idle.back();
      idle.pop_back();
      nodes.nodes[ref].expires_at_ns = later();
      wheel.schedule(nodes, ref);
      model.emplace(nodes.nodes[ref].expires_at_ns, ref);
    } else if (action < 6 && !model.empty()) {
      const auto it = pick();
      ASSERT_TRUE(wheel.cancel(nodes, it->second));
      idle.push_back(it->second);
      model.erase(it);
    } else if (action < 8 && !model.empty()) {
      const auto it = pick();
      const Ref ref = it->second;
      const std::int64_t old = it->first;
      model.erase(it);
      nodes.nodes[ref].expires_at_ns = later();
      wheel.reschedule(nodes, ref, old);
      model.emplace(nodes.nodes[ref].expires_at_ns, ref);
    } else {
      now_ns = later();
      std::set<Ref> due;
      for (auto it = model.begin(); it != model.end() && it->first <= now_ns; ++it) {
        due.insert(it->second);
      }
      if (!model.empty()) {
        ASSERT_LE(wheel.next_due_ns(), model.begin()->first);
      }
      const std::size_t budget = random() % 4 == 0 ? random() % 20 : kNoBudget;
      const bool more = wheel.advance(nodes, now_ns, budget, [&](Ref ref) {
        ASSERT_EQ(due.erase(ref), 1u) << "expired too early or twice";
        idle.push_back(ref);
        std::erase_if(model, [&](const auto& entry) { return entry.second == ref; });
      });
      if (!more) {
        ASSERT_TRUE(due.empty()) << "missed " << due.size();
      }
      if (!more) {
        ASSERT_GT(wheel.next_due_ns(), now_ns);
      }
    }
    ASSERT_EQ(wheel.size(), model.size());
    ASSERT_EQ(wheel.validate(nodes), std::nullopt);
  }
}

INSTANTIATE_TEST_SUITE_P(Seeds, WheelModel, testing::Range(0, 20));

TEST(TimerWheelValidate, SeesEachKindOfFault) {
  Nodes nodes;
  TimerWheel<Nodes> wheel(0);
  const Ref first = nodes.add(1'000'000);
  const Ref second = nodes.add(1'000'000);
  wheel.schedule(nodes, second);
  wheel.schedule(nodes, first);  // the list is first, second
  ASSERT_EQ(wheel.validate(nodes), std::nullopt);
  const std::vector<Node> sound = nodes.nodes;

  nodes.nodes[second].links.prev = kNoRef;
  EXPECT_NE(wheel.validate(nodes)->find("back link"), std::string::npos);
  nodes.nodes = sound;
  nodes.nodes[second].links.next = first;
  EXPECT_NE(wheel.validate(nodes)->find("cycle"), std::string::npos);
  nodes.nodes = sound;
  nodes.nodes[first].links.next = kNoRef;
  EXPECT_NE(wheel.validate(nodes)->find("fewer"), std::string::npos);
  nodes.nodes = sound;
  nodes.nodes[second].expires_at_ns = 5;
  EXPECT_NE(wheel.validate(nodes)->find("not its deadline's"), std::string::npos);
  nodes.nodes = sound;
  nodes.nodes[second].expires_at_ns = kNever;
  EXPECT_NE(wheel.validate(nodes)->find("without a deadline"), std::string::npos);
}

TEST(TimerWheelValidate, SeesAnOccupiedSlotOfThePast) {
  WheelSlots slots(0);
  slots.set_head(slots.list_of(100), 1);
  ASSERT_EQ(slots.validate(), std::nullopt);
  slots.set_head(0, 1);  // the current nanosecond's own slot
  EXPECT_NE(slots.validate()->find("its time has come"), std::string::npos);
}

}  // namespace
}  // namespace larder::expiry
