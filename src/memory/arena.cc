// Chunks, spans and free lists.
// Thread safety: see arena.h.
#include "memory/arena.h"

#include <algorithm>
#include <bit>
#include <cstring>

#include <sys/mman.h>

#include "base/check.h"
#include "sync/thread_slot.h"

namespace larder::memory {
namespace {

constexpr std::size_t kHugePage = std::size_t{2} << 20;
constexpr std::uint32_t kChunksPerMapping = kHugePage / Arena::kChunkBytes;
// The first mapping stays in small pages: a small cache should not take 2 MiB.
constexpr std::uint32_t kChunksWithoutHugePages = kChunksPerMapping;
constexpr std::size_t kMinSpanBytes = std::size_t{4} << 10;
constexpr std::size_t kMaxSpanBytes = std::size_t{256} << 10;
constexpr std::size_t kObjectsPerSpan = 64;
constexpr std::uint32_t kHeaderGrains = 4;  // the chunk's header, on a cache line of its own

void* map(std::size_t bytes) {
  void* memory = mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  CHECK(memory != MAP_FAILED);
  return memory;
}

// A mapping of kHugePage bytes on a boundary of kHugePage.
std::byte* map_aligned() {
  auto* const raw = static_cast<std::byte*>(map(2 * kHugePage));
  const auto address = reinterpret_cast<std::uintptr_t>(raw);
  const std::size_t head = (kHugePage - address % kHugePage) % kHugePage;
  if (head != 0) munmap(raw, head);
  munmap(raw + head + kHugePage, kHugePage - head);
  return raw + head;
}

}  // namespace

Arena::Arena(void* owner)
    : owner_(owner), chunks_(static_cast<std::byte**>(map(kMaxChunks * sizeof(std::byte*)))) {}

Arena::~Arena() {
  sync::MutexLock lock(middle_);
  for (std::uint32_t i = 0; i < chunk_count_; i += kChunksPerMapping) munmap(chunks_[i], kHugePage);
  munmap(chunks_, kMaxChunks * sizeof(std::byte*));
}

std::size_t Arena::class_of(std::size_t bytes) noexcept {
  const std::size_t grains = (bytes + kGrain - 1) / kGrain;
  if (grains <= kSmallClasses) return grains == 0 ? 0 : grains - 1;
  // Eight steps a doubling: the three bits below the highest, rounded up.
  const int shift = std::bit_width(grains - 1) - 4;
  return kSmallClasses + static_cast<std::size_t>(shift - 3) * 8 + (((grains - 1) >> shift) - 8);
}

std::size_t Arena::class_bytes(std::size_t size_class) noexcept {
  if (size_class < kSmallClasses) return (size_class + 1) * kGrain;
  const std::size_t above = size_class - kSmallClasses;
  return ((above % 8 + 9) << (above / 8 + 3)) * kGrain;
}

std::size_t Arena::rounded(std::size_t bytes) noexcept { return class_bytes(class_of(bytes)); }

void* Arena::owner_of(const void* object) noexcept {
  const auto chunk = reinterpret_cast<std::uintptr_t>(object) & ~(kChunkBytes - 1);
  return reinterpret_cast<const ChunkHeader*>(chunk)->owner;
}

Ref Arena::ref_of(const void* object) noexcept {
  const auto address = reinterpret_cast<std::uintptr_t>(object);
  const auto* const header = reinterpret_cast<const ChunkHeader*>(address & ~(kChunkBytes - 1));
  return header->number << 16 | static_cast<Ref>((address & (kChunkBytes - 1)) / kGrain);
}

template <class Use>
void Arena::with_list(std::size_t size_class, Use&& use) {
  const std::size_t slot = sync::thread_slot();
  if (slot < kOwned) return use(owned_[slot].lists[size_class]);
  SharedLists& shared = shared_[slot % kShared];
  sync::MutexLock lock(shared.mutex);
  use(shared.lists[size_class]);
}

void Arena::push(List& list, Ref ref) noexcept {
  std::memcpy(at(ref), &list.head, sizeof list.head);
  list.head = ref;
  ++list.count;
}

Ref Arena::pop(List& list) noexcept {
  const Ref ref = list.head;
  if (ref != kNoRef) {
    std::memcpy(&list.head, at(ref), sizeof list.head);
    --list.count;
  }
  return ref;
}

Ref Arena::allocate(std::size_t bytes) {
  CHECK(bytes > 0 && bytes <= kMaxObjectBytes);
  const std::size_t size_class = class_of(bytes);
  Ref ref = kNoRef;
  with_list(size_class, [&](List& list) {
    ref = pop(list);
    if (list.head != kNoRef) prefetch(list.head, bytes);
  });
  if (ref != kNoRef) return ref;
  List batch = refill(size_class);
  ref = pop(batch);
  with_list(size_class, [&](List& list) {
    while (const Ref more = pop(batch)) push(list, more);
  });
  return ref;
}

void Arena::free(Ref ref, std::size_t bytes) {
  const std::size_t size_class = class_of(bytes);
  List surplus;
  with_list(size_class, [&](List& list) {
    push(list, ref);
    if (list.count <= kKeep) return;
    for (std::size_t i = 0; i < kKeep / 2; ++i) push(surplus, pop(list));
  });
  if (surplus.count == 0) return;
  sync::MutexLock lock(middle_);
  while (const Ref more = pop(surplus)) push(lists_[size_class], more);
}

// What the next allocation is going to write, as far as it is likely to be written at once.
void Arena::prefetch(Ref ref, std::size_t bytes) const noexcept {
  constexpr std::size_t kMost = 4 * base::kCacheLine;
  for (std::size_t at_byte = 0; at_byte < std::min(bytes, kMost); at_byte += base::kCacheLine) {
    __builtin_prefetch(at(ref) + at_byte, 1);
  }
}

Arena::List Arena::refill(std::size_t size_class) {
  // Large objects one by one: a thread should not keep a chunk's worth of them.
  const std::size_t wanted = class_bytes(size_class) <= 1024 ? kMove : 1;
  List batch;
  sync::MutexLock lock(middle_);
  while (batch.count < wanted) {
    const Ref freed = pop(lists_[size_class]);
    push(batch, freed != kNoRef ? freed : cut_locked(size_class));
  }
  return batch;
}

Ref Arena::cut_locked(std::size_t size_class) {
  const auto grains = static_cast<std::uint32_t>(class_bytes(size_class) / kGrain);
  Span& span = spans_[size_class];
  if (span.end_grain - span.next_grain < grains) open_span_locked(size_class);
  const Ref ref = span.chunk << 16 | span.next_grain;
  span.next_grain += grains;
  cut_bytes_.add_relaxed(grains * kGrain);
  return ref;
}

// The rest of a chunk becomes a shorter span as long as it has room for an object.
void Arena::open_span_locked(std::size_t size_class) {
  const std::size_t object = class_bytes(size_class);
  const auto object_grains = static_cast<std::uint32_t>(object / kGrain);
  const std::size_t bytes =
      std::max(object, std::clamp(object * kObjectsPerSpan, kMinSpanBytes, kMaxSpanBytes));
  if (open_.end_grain - open_.next_grain < object_grains) add_chunks_locked();
  const auto grains =
      std::min(static_cast<std::uint32_t>(bytes / kGrain), open_.end_grain - open_.next_grain);
  spans_[size_class] = {open_.next_grain, open_.next_grain + grains, open_.chunk};
  open_.next_grain += grains;
}

void Arena::add_chunks_locked() {
  if (chunks_open_ == chunk_count_) {
    CHECK(chunk_count_ + kChunksPerMapping <= kMaxChunks);
    std::byte* const memory = map_aligned();
    if (chunk_count_ >= kChunksWithoutHugePages) madvise(memory, kHugePage, MADV_HUGEPAGE);
    for (std::uint32_t i = 0; i < kChunksPerMapping; ++i, ++chunk_count_) {
      chunks_[chunk_count_] = memory + i * kChunkBytes;
    }
  }
  const std::uint32_t number = chunks_open_++;
  new (chunks_[number]) ChunkHeader{owner_, number};
  open_ = {kHeaderGrains, static_cast<std::uint32_t>(kChunkBytes / kGrain), number};
}

}  // namespace larder::memory
