// The sorted table of terms against std::map, with crowded hashes, and faults that validate() must
// see.
#include "index/term_table.h"

#include <map>
#include <random>

#include <gtest/gtest.h>

#include "base/hash.h"

namespace larder::indexes {

class TermTableTestPeer {
 public:
  static std::vector<Term*>& slots(TermTable& table) { return table.slots_; }
  static void set_size(TermTable& table, std::size_t size) { table.size_ = size; }
};

namespace {

using Model = std::map<std::pair<std::uint64_t, std::string>, int>;

// By the seed: spread hashes, hashes of few values, hashes at the end of the array.
std::uint64_t hash_of(const std::string& text, int seed) {
  const std::uint64_t hash = base::hash_bytes(text, 1) >> 6;  // one stripe: equal top bits
  if (seed % 3 == 1) return hash & 0x0300'0000'0000'0000;
  if (seed % 3 == 2) return hash | 0x03f0'0000'0000'0000;
  return hash;
}

class TermTableModel : public testing::TestWithParam<int> {};

TEST_P(TermTableModel, AgreesWithAMapAndItsOrder) {
  std::mt19937_64 random(GetParam());
  TermTable table(Wipe::kYes);
  Model model;
  const unsigned range = GetParam() % 3 == 1 ? 20 : 10 + GetParam() * 150;
  for (int i = 0; i < 10'000; ++i) {
    const std::string text = "term-" + std::to_string(random() % range);
    const std::uint64_t hash = hash_of(text, GetParam());
    Term* found = table.find(hash, text);
    ASSERT_EQ(found != nullptr, model.contains({hash, text}));
    if (random() % 100 < (i / 2'500 % 2 == 0 ? 75u : 25u)) {
      if (found == nullptr) table.insert(hash, text).members.insert(1);
      model[{hash, text}] = 1;
    } else if (found != nullptr) {
      table.erase(found);
      model.erase({hash, text});
    }
    ASSERT_EQ(table.size(), model.size());
    if (i % 200 != 0) continue;
    ASSERT_EQ(table.validate(), std::nullopt);
    // From any point on: the same terms, hashes in order.
    const std::uint64_t from = random() % 4 == 0 ? 0 : hash_of(std::to_string(random()), 0);
    std::vector<std::uint64_t> hashes;
    table.visit_from(from, [&](const Term& term) {
      hashes.push_back(term.hash());
      return true;
    });
    std::vector<std::uint64_t> expected;
    for (auto it = model.lower_bound({from, ""}); it != model.end(); ++it) {
      expected.push_back(it->first.first);
    }
    ASSERT_EQ(hashes, expected);
  }
}

INSTANTIATE_TEST_SUITE_P(Seeds, TermTableModel, testing::Range(0, 12));

class TermTableValidate : public testing::Test {
 protected:
  TermTableValidate() {
    for (int i = 0; i < 40; ++i) {
      const std::string text = std::to_string(i);
      table_.insert(hash_of(text, 0), text).members.insert(1);
    }
    EXPECT_EQ(table_.validate(), std::nullopt);
  }
  std::string fault() { return table_.validate().value_or("no fault"); }
  std::vector<Term*>& slots() { return TermTableTestPeer::slots(table_); }
  std::size_t nth_used(std::size_t n) {
    std::size_t i = 0;
    for (;; ++i) {
      if (slots()[i] != nullptr && n-- == 0) return i;
    }
  }

  TermTable table_{Wipe::kNo};
};

TEST_F(TermTableValidate, SeesTermsOutOfOrder) {
  std::swap(slots()[nth_used(0)], slots()[nth_used(39)]);
  EXPECT_NE(fault().find("out of"), std::string::npos) << fault();
  std::swap(slots()[nth_used(0)], slots()[nth_used(39)]);
}

TEST_F(TermTableValidate, SeesAWrongSize) {
  TermTableTestPeer::set_size(table_, 39);
  EXPECT_NE(fault().find("size"), std::string::npos) << fault();
}

TEST_F(TermTableValidate, SeesATermWithoutMembers) {
  slots()[nth_used(5)]->members.erase(1);
  EXPECT_NE(fault().find("without members"), std::string::npos) << fault();
}

}  // namespace
}  // namespace larder::indexes
