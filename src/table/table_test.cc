// The table against std::unordered_map, walks across rebuilds, and faults that validate() must see.
#include "table/table.h"

#include <map>
#include <random>
#include <set>
#include <unordered_map>
#include <vector>

#include <gtest/gtest.h>

#include "base/hash.h"

namespace larder::table {

// Breaks a table from inside.
class TableTestPeer {
 public:
  static Bucket& bucket(Table& table, std::size_t index) {
    return BucketArray::buckets_of(table.array_.load_relaxed())[index];
  }
  static void set_size(Table& table, std::size_t size) { table.size_ = size; }
};

namespace {

// Entries are their keys; a reference is the key + 1.
struct HashOf {
  std::uint64_t mask = ~std::uint64_t{0};  // fewer bits: more collisions
  std::uint64_t operator()(Ref ref) const { return base::mix64(ref) & mask; }
};

void insert_growing(Table& table, const HashOf& hash_of, Ref ref) {
  if (table.insert(hash_of(ref), ref)) return;
  RetiredArray retired = table.rebuild(table.grown_bucket_count(), hash_of);
  EXPECT_GT(retired.bytes(), 0u);
  ASSERT_TRUE(table.insert(hash_of(ref), ref));
}

Ref find(const Table& table, const HashOf& hash_of, Ref ref) {
  return table.find(hash_of(ref), [&](Ref candidate) { return candidate == ref; });
}

TEST(Table, StartsWithOneBucketAndFindsNothing) {
  Table table;
  EXPECT_EQ(table.bucket_count(), 1u);
  EXPECT_EQ(table.bytes(), 64u);
  EXPECT_EQ(find(table, HashOf{}, 1), kNoRef);
  EXPECT_EQ(table.first_candidate(0), kNoRef);
  EXPECT_EQ(table.validate(HashOf{}), std::nullopt);
}

TEST(Table, OneBucketHoldsTwelve) {
  Table table;
  const HashOf hash_of;
  for (Ref ref = 1; ref <= 12; ++ref) EXPECT_TRUE(table.insert(hash_of(ref), ref));
  EXPECT_FALSE(table.insert(hash_of(13), 13));
  EXPECT_EQ(find(table, hash_of, 13), kNoRef);
  for (Ref ref = 1; ref <= 12; ++ref) {
    EXPECT_EQ(find(table, hash_of, ref), ref);
    EXPECT_NE(table.first_candidate(hash_of(ref)), kNoRef);
  }
  EXPECT_EQ(table.validate(hash_of), std::nullopt);
}

TEST(Table, HoldsAsManyAsWereExpectedWithoutGrowing) {
  for (const std::size_t expected : {0u, 1u, 12u, 13u, 160u, 161u, 5'000u, 100'000u}) {
    Table table(expected);
    const std::size_t buckets = table.bucket_count();
    const HashOf hash_of;
    for (Ref ref = 1; ref <= expected; ++ref) ASSERT_TRUE(table.insert(hash_of(ref), ref));
    EXPECT_EQ(table.bucket_count(), buckets);
    EXPECT_EQ(table.validate(hash_of), std::nullopt);
    for (Ref ref = 1; ref <= expected; ++ref) ASSERT_EQ(find(table, hash_of, ref), ref);
  }
}

TEST(Table, HugeArraysAreAlignedForHugePages) {
  BucketArray array(BucketArray::kHugePage / sizeof(Bucket) * 2);
  const auto address = reinterpret_cast<std::uintptr_t>(BucketArray::buckets_of(array.word()));
  EXPECT_EQ(address % BucketArray::kHugePage, 0u);
  EXPECT_EQ(array.bytes(), BucketArray::kHugePage * 2);
  BucketArray adopted = BucketArray::adopt(array.release());
  EXPECT_EQ(array.bytes(), 0u);
  EXPECT_EQ(reinterpret_cast<std::uintptr_t>(BucketArray::buckets_of(adopted.word())), address);
}

TEST(Table, EqualHashesNeitherGrowWithoutEndNorGetLost) {
  Table table;
  const HashOf hash_of{.mask = 0};
  constexpr Ref kEntries = 1'000;
  for (Ref ref = 1; ref <= kEntries; ++ref) insert_growing(table, hash_of, ref);
  EXPECT_LE(table.bucket_count(), kEntries);
  for (Ref ref = 1; ref <= kEntries; ++ref) ASSERT_EQ(find(table, hash_of, ref), ref);
  EXPECT_EQ(table.validate(hash_of), std::nullopt);
  for (Ref ref = 1; ref <= kEntries; ++ref) table.erase(hash_of(ref), ref);
  EXPECT_EQ(table.size(), 0u);
  EXPECT_EQ(table.validate(hash_of), std::nullopt);
}

TEST(Table, ReplaceKeepsTheSlot) {
  Table table;
  table.insert(77, 1);
  table.replace(77, 1, 2);
  EXPECT_EQ(table.size(), 1u);
  EXPECT_EQ(table.find(77, [](Ref) { return true; }), 2u);
}

TEST(Table, EraseOfAnUnknownEntryIsAProgrammingError) {
  Table table;
  table.insert(77, 1);
  EXPECT_DEATH(table.erase(77, 2), "check failed");
  EXPECT_DEATH(table.erase(78, 1), "check failed");
  EXPECT_DEATH(table.replace(78, 1, 2), "check failed");
}

struct Mask {
  const char* name;
  std::uint64_t bits;
};

class TableModel : public testing::TestWithParam<std::tuple<int, Mask>> {};

// Random inserts, erases, replacements, growing and shrinking, with hashes of many and of few bits.
TEST_P(TableModel, AgreesWithAnUnorderedMap) {
  const auto [seed, mask] = GetParam();
  std::mt19937_64 random(seed);
  const HashOf hash_of{.mask = mask.bits};
  Table table;
  std::unordered_map<Ref, bool> model;
  const Ref keys = seed % 2 == 0 ? 60 : 3'000;
  for (int i = 0; i < 20'000; ++i) {
    const auto ref = static_cast<Ref>(1 + random() % keys);
    const bool present = model.contains(ref);
    ASSERT_EQ(find(table, hash_of, ref), present ? ref : kNoRef);
    // Phases of filling and of emptying.
    if (random() % 100 < (i / 5'000 % 2 == 0 ? 80u : 20u)) {
      if (!present) insert_growing(table, hash_of, ref);
      model[ref] = true;
    } else if (present) {
      table.erase(hash_of(ref), ref);
      model.erase(ref);
    }
    if (table.is_sparse() && random() % 8 == 0) {
      const std::size_t fewer = Table::buckets_for(table.size());
      ASSERT_LT(fewer, table.bucket_count());
      RetiredArray retired = table.rebuild(fewer, hash_of);
    }
    ASSERT_EQ(table.size(), model.size());
    if (i % 500 == 0) {
      ASSERT_EQ(table.validate(hash_of), std::nullopt);
      std::set<Ref> all;
      table.for_each([&](Ref each) { ASSERT_TRUE(all.insert(each).second); });
      ASSERT_EQ(all.size(), model.size());
      for (const Ref each : all) ASSERT_TRUE(model.contains(each));
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Seeds, TableModel,
                         testing::Combine(testing::Range(0, 6),
                                          testing::Values(Mask{"AllBits", ~std::uint64_t{0}},
                                                          Mask{"OneTag", ~std::uint64_t{0xff}},
                                                          Mask{"FourHomes", 0x000c'0000'0000'00ff},
                                                          Mask{"LastHome", 0x000f'ffff'ffff'ffff})),
                         [](const auto& info) {
                           return std::string(std::get<1>(info.param).name) +
                                  std::to_string(std::get<0>(info.param));
                         });

// A walk in pages, with other entries coming and going and the array changing its size between.
TEST(Table, WalkMeetsWhatIsPresentThroughoutOnceAcrossRebuilds) {
  for (int seed = 0; seed < 30; ++seed) {
    std::mt19937_64 random(seed);
    const HashOf hash_of{.mask = seed % 3 == 0 ? 0x000f'f000'0000'00ff : ~std::uint64_t{0}};
    Table table;
    const Ref steady = seed % 2 == 0 ? 500 : 7;
    for (Ref ref = 1; ref <= steady; ++ref) insert_growing(table, hash_of, ref);
    std::map<Ref, int> met;
    std::set<Ref> passing;
    std::optional<std::uint64_t> from = 0;
    std::uint64_t last = 0;
    while (from) {
      ASSERT_GE(*from, last);
      last = *from;
      from = table.visit_from(*from, 1 + random() % 50, hash_of, [&](Ref ref, std::uint64_t hash) {
        EXPECT_EQ(hash, hash_of(ref));
        ++met[ref];
      });
      for (int i = 0; i < 20; ++i) {
        const auto ref = static_cast<Ref>(steady + 1 + random() % 3'000);
        if (passing.insert(ref).second) {
          insert_growing(table, hash_of, ref);
        } else {
          table.erase(hash_of(ref), ref);
          passing.erase(ref);
        }
      }
      if (random() % 2 == 0) {
        RetiredArray retired =
            table.rebuild(Table::buckets_for(table.size()) << random() % 4, hash_of);
      }
    }
    for (Ref ref = 1; ref <= steady; ++ref) ASSERT_EQ(met[ref], 1) << ref << " seed " << seed;
  }
}

// A read that is interrupted wherever it asks about a candidate, by a writer who inserts, erases,
// replaces and rebuilds: all orders that differ for the reader between two slots, without threads.
class Interrupted {
 public:
  explicit Interrupted(int seed) : random_(seed) {
    // All entries share a tag, and few homes: a search asks about many candidates.
    hash_.mask = seed % 2 == 0 ? 0x000f'0000'0000'0000 : 0x0003'0000'0000'0000;
    for (Ref key = 0; key < kKeys; key += 2) insert(key);
  }

  // Even keys stay, and are replaced; odd ones come and go.
  void write() {
    const auto key = static_cast<Ref>(random_() % kKeys);
    if (current_[key] == kNoRef) {
      insert(key);
    } else if (key % 2 == 1) {
      table_.erase(hash_(key), current_[key]);
      current_[key] = kNoRef;
    } else {
      const Ref now = make(key);
      table_.replace(hash_(key), current_[key], now);
      current_[key] = now;
    }
    if (random_() % 8 == 0) rebuild(Table::buckets_for(table_.size()) << random_() % 3);
  }

  // Whether a key that stays is found by a read with writes in between.
  bool finds(Ref key) {
    const Ref found = table_.find(hash_(key), [&](Ref candidate) {
      const bool matches = key_of_[candidate] == key;
      if (random_() % 3 == 0) write();
      return matches;
    });
    return found != kNoRef && key_of_[found] == key;
  }

  std::uint64_t random() { return random_(); }
  static constexpr Ref kKeys = 100;

 private:
  Ref make(Ref key) {
    key_of_.push_back(key);
    return static_cast<Ref>(key_of_.size() - 1);
  }
  void insert(Ref key) {
    current_[key] = make(key);
    while (!table_.insert(hash_(key), current_[key])) rebuild(table_.grown_bucket_count());
  }
  void rebuild(std::size_t buckets) {
    retired_.push_back(table_.rebuild(buckets, [this](Ref ref) { return hash_(key_of_[ref]); }));
  }

  std::mt19937_64 random_;
  HashOf hash_;
  std::vector<Ref> key_of_{kKeys};  // by reference; none is used twice
  std::vector<Ref> current_ = std::vector<Ref>(kKeys, kNoRef);
  std::vector<RetiredArray> retired_;  // kept: the interrupted read may be in any of them
  Table table_;
};

TEST(Table, AKeyThatStaysIsFoundByAnInterruptedRead) {
  for (int seed = 0; seed < 20; ++seed) {
    Interrupted run(seed);
    for (int i = 0; i < 500; ++i) {
      const auto key = static_cast<Ref>(run.random() % (Interrupted::kKeys / 2) * 2);
      ASSERT_TRUE(run.finds(key)) << "seed " << seed << " read " << i;
    }
  }
}

class TableValidate : public testing::Test {
 protected:
  TableValidate() {
    for (Ref ref = 1; ref <= 60; ++ref) insert_growing(table_, hash_of_, ref);
    EXPECT_EQ(table_.validate(hash_of_), std::nullopt);
  }

  Bucket& bucket() { return TableTestPeer::bucket(table_, 0); }
  std::string fault() { return table_.validate(hash_of_).value_or("no fault"); }

  const HashOf hash_of_;
  Table table_;
};

TEST_F(TableValidate, SeesATagWithoutReference) {
  bucket().refs[0].store_relaxed(kNoRef);
  EXPECT_NE(fault().find("tag without a reference"), std::string::npos) << fault();
}

TEST_F(TableValidate, SeesAReferenceWithoutTag) {
  bucket().tags_low.store_relaxed(0);
  EXPECT_NE(fault().find("tag without a reference"), std::string::npos) << fault();
}

TEST_F(TableValidate, SeesAWrongTag) {
  bucket().tags_low.store_relaxed(bucket().tags_low.load_relaxed() ^ 0x80);
  EXPECT_NE(fault().find("tag is not its hash's"), std::string::npos) << fault();
}

TEST_F(TableValidate, SeesAReferenceTwice) {
  bucket().refs[1].store_relaxed(bucket().refs[0].load_relaxed());
  EXPECT_NE(fault().find("found twice"), std::string::npos) << fault();
}

TEST_F(TableValidate, SeesAWrongOverflowCount) {
  bucket().tags_high.store_relaxed(bucket().tags_high.load_relaxed() + (std::uint64_t{1} << 32));
  EXPECT_NE(fault().find("overflow count"), std::string::npos) << fault();
}

TEST_F(TableValidate, SeesAnEntryOutOfReach) {
  // The entry of bucket 0 appears in the last bucket: the search would begin beyond it.
  Bucket& last = TableTestPeer::bucket(table_, table_.bucket_count() - 1);
  const Ref ref = bucket().refs[0].load_relaxed();
  bucket().refs[0].store_relaxed(kNoRef);
  bucket().tags_low.store_relaxed(bucket().tags_low.load_relaxed() & ~std::uint64_t{0xff});
  ASSERT_EQ(last.refs[11].load_relaxed(), kNoRef);
  last.refs[11].store_relaxed(ref);
  const std::uint64_t tag = hash_of_(ref) & 0xff;
  last.tags_high.store_relaxed(last.tags_high.load_relaxed() | (tag << 24));
  EXPECT_NE(fault().find("overflow count"), std::string::npos) << fault();
}

TEST_F(TableValidate, SeesAWrongSize) {
  TableTestPeer::set_size(table_, 59);
  EXPECT_NE(fault().find("size"), std::string::npos) << fault();
}

}  // namespace
}  // namespace larder::table
