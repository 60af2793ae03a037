// Allocation of bucket arrays.
//
// Thread safety: an owner belongs to one thread; different owners are independent.
#include "table/bucket_array.h"

#include <bit>
#include <cstdint>
#include <memory>
#include <new>

#include <sys/mman.h>

#include "base/check.h"

namespace larder::table {
namespace {

void* map(std::size_t bytes) {
  void* mapped = mmap(nullptr, bytes, PROT_READ | PROT_WRITE,
                      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  CHECK(mapped != MAP_FAILED);
  return mapped;
}

// Zeroed memory at a multiple of a huge page. The surplus of the mapping is given back at once.
void* map_huge(std::size_t bytes) {
  constexpr std::size_t kHuge = BucketArray::kHugePage;
  void* mapped = map(bytes + kHuge);
  const auto begin = reinterpret_cast<std::uintptr_t>(mapped);
  const std::uintptr_t aligned = (begin + kHuge - 1) / kHuge * kHuge;
  if (aligned != begin) CHECK_EQ(munmap(mapped, aligned - begin), 0);
  const std::size_t surplus = begin + kHuge - aligned;
  if (surplus != 0) CHECK_EQ(munmap(reinterpret_cast<void*>(aligned + bytes), surplus), 0);
  // Advice: without huge pages the table is only slower.
  static_cast<void>(madvise(reinterpret_cast<void*>(aligned), bytes, MADV_HUGEPAGE));
  return reinterpret_cast<void*>(aligned);
}

void* allocate(std::size_t bytes) {
  if (bytes >= BucketArray::kHugePage) return map_huge(bytes);
  if (bytes >= BucketArray::kMapped) return map(bytes);
  void* memory = ::operator new(bytes, std::align_val_t{alignof(Bucket)}, std::nothrow);
  CHECK(memory != nullptr);
  return memory;
}

}  // namespace

BucketArray::BucketArray(std::size_t bucket_count) {
  CHECK(std::has_single_bit(bucket_count));
  auto* buckets = static_cast<Bucket*>(allocate(bucket_count * sizeof(Bucket)));
  std::uninitialized_value_construct_n(buckets, bucket_count);
  const auto shift = static_cast<std::uint64_t>(63 - std::countr_zero(bucket_count));
  word_ = reinterpret_cast<std::uint64_t>(buckets) | shift;
}

BucketArray::~BucketArray() {
  if (word_ == 0) return;
  if (bytes() >= kMapped) {
    CHECK_EQ(munmap(buckets_of(word_), bytes()), 0);
  } else {
    ::operator delete(buckets_of(word_), std::align_val_t{alignof(Bucket)});
  }
}

BucketArray BucketArray::adopt(std::uint64_t word) {
  BucketArray array;
  array.word_ = word;
  return array;
}

}  // namespace larder::table
