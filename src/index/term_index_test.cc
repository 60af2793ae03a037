// The index against a plain model, walks over terms while others come and go, names, memory, and
// the superset protocol under concurrency.
#include "index/term_index.h"

#include <map>
#include <random>
#include <set>
#include <thread>

#include <gtest/gtest.h>

namespace larder::indexes {
namespace {

const auto kAny = [](std::string_view) { return true; };
const auto kExpected = [](std::uint32_t, std::string_view, Ref) { return true; };

std::set<Ref> as_set(const std::vector<Ref>& refs) { return {refs.begin(), refs.end()}; }

std::vector<std::string> walk(const TermIndex& index, std::uint32_t id, std::size_t limit) {
  std::vector<std::string> all;
  for (std::optional<std::uint64_t> from = 0; from;) {
    TermPage page = index.terms(id, kAny, *from, limit);
    EXPECT_LE(page.terms.size(), limit);
    all.insert(all.end(), page.terms.begin(), page.terms.end());
    from = page.next;
  }
  return all;
}

TEST(TermIndex, MembersAreASet) {
  TermIndex index;
  const IndexPin pin = index.intern("by_user");
  EXPECT_TRUE(index.add(pin.id(), "u1", 7));
  EXPECT_FALSE(index.add(pin.id(), "u1", 7));
  EXPECT_TRUE(index.add(pin.id(), "u1", 8));
  EXPECT_EQ(as_set(index.members(pin.id(), "u1")), (std::set<Ref>{7, 8}));
  EXPECT_EQ(index.count(pin.id(), "u1"), 2u);
  EXPECT_TRUE(index.remove(pin.id(), "u1", 7));
  EXPECT_FALSE(index.remove(pin.id(), "u1", 7));
  EXPECT_FALSE(index.remove(pin.id(), "u2", 7));
  EXPECT_EQ(index.members(pin.id(), "u1"), std::vector<Ref>{8});
}

TEST(TermIndex, IndexesAndTermsAreApart) {
  TermIndex index;
  const IndexPin first = index.intern("first");
  const IndexPin second = index.intern("second");
  EXPECT_NE(first.id(), second.id());
  index.add(first.id(), "t", 1);
  index.add(second.id(), "t", 2);
  index.add(first.id(), std::string("t\0x", 3), 3);
  EXPECT_EQ(index.members(first.id(), "t"), std::vector<Ref>{1});
  EXPECT_EQ(index.members(second.id(), "t"), std::vector<Ref>{2});
  EXPECT_EQ(index.members(first.id(), std::string("t\0x", 3)), std::vector<Ref>{3});
  EXPECT_TRUE(index.members(99, "t").empty());
  EXPECT_EQ(index.count(99, "t"), 0u);
}

TEST(TermIndex, ANameLivesWithItsPinsAndItsMembers) {
  TermIndex index;
  std::uint32_t id = 0;
  {
    const IndexPin pin = index.intern("tags");
    id = pin.id();
    const IndexPin again = index.intern("tags");
    EXPECT_EQ(again.id(), id);
    index.add(id, "red", 1);
  }
  EXPECT_EQ(index.lookup("tags"), id);
  index.add(id, "blue", 1);
  index.remove(id, "red", 1);
  EXPECT_EQ(index.lookup("tags"), id);
  index.remove(id, "blue", 1);
  EXPECT_EQ(index.lookup("tags"), std::nullopt);
  EXPECT_NE(index.intern("tags").id(), id);
  EXPECT_EQ(index.lookup("tags"), std::nullopt);
}

TEST(TermIndex, WhatIsEmptyTakesNoMemory) {
  TermIndex index;
  const std::size_t empty = index.bytes();
  {
    const IndexPin pin = index.intern("by_user");
    for (Ref ref = 1; ref <= 5'000; ++ref) {
      index.add(pin.id(), "user-" + std::to_string(ref % 700), ref);
    }
    EXPECT_GT(index.bytes(), 5'000u * sizeof(Ref));
    for (Ref ref = 1; ref <= 5'000; ++ref) {
      index.remove(pin.id(), "user-" + std::to_string(ref % 700), ref);
    }
  }
  EXPECT_EQ(index.bytes(), empty);
  EXPECT_EQ(index.validate(kExpected), std::nullopt);
}

TEST(TermIndex, AMillionMembershipsInFewTermsStaySmall) {
  TermIndex index;
  const IndexPin pin = index.intern("all");
  for (int term = 0; term < 100; ++term) {
    const std::string text = "term-" + std::to_string(term);
    for (Ref ref = 1; ref <= 10'000; ++ref) index.add(pin.id(), text, ref);
  }
  EXPECT_LE(index.bytes(), 12'000'000u);
}

TEST(TermIndex, ClearDropsMembershipsAndKeepsPinnedNames) {
  TermIndex index(Wipe::kYes);
  const IndexPin pinned = index.intern("pinned");
  std::uint32_t loose = 0;
  {
    const IndexPin pin = index.intern("loose");
    loose = pin.id();
    for (Ref ref = 1; ref < 300; ++ref) {
      index.add(pinned.id(), std::to_string(ref), ref);
      index.add(loose, std::to_string(ref), ref);
    }
  }
  index.clear();
  EXPECT_TRUE(walk(index, pinned.id(), 10).empty());
  EXPECT_EQ(index.lookup("pinned"), pinned.id());
  EXPECT_EQ(index.lookup("loose"), std::nullopt);
  EXPECT_FALSE(index.remove(loose, "1", 1));
  EXPECT_TRUE(index.add(pinned.id(), "1", 1));
  EXPECT_EQ(index.validate(kExpected), std::nullopt);
}

TEST(TermIndex, PagesHoldWhatIsAcceptedAndEndAtTheLimit) {
  TermIndex index;
  const IndexPin pin = index.intern("i");
  for (Ref ref = 1; ref <= 3'000; ++ref) index.add(pin.id(), std::to_string(ref), ref);
  const auto even = [](std::string_view term) { return (term.back() - '0') % 2 == 0; };
  std::set<std::string> seen;
  int pages = 0;
  for (std::optional<std::uint64_t> from = 0; from; ++pages) {
    const TermPage page = index.terms(pin.id(), even, *from, 100);
    EXPECT_LE(page.terms.size(), 100u);
    EXPECT_TRUE(!page.next || page.terms.size() == 100u) << "short without need";
    for (const std::string& term : page.terms) EXPECT_TRUE(seen.insert(term).second);
    from = page.next;
  }
  EXPECT_EQ(seen.size(), 1'500u);
  EXPECT_LE(pages, 16);
}

TEST(TermIndex, APageLooksAtABoundedNumberOfTerms) {
  TermIndex index;
  const IndexPin pin = index.intern("i");
  for (Ref ref = 1; ref <= 20'000; ++ref) index.add(pin.id(), std::to_string(ref), ref);
  std::size_t examined = 0;
  const TermPage page =
      index.terms(pin.id(), [&](std::string_view) { return ++examined == 0; }, 0, 10);
  EXPECT_TRUE(page.terms.empty());
  EXPECT_TRUE(page.next.has_value());
  EXPECT_LE(examined, 10 + TermIndex::kMaxExamined + 128);
}

TEST(TermIndex, AWalkMeetsWhatIsPresentThroughoutOnce) {
  for (int seed = 0; seed < 10; ++seed) {
    std::mt19937_64 random(seed);
    TermIndex index;
    const IndexPin pin = index.intern("i");
    for (int i = 0; i < 2'000; ++i) index.add(pin.id(), "steady-" + std::to_string(i), 1);
    std::map<std::string, int> met;
    for (std::optional<std::uint64_t> from = 0; from;) {
      const TermPage page = index.terms(pin.id(), kAny, *from, 1 + random() % 90);
      for (const std::string& term : page.terms) ++met[term];
      for (int i = 0; i < 200; ++i) {
        const std::string term = "passing-" + std::to_string(random() % 5'000);
        if (!index.remove(pin.id(), term, 2)) index.add(pin.id(), term, 2);
      }
      from = page.next;
    }
    for (int i = 0; i < 2'000; ++i) ASSERT_EQ(met["steady-" + std::to_string(i)], 1);
    for (const auto& [term, times] : met) ASSERT_EQ(times, 1) << term;
  }
}

TEST(TermIndex, ValidateSeesAMembershipThatNobodyExpects) {
  TermIndex index;
  const IndexPin pin = index.intern("i");
  index.add(pin.id(), "a", 1);
  index.add(pin.id(), "b", 2);
  EXPECT_EQ(index.validate(kExpected), std::nullopt);
  const auto fault = index.validate(
      [](std::uint32_t, std::string_view term, Ref ref) { return term != "b" || ref != 2; });
  ASSERT_TRUE(fault.has_value());
  EXPECT_NE(fault->find("entry 2"), std::string::npos);
}

TEST(TermIndex, AnIdWithoutUseIsAProgrammingError) {
  TermIndex index;
  const std::uint32_t id = index.intern("gone").id();
  EXPECT_DEATH(index.add(id, "t", 1), "check failed");
}

class TermIndexModel : public testing::TestWithParam<int> {};

TEST_P(TermIndexModel, AgreesWithAMapOfSets) {
  std::mt19937_64 random(GetParam());
  TermIndex index(GetParam() % 2 == 0 ? Wipe::kNo : Wipe::kYes);
  std::vector<IndexPin> pins;
  for (const char* name : {"a", "b", "c"}) pins.push_back(index.intern(name));
  std::map<std::pair<std::uint32_t, std::string>, std::set<Ref>> model;
  for (int i = 0; i < 20'000; ++i) {
    const std::uint32_t id = pins[random() % 3].id();
    // Few large terms, many small ones.
    const std::string term = std::to_string(random() % 3 == 0 ? random() % 3 : random() % 400);
    const Ref ref = static_cast<Ref>(1 + random() % 200);
    auto& members = model[{id, term}];
    if (random() % 100 < (i / 5'000 % 2 == 0 ? 70u : 35u)) {
      ASSERT_EQ(index.add(id, term, ref), members.insert(ref).second);
    } else {
      ASSERT_EQ(index.remove(id, term, ref), members.erase(ref) == 1);
    }
    ASSERT_EQ(index.count(id, term), members.size());
    if (i % 97 != 0) continue;
    ASSERT_EQ(as_set(index.members(id, term)), members);
  }
  std::size_t terms = 0;
  for (const auto& [key, members] : model) terms += members.empty() ? 0 : 1;
  std::size_t listed = 0;
  for (const IndexPin& pin : pins) listed += walk(index, pin.id(), 33).size();
  EXPECT_EQ(listed, terms);
  EXPECT_EQ(index.validate([&](std::uint32_t id, std::string_view term, Ref ref) {
    return model[{id, std::string(term)}].contains(ref);
  }),
            std::nullopt);
}

INSTANTIATE_TEST_SUITE_P(Seeds, TermIndexModel, testing::Range(0, 6));

// Each thread adds its entry under the new term before it removes it from the old one, as the
// protocol says: no entry is lost or left behind, and readers meet whole sets.
TEST(TermIndexRace, NothingIsLostWhileEntriesMoveBetweenTerms) {
  TermIndex index;
  const IndexPin steady = index.intern("steady");
  constexpr int kWriters = 3;
  constexpr Ref kEach = 50;
  for (Ref ref = 1; ref <= kWriters * kEach; ++ref) {
    index.add(steady.id(), "all", ref);
    const IndexPin pin = index.intern("moving");
    index.add(pin.id(), "0", ref);
  }
  std::vector<std::thread> writers;
  for (int w = 0; w < kWriters; ++w) {
    writers.emplace_back([&, w] {
      std::mt19937_64 random(w);
      std::vector<std::string> at(kEach, "0");
      for (int i = 0; i < 5'000; ++i) {
        const std::size_t which = random() % kEach;
        const Ref ref = static_cast<Ref>(1 + w * kEach + which);
        std::string to = std::to_string(random() % 7);
        if (to == at[which]) continue;
        const IndexPin pin = index.intern("moving");
        EXPECT_TRUE(index.add(pin.id(), to, ref));
        EXPECT_TRUE(index.remove(pin.id(), at[which], ref));
        at[which] = std::move(to);
      }
    });
  }
  const std::uint32_t moving = index.lookup("moving").value();
  for (int i = 0; i < 300; ++i) {
    EXPECT_EQ(index.count(steady.id(), "all"), std::size_t{kWriters * kEach});
    EXPECT_LE(index.terms(moving, kAny, 0, 100).terms.size(), 7u);
    for (int term = 0; term < 7; ++term) {
      for (const Ref ref : index.members(moving, std::to_string(term))) {
        EXPECT_TRUE(ref >= 1 && ref <= kWriters * kEach);
      }
    }
    EXPECT_GT(index.bytes(), 0u);
  }
  for (std::thread& writer : writers) writer.join();
  std::multiset<Ref> found;
  for (int term = 0; term < 7; ++term) {
    for (const Ref ref : index.members(moving, std::to_string(term))) found.insert(ref);
  }
  EXPECT_EQ(found.size(), std::size_t{kWriters * kEach});
  EXPECT_EQ(std::set<Ref>(found.begin(), found.end()).size(), found.size());
  EXPECT_EQ(index.validate(kExpected), std::nullopt);
}

}  // namespace
}  // namespace larder::indexes
