// The writer's side of the table, and its structural check.
//
// Thread safety: everything here is called by the holder of the shard's lock, first_candidate()
// apart, which any thread may call inside a read section.
#include "table/table.h"

#include <algorithm>
#include <unordered_set>
#include <vector>

namespace larder::table {
namespace {

// Only the holder of the lock writes: a plain read, change and write of the word is enough, and a
// release pairs with the acquires of find().
void set_tag(Bucket& bucket, unsigned slot, std::uint64_t tag) {
  auto& word = slot < Bucket::kLowSlots ? bucket.tags_low : bucket.tags_high;
  const unsigned shift = slot % Bucket::kLowSlots * 8;
  const std::uint64_t others = word.load_relaxed() & ~(std::uint64_t{0xff} << shift);
  word.store_release(others | tag << shift);
}

std::uint64_t tag_at(const Bucket& bucket, unsigned slot) {
  const auto& word = slot < Bucket::kLowSlots ? bucket.tags_low : bucket.tags_high;
  return (word.load_relaxed() >> (slot % Bucket::kLowSlots * 8)) & 0xff;
}

// Counts one entry more, or one less, as having gone past each of `distance` buckets from `index`.
enum class Passing { kOneMore, kOneLess };
void count_passing(std::uint64_t word, std::size_t index, std::size_t distance, Passing passing) {
  constexpr std::uint64_t kOne = std::uint64_t{1} << Bucket::kOverflowShift;
  const std::size_t mask = BucketArray::count_of(word) - 1;
  for (std::size_t i = 0; i < distance; ++i) {
    auto& high = BucketArray::buckets_of(word)[(index + i) & mask].tags_high;
    const std::uint64_t before = high.load_relaxed();
    // Pairs with the acquire of find().
    high.store_release(passing == Passing::kOneMore ? before + kOne : before - kOne);
  }
}

}  // namespace

Table::Table(std::size_t expected_entries)
    : array_(BucketArray(buckets_for(expected_entries)).release()) {}

Table::~Table() { BucketArray::adopt(array_.load_relaxed()); }

std::size_t Table::buckets_for(std::size_t entries) {
  if (entries <= Bucket::kSlots) return 1;
  return std::bit_ceil((entries + kMaxLoad - 1) / kMaxLoad);
}

Ref Table::first_candidate(std::uint64_t hash) const {
  const Bucket* bucket = home(array_.load_acquire(), hash);  // pairs with publish()
  // Pairs with place() and erase(), as in find().
  const std::uint64_t mask =
      match(bucket->tags_low.load_acquire(), bucket->tags_high.load_acquire(), tag_of(hash));
  return mask == 0 ? kNoRef : bucket->refs[first_slot(mask)].load_acquire();
}

bool Table::place(std::uint64_t word, std::uint64_t hash, Ref ref, std::size_t max_probe) {
  const std::size_t count = BucketArray::count_of(word);
  const std::size_t index = home_index(word, hash);
  for (std::size_t distance = 0; distance < std::min(max_probe, count); ++distance) {
    Bucket& bucket = BucketArray::buckets_of(word)[(index + distance) & (count - 1)];
    const std::uint64_t empty =
        match(bucket.tags_low.load_relaxed(), bucket.tags_high.load_relaxed(), 0);
    if (empty == 0) continue;
    const unsigned slot = first_slot(empty);  // the lowest bit of a match is never a false one
    count_passing(word, index, distance, Passing::kOneMore);
    bucket.refs[slot].store_release(ref);  // pairs with find()
    set_tag(bucket, slot, tag_of(hash));
    return true;
  }
  return false;
}

Table::Slot Table::locate(std::uint64_t hash, Ref ref) const {
  const std::uint64_t word = array_.load_relaxed();
  const std::size_t count = BucketArray::count_of(word);
  for (std::size_t distance = 0; distance < count; ++distance) {
    Bucket& bucket =
        BucketArray::buckets_of(word)[(home_index(word, hash) + distance) & (count - 1)];
    std::uint64_t mask =
        match(bucket.tags_low.load_relaxed(), bucket.tags_high.load_relaxed(), tag_of(hash));
    for (; mask != 0; mask &= mask - 1) {
      const unsigned slot = first_slot(mask);
      if (bucket.refs[slot].load_relaxed() == ref) return {&bucket, slot, distance};
    }
    CHECK(overflow_of(bucket.tags_high.load_relaxed()) != 0);  // else the entry is not in the table
  }
  CHECK(false);
}

bool Table::insert(std::uint64_t hash, Ref ref) {
  CHECK(ref != kNoRef);
  const std::uint64_t word = array_.load_relaxed();
  const std::size_t count = BucketArray::count_of(word);
  const std::size_t room = count == 1 ? Bucket::kSlots : count * kMaxLoad;
  if (size_ >= room) return false;
  // Hashes that crowd one place would make the array grow without end: where more than half of the
  // slots are free, a larger array is no remedy, and the search may go all around.
  const bool is_roomy = size_ * 2 < count * Bucket::kSlots;
  if (!place(word, hash, ref, is_roomy ? count : kMaxProbe)) return false;
  ++size_;
  return true;
}

void Table::replace(std::uint64_t hash, Ref old, Ref now) {
  CHECK(now != kNoRef);
  const Slot slot = locate(hash, old);
  slot.bucket->refs[slot.index].store_release(now);  // pairs with find()
}

void Table::erase(std::uint64_t hash, Ref ref) {
  const Slot slot = locate(hash, ref);
  set_tag(*slot.bucket, slot.index, 0);
  slot.bucket->refs[slot.index].store_release(kNoRef);  // pairs with find()
  const std::uint64_t word = array_.load_relaxed();
  count_passing(word, home_index(word, hash), slot.distance, Passing::kOneLess);
  --size_;
}

RetiredArray Table::publish(BucketArray array) {
  const std::uint64_t old = array_.load_relaxed();
  array_.store_release(array.release());  // pairs with find() and first_candidate()
  return BucketArray::adopt(old);
}

std::optional<std::string> Table::audit(AuditHash hash_of, void* context) const {
  const std::uint64_t word = array_.load_relaxed();
  const std::size_t count = BucketArray::count_of(word);
  std::vector<std::uint64_t> passing(count);
  std::unordered_set<Ref> seen;
  for (std::size_t i = 0; i < count * Bucket::kSlots; ++i) {
    const std::size_t index = i / Bucket::kSlots;
    const unsigned slot = i % Bucket::kSlots;
    const Bucket& bucket = BucketArray::buckets_of(word)[index];
    const Ref ref = bucket.refs[slot].load_relaxed();
    const std::uint64_t tag = tag_at(bucket, slot);
    const std::string where =
        "bucket " + std::to_string(index) + " slot " + std::to_string(slot) + ": ";
    if ((ref == kNoRef) != (tag == 0)) return where + "a tag without a reference, or the reverse";
    if (ref == kNoRef) continue;
    if (!seen.insert(ref).second) return where + "reference found twice";
    const std::uint64_t hash = hash_of(context, ref);
    if (tag != tag_of(hash)) return where + "tag is not its hash's";
    for (std::size_t j = home_index(word, hash); j != index; j = (j + 1) & (count - 1)) {
      ++passing[j];
    }
  }
  for (std::size_t i = 0; i < count; ++i) {
    if (overflow_of(BucketArray::buckets_of(word)[i].tags_high.load_relaxed()) != passing[i]) {
      return "bucket " + std::to_string(i) + ": wrong overflow count";
    }
  }
  if (seen.size() != size_) return "the table's size is not its number of entries";
  return std::nullopt;
}

}  // namespace larder::table
