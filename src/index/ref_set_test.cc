// The set of references against std::set, through all its forms, and its memory.
#include "index/ref_set.h"

#include <random>
#include <set>

#include <gtest/gtest.h>

namespace larder::indexes {
namespace {

std::set<Ref> all_of(const RefSet& set) {
  std::vector<Ref> members;
  set.append_to(members);
  const std::set<Ref> unique(members.begin(), members.end());
  EXPECT_EQ(unique.size(), members.size());
  return unique;
}

class RefSetModel : public testing::TestWithParam<int> {};

TEST_P(RefSetModel, AgreesWithASet) {
  std::mt19937_64 random(GetParam());
  RefSet set;
  std::set<Ref> model;
  // Consecutive references, multiples of a power of two, any: what slabs give and what hurts.
  const unsigned shift = GetParam() % 3 * 12;
  const Ref range = 3 + GetParam() * GetParam() * 20;
  for (int i = 0; i < 20'000; ++i) {
    const Ref ref = static_cast<Ref>(1 + random() % range) << shift | 1;
    if (random() % 100 < (i / 4'000 % 2 == 0 ? 75u : 20u)) {
      ASSERT_EQ(set.insert(ref), model.insert(ref).second);
    } else {
      ASSERT_EQ(set.erase(ref), model.erase(ref) == 1);
    }
    ASSERT_EQ(set.size(), model.size());
    ASSERT_EQ(set.contains(ref), model.contains(ref));
    if (i % 100 == 0) {
      ASSERT_EQ(all_of(set), model);
      ASSERT_EQ(set.validate(), std::nullopt);
    }
  }
  for (const Ref ref : std::set(model)) ASSERT_TRUE(set.erase(ref));
  EXPECT_EQ(set.heap_bytes(), 0u);
}

INSTANTIATE_TEST_SUITE_P(Seeds, RefSetModel, testing::Range(0, 12));

TEST(RefSet, TwoMembersNeedNoHeap) {
  RefSet set;
  set.insert(1);
  set.insert(2);
  EXPECT_EQ(set.heap_bytes(), 0u);
  set.insert(3);
  EXPECT_GT(set.heap_bytes(), 0u);
  EXPECT_LE(sizeof(RefSet), 16u);
}

TEST(RefSet, LargeSetsTakeFewBytesAMember) {
  RefSet set;
  for (Ref ref = 1; ref <= 10'000; ++ref) {
    set.insert(ref * 3);
    ASSERT_LE(set.heap_bytes(), ref * std::size_t{11} + 1) << ref;
  }
}

}  // namespace
}  // namespace larder::indexes
