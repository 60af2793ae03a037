// Readers without a lock against one writer who inserts, erases, replaces and rebuilds: what is
// present throughout is always found, what is absent throughout never. Meant for ThreadSanitizer;
// every array and entry goes through real grace periods.
#include <algorithm>
#include <random>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "base/atomic.h"
#include "base/hash.h"
#include "sync/epoch.h"
#include "sync/limbo.h"
#include "table/table.h"

namespace larder::table {
namespace {

constexpr std::uint32_t kKeys = 400;
constexpr Ref kEntries = 4 * kKeys;

// An entry that is overwritten when freed, so that a reader who came too late sees another key; a
// plain field, so that ThreadSanitizer sees a reader who came too early or too late.
struct Entry {
  std::uint32_t key = 0;
};

class Arena {
 public:
  Arena() {
    for (Ref ref = kEntries; ref >= 1; --ref) free_.push_back(ref);
  }
  Ref make(std::uint32_t key) {
    const Ref ref = free_.back();
    free_.pop_back();
    entries_[ref].key = key;
    return ref;
  }
  void drop(Ref ref) {
    entries_[ref].key = ~0u;
    free_.push_back(ref);
  }
  bool has_free() const { return !free_.empty(); }
  std::uint32_t key(Ref ref) const { return entries_[ref].key; }

 private:
  std::vector<Entry> entries_ = std::vector<Entry>(kEntries + 1);
  std::vector<Ref> free_;
};

std::uint64_t hash_of_key(std::uint32_t key, std::uint64_t mask) {
  return base::mix64(key + 1) & mask;
}

struct Fixture {
  std::uint64_t mask;
  Arena arena;
  Table table;
  sync::Limbo limbo{16};
  std::vector<Ref> current = std::vector<Ref>(kKeys, kNoRef);

  void free(sync::Limbo::Token token) {
    if (token <= kEntries) {
      arena.drop(static_cast<Ref>(token));
    } else {
      BucketArray::adopt(token);
    }
  }
  void retire(sync::Limbo::Token token) {
    limbo.retire(token);
    limbo.collect([this](sync::Limbo::Token each) { free(each); });
  }
  Ref make(std::uint32_t key) {
    while (!arena.has_free()) {
      limbo.flush([this](sync::Limbo::Token each) { free(each); }, sync::Limbo::Wait::kUntilFree);
    }
    return arena.make(key);
  }
  std::uint64_t hash(std::uint32_t key) const { return hash_of_key(key, mask); }

  void rebuild(std::size_t buckets) {
    retire(table.rebuild(buckets, [this](Ref ref) { return hash(arena.key(ref)); }).release());
  }
  void insert(std::uint32_t key) {
    current[key] = make(key);
    while (!table.insert(hash(key), current[key])) rebuild(table.grown_bucket_count());
  }
  void replace(std::uint32_t key) {
    const Ref now = make(key);
    table.replace(hash(key), current[key], now);
    retire(std::exchange(current[key], now));
  }
  void erase(std::uint32_t key) {
    table.erase(hash(key), current[key]);
    retire(std::exchange(current[key], kNoRef));
  }
};

// Keys 0 mod 4 stay, 1 mod 4 are never there, the others come and go; the kept ones are replaced.
void write(Fixture& f, std::mt19937_64& random, int operations) {
  for (int i = 0; i < operations; ++i) {
    const auto key = static_cast<std::uint32_t>(random() % kKeys);
    if (key % 4 == 0) {
      f.replace(key);
    } else if (key % 4 != 1) {
      f.current[key] == kNoRef ? f.insert(key) : f.erase(key);
    }
    if (random() % 64 == 0) f.rebuild(Table::buckets_for(f.table.size()) << random() % 3);
  }
}

struct Counts {
  std::uint64_t lost = 0;
  std::uint64_t ghosts = 0;
  std::uint64_t hits = 0;
  base::Atomic<std::uint64_t> reads{0};  // progress, for the writer to wait for
};

void read(Fixture& f, std::mt19937_64 random, const base::Atomic<bool>& stop, Counts& counts) {
  while (!stop.load_relaxed()) {
    const auto key = static_cast<std::uint32_t>(random() % kKeys);
    sync::ReadSection section;
    f.table.prefetch(f.hash(key));
    const Ref hint = f.table.first_candidate(f.hash(key));
    if (hint != kNoRef && f.arena.key(hint) == ~0u) ++counts.ghosts;
    const Ref ref = f.table.find(f.hash(key), [&](Ref each) { return f.arena.key(each) == key; });
    if (ref == kNoRef && key % 4 == 0) ++counts.lost;
    if (ref != kNoRef && key % 4 == 1) ++counts.ghosts;
    // Until this section ends, what was found keeps its key.
    if (ref != kNoRef && f.arena.key(ref) != key) ++counts.ghosts;
    counts.hits += ref != kNoRef ? 1 : 0;
    counts.reads.add_relaxed(1);
  }
}

class TableRace : public testing::TestWithParam<std::uint64_t> {};

TEST_P(TableRace, PresentKeysAreFoundWhileAWriterWorks) {
  Fixture f{.mask = GetParam(), .arena = {}, .table = Table()};
  for (std::uint32_t key = 0; key < kKeys; key += 4) f.insert(key);
  base::Atomic<bool> stop{false};
  constexpr int kReaders = 3;
  std::vector<Counts> counts(kReaders);
  std::vector<std::thread> readers;
  for (int i = 0; i < kReaders; ++i) {
    readers.emplace_back([&, i] { read(f, std::mt19937_64(i), stop, counts[i]); });
  }
  std::mt19937_64 random(99);
  // Until the readers have had their share, however the threads are scheduled.
  const auto all_read = [&] {
    return std::ranges::all_of(
        counts, [](const Counts& each) { return each.reads.load_relaxed() >= 20'000; });
  };
  for (int batch = 0; batch < 20 || !all_read(); ++batch) write(f, random, 1'000);
  stop.store_relaxed(true);
  for (std::thread& reader : readers) reader.join();
  f.limbo.flush([&](sync::Limbo::Token each) { f.free(each); }, sync::Limbo::Wait::kUntilFree);
  for (const Counts& each : counts) {
    EXPECT_EQ(each.lost, 0u);
    EXPECT_EQ(each.ghosts, 0u);
    EXPECT_GT(each.hits, 0u);
  }
  EXPECT_EQ(f.table.validate([&](Ref ref) { return f.hash(f.arena.key(ref)); }), std::nullopt);
}

INSTANTIATE_TEST_SUITE_P(Hashes, TableRace,
                         testing::Values(~std::uint64_t{0},      // all bits
                                         0x000f'ffff'ffff'ff00,  // one tag for all
                                         0x0003'0000'0000'0003)  // few homes: long ways
);

}  // namespace
}  // namespace larder::table
