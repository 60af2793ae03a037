// The memory of a hash table: an array of cache-line buckets, its allocation, and the word that
// names it. Used by table/ alone; memory/ sees a retired array only as something to drop later.
//
// Thread safety: a bucket's fields are atomics, whose protocol is told in table.h; the owner of an
// array belongs to one thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>

#include "base/atomic.h"

namespace larder::table {

using Ref = std::uint32_t;
inline constexpr Ref kNoRef = 0;

// Twelve slots of a one-byte tag and a four-byte reference. A tag of 0 is an empty slot.
struct alignas(64) Bucket {
  static constexpr unsigned kSlots = 12;
  static constexpr unsigned kLowSlots = 8;
  static constexpr int kOverflowShift = 32;

  // atomics: written under the shard's lock, read by anybody
  base::Atomic<std::uint64_t> tags_low;  // tags of slots 0 to 7
  base::Atomic<std::uint64_t>
      tags_high;                   // tags of slots 8 to 11, and above them the overflow count
  base::Atomic<Ref> refs[kSlots];  // what the slots refer to
};
static_assert(sizeof(Bucket) == 64);

// Owns an array of 2^n empty buckets. Empty, moved-from and default-constructed owners own nothing.
// Arrays of at least kMapped bytes are mapped on their own, so that one that was outgrown leaves no
// hole in the heap; those of at least kHugePage aligned to and advised for huge pages.
class BucketArray {
 public:
  static constexpr std::size_t kMapped = std::size_t{32} << 10;
  static constexpr std::size_t kHugePage = std::size_t{2} << 20;

  BucketArray() = default;
  // `bucket_count` is a power of two. Ends the process when there is no memory.
  explicit BucketArray(std::size_t bucket_count);
  BucketArray(BucketArray&& other) noexcept : word_(std::exchange(other.word_, 0)) {}
  BucketArray& operator=(BucketArray&& other) noexcept {
    std::swap(word_, other.word_);
    return *this;
  }
  ~BucketArray();

  // The address and, in the low bits that alignment leaves free, the shift from a hash to a bucket
  // (63 - n): one load gives a reader both. 0 when nothing is owned.
  std::uint64_t word() const { return word_; }

  // Gives the array up without freeing it; adopt() takes it back by its word.
  std::uint64_t release() { return std::exchange(word_, 0); }
  static BucketArray adopt(std::uint64_t word);

  std::size_t bucket_count() const { return count_of(word_); }
  std::size_t bytes() const { return bucket_count() * sizeof(Bucket); }

  static Bucket* buckets_of(std::uint64_t word) {
    return reinterpret_cast<Bucket*>(word & ~kShiftMask);
  }
  static unsigned shift_of(std::uint64_t word) { return static_cast<unsigned>(word & kShiftMask); }
  static std::size_t count_of(std::uint64_t word) {
    return word == 0 ? 0 : std::size_t{1} << (63 - shift_of(word));
  }

 private:
  static constexpr std::uint64_t kShiftMask = alignof(Bucket) - 1;

  std::uint64_t word_ = 0;
};

}  // namespace larder::table
