// The hash index of one memory shard: from a 64-bit hash to the 32-bit reference of an entry. Used
// by memory/, one table per shard. Readers take no lock.
//
// Thread safety: find(), prefetch() and first_candidate() from any thread inside a read section;
// everything else by the holder of the shard's lock.
//
// Layout. Buckets of one cache line hold twelve slots. An entry lies in its home bucket or in one
// of those that follow, and each bucket counts the entries that had to go past it: where the count
// is 0, a search ends. An entry never moves within an array. Growing and shrinking build a second
// array and publish it; the first is never written again and is handed to the caller, who keeps it
// until all read sections that may have seen it have ended.
//
// Bits of the hash. The top kShardBits are left to the choice of a shard, the bits below them
// choose the home bucket (from the top, so that the order of homes is the order of hashes at every
// size), the lowest eight give the tag.
//
// Who writes what, in this order (all stores are releases, all loads of readers acquires, so that a
// reader who sees a store sees those before it):
//   insert   overflow counts of the buckets passed, reference, tag
//   erase    tag = 0, reference = 0, overflow counts of the buckets passed
//   replace  reference
//   rebuild  a whole array in private, then the array word
//
// A key that is present during the whole of a read is found. Let W be the array that the reader
// loaded. The load came after the read began; if W is an old array by now, it was current when it
// was loaded or later than the beginning of the read, so the key was in it at that time, and
// nothing is written to W after the next one was published. So in W the key has one slot, from
// before the read to its end, and in all buckets from its home to before that slot the overflow
// count includes it: the reader arrives. There the tag matches, the reference is one of this key's
// entries (replace swaps it in one store), and `matches` compares the key itself.
//
// A reader that races with writers takes effect within its own duration. When it returns an entry,
// the slot held that reference at the moment it was loaded, or W was published over before; then
// the read counts as made just before W was replaced, which lies between its load of the word and
// its end. When it returns nothing, the key was absent at some moment of the read: either of the
// reader's loads of the key's tag word came when its slot was empty, or the load of an overflow
// count when it did not count the key, or the key moved from a slot not yet looked at to one
// already passed, which only an erase followed by an insert can do, and it was absent between the
// two. A tag and a reference may be of different entries when a slot changes hands between the two
// loads; the reader then compares the key of whatever it got, or sees no reference, which is the
// same as having come before or after the change. Entries it can still reach are kept by its read
// section.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>

#include "base/atomic.h"
#include "base/check.h"
#include "table/bucket_array.h"

namespace larder::table {

// An array that readers may still be in; dropping it frees it.
using RetiredArray = BucketArray;

// Fields: the array word, and a count that only writers know.
class Table {
 public:
  static constexpr int kShardBits = 12;
  // Entries per bucket beyond which insert() asks for a larger array.
  static constexpr std::size_t kMaxLoad = 10;
  // Buckets after which insert() asks for a larger array rather than going on.
  static constexpr std::size_t kMaxProbe = 16;

  // Starts with room for `expected_entries`; one bucket when that is 0.
  explicit Table(std::size_t expected_entries = 0);
  ~Table();
  Table(const Table&) = delete;
  Table& operator=(const Table&) = delete;

  // The entry with this hash for which `matches(Ref)` holds, or kNoRef. `matches` may be asked
  // about entries of other keys, and about entries whose removal is under way.
  template <class Matches>
  Ref find(std::uint64_t hash, Matches&& matches) const;

  // Asks for the home bucket's cache line. The load pairs with publish().
  void prefetch(std::uint64_t hash) const { __builtin_prefetch(home(array_.load_acquire(), hash)); }

  // Some entry that find() would ask about first, or kNoRef: what to prefetch next.
  Ref first_candidate(std::uint64_t hash) const;

  // The key must be absent. False: nothing was done; rebuild(grown_bucket_count()), after which it
  // succeeds.
  bool insert(std::uint64_t hash, Ref ref);
  // `old` must be in the table under this hash.
  void replace(std::uint64_t hash, Ref old, Ref now);
  void erase(std::uint64_t hash, Ref ref);

  std::size_t size() const { return size_; }
  std::size_t bucket_count() const { return BucketArray::count_of(array_.load_relaxed()); }
  std::size_t bytes() const { return bucket_count() * sizeof(Bucket); }

  std::size_t grown_bucket_count() const { return bucket_count() * 2; }
  // Whether a smaller array would serve for some time: less than a fifth of the load is used.
  bool is_sparse() const { return bucket_count() > 1 && size_ * 5 < bucket_count() * kMaxLoad; }
  // The least array for so many entries.
  static std::size_t buckets_for(std::size_t entries);

  // Moves all entries into an array of `bucket_count` (a power of two, at least
  // buckets_for(size())) and returns the one before. `hash_of(Ref)` gives an entry's hash; where
  // `hash_of.prefetch(Ref)` exists, it is called some entries ahead.
  template <class HashOf>
  [[nodiscard]] RetiredArray rebuild(std::size_t bucket_count, HashOf&& hash_of);

  // Calls `visit(Ref)` for every entry. `visit` must not change the table.
  template <class Visit>
  void for_each(Visit&& visit) const;

  // The position of a hash in the order of visit_from(); equal for few different hashes.
  static std::uint64_t order_of(std::uint64_t hash) { return hash << kShardBits; }

  // Visits entries in the order of their home buckets, beginning with the home of position `from`,
  // leaving out those with order_of() < from. Ends after a bucket that brings the number of visited
  // entries to `enough`. Returns the position to go on from, or nothing at the table's end. Since
  // the order does not depend on the size of the array, a walk in several calls meets every entry
  // that is present throughout exactly once. `visit(Ref, hash)`.
  template <class HashOf, class Visit>
  std::optional<std::uint64_t> visit_from(std::uint64_t from, std::size_t enough, HashOf&& hash_of,
                                          Visit&& visit) const;

  // The first structural fault found, if any.
  template <class HashOf>
  std::optional<std::string> validate(HashOf&& hash_of) const;

 private:
  friend class TableTestPeer;

  static constexpr std::uint64_t kEveryByte = 0x0101'0101'0101'0101;
  static constexpr std::uint64_t kHighBits = 0x8080'8080'8080'8080;
  static constexpr std::uint64_t kHighSlots = 0xffff'ffff;  // the tags of Bucket::tags_high

  static std::uint64_t tag_of(std::uint64_t hash) {
    const std::uint64_t tag = hash & 0xff;
    return tag == 0 ? 0xff : tag;
  }
  static std::size_t home_index(std::uint64_t word, std::uint64_t hash) {
    // The lower half of the shift by one makes a single bucket's shift of 64 possible.
    return (order_of(hash) >> 1) >> BucketArray::shift_of(word);
  }
  static Bucket* home(std::uint64_t word, std::uint64_t hash) {
    return BucketArray::buckets_of(word) + home_index(word, hash);
  }

  // Slots whose tag byte equals `tag`, as a mask with bit 8 * slot for slots 0 to 7 and bit
  // 8 * (slot - 8) + 1 for slots 8 to 11. May contain other slots too, never misses one.
  static std::uint64_t match(std::uint64_t low, std::uint64_t high, std::uint64_t tag) {
    const std::uint64_t pattern = tag * kEveryByte;
    const std::uint64_t in_low =
        (((low ^ pattern) - kEveryByte) & ~(low ^ pattern) & kHighBits) >> 7;
    const std::uint64_t in_high =
        (((high ^ pattern) - kEveryByte) & ~(high ^ pattern) & kHighBits & kHighSlots) >> 6;
    return in_low | in_high;
  }
  static unsigned first_slot(std::uint64_t mask) {
    const auto bit = static_cast<unsigned>(std::countr_zero(mask));
    return (bit >> 3) + (bit & 1) * Bucket::kLowSlots;
  }
  static std::uint64_t overflow_of(std::uint64_t high) { return high >> Bucket::kOverflowShift; }

  // The writer's side, without templates.
  struct Slot {
    Bucket* bucket;
    unsigned index;
    std::size_t distance;  // of the bucket from the home
  };
  static bool place(std::uint64_t word, std::uint64_t hash, Ref ref, std::size_t max_probe);
  Slot locate(std::uint64_t hash, Ref ref) const;
  RetiredArray publish(BucketArray array);

  // What the buckets say, against what follows from the hashes of their entries.
  using AuditHash = std::uint64_t (*)(void* context, Ref ref);
  std::optional<std::string> audit(AuditHash hash_of, void* context) const;

  // atomics
  // Address and shift of the current array. A release in publish() pairs with the acquire of
  // readers, who then see the array as it was filled.
  base::Atomic<std::uint64_t> array_;

  // guarded by the shard's lock; not on the line that readers need
  alignas(base::kCacheLine) std::size_t size_ = 0;
};

template <class Matches>
Ref Table::find(std::uint64_t hash, Matches&& matches) const {
  const std::uint64_t word = array_.load_acquire();  // pairs with publish()
  Bucket* bucket = home(word, hash);
  const std::uint64_t tag = tag_of(hash);
  for (std::size_t distance = 0;;) {
    // All three loads pair with the stores of place(), replace() and erase().
    const std::uint64_t low = bucket->tags_low.load_acquire();
    const std::uint64_t high = bucket->tags_high.load_acquire();
    for (std::uint64_t mask = match(low, high, tag); mask != 0; mask &= mask - 1) {
      const Ref ref = bucket->refs[first_slot(mask)].load_acquire();
      if (ref != kNoRef && matches(ref)) return ref;
    }
    if (overflow_of(high) == 0) [[likely]]
      return kNoRef;
    // Bound: once around.
    const std::size_t count = BucketArray::count_of(word);
    if (++distance == count) return kNoRef;
    bucket = BucketArray::buckets_of(word) + ((home_index(word, hash) + distance) & (count - 1));
  }
}

template <class HashOf>
RetiredArray Table::rebuild(std::size_t bucket_count, HashOf&& hash_of) {
  BucketArray array(bucket_count);
  const std::uint64_t word = array_.load_relaxed();
  Bucket* const buckets = BucketArray::buckets_of(word);
  const std::size_t old_count = BucketArray::count_of(word);
  for (std::size_t i = 0; i < old_count; ++i) {
    if constexpr (requires { hash_of.prefetch(Ref{}); }) {
      if (i + 1 < old_count) {
        for (const auto& ref : buckets[i + 1].refs) hash_of.prefetch(ref.load_relaxed());
      }
    }
    for (const auto& slot : buckets[i].refs) {
      const Ref ref = slot.load_relaxed();
      if (ref != kNoRef) CHECK(place(array.word(), hash_of(ref), ref, bucket_count));
    }
  }
  return publish(std::move(array));
}

template <class Visit>
void Table::for_each(Visit&& visit) const {
  const std::uint64_t word = array_.load_relaxed();
  for (std::size_t i = 0; i < BucketArray::count_of(word); ++i) {
    for (const auto& slot : BucketArray::buckets_of(word)[i].refs) {
      if (const Ref ref = slot.load_relaxed(); ref != kNoRef) visit(ref);
    }
  }
}

template <class HashOf, class Visit>
std::optional<std::uint64_t> Table::visit_from(std::uint64_t from, std::size_t enough,
                                               HashOf&& hash_of, Visit&& visit) const {
  const std::uint64_t word = array_.load_relaxed();
  const std::size_t count = BucketArray::count_of(word);
  std::size_t visited = 0;
  for (std::size_t index = home_index(word, from >> kShardBits); index < count; ++index) {
    for (std::size_t distance = 0; distance < count; ++distance) {
      const Bucket& bucket = BucketArray::buckets_of(word)[(index + distance) & (count - 1)];
      for (const auto& slot : bucket.refs) {
        const Ref ref = slot.load_relaxed();
        if (ref == kNoRef) continue;
        const std::uint64_t hash = hash_of(ref);
        if (home_index(word, hash) != index || order_of(hash) < from) continue;
        visit(ref, hash);
        ++visited;
      }
      if (overflow_of(bucket.tags_high.load_relaxed()) == 0) break;
    }
    if (visited >= enough && index + 1 < count) {
      return static_cast<std::uint64_t>(index + 1) << BucketArray::shift_of(word) << 1;
    }
  }
  return std::nullopt;
}

template <class HashOf>
std::optional<std::string> Table::validate(HashOf&& hash_of) const {
  using Hash = std::remove_reference_t<HashOf>;
  return audit(
      [](void* context, Ref ref) -> std::uint64_t { return (*static_cast<Hash*>(context))(ref); },
      const_cast<void*>(static_cast<const void*>(std::addressof(hash_of))));
}

}  // namespace larder::table
