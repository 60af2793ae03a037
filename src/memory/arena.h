// The slab allocator of one cache: memory for entries, named by 32-bit references. Used by nodes.h.
//
// Thread safety: allocate() and free() from any thread; at() from any thread that was handed the
// reference.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "base/atomic.h"
#include "sync/mutex.h"

namespace larder::memory {

using Ref = std::uint32_t;
inline constexpr Ref kNoRef = 0;

// Memory comes in chunks of 1 MiB; a reference is the chunk's number and the position in the chunk
// in grains of 16 bytes, so that four bytes reach 64 GiB. Sizes are rounded up to classes (steps of
// one grain up to 1 KiB, then eight steps a doubling); each class cuts its objects from spans of a
// chunk and keeps the freed ones in lists: a few per thread, the rest in the middle. The first
// kOwned threads (by thread_slot(), which is dense) have lists that nobody else touches and that
// need no lock; the others share some.
//
// Bounds: kMaxChunks chunks; kKeep freed objects of a class in each set of lists but the middle.
class Arena {
 public:
  static constexpr std::size_t kGrain = 16;
  static constexpr std::size_t kChunkBytes = std::size_t{1} << 20;
  static constexpr std::size_t kMaxChunks = std::size_t{1} << 16;
  static constexpr std::size_t kMaxObjectBytes = std::size_t{128} << 10;
  static constexpr std::size_t kOwned = 32;
  static constexpr std::size_t kShared = 8;
  static constexpr std::size_t kKeep = 64;
  static constexpr std::size_t kMove = 16;  // objects fetched at once from the middle

  // `owner` is what owner_of() answers for every object.
  explicit Arena(void* owner);
  ~Arena();
  Arena(const Arena&) = delete;
  Arena& operator=(const Arena&) = delete;

  // Memory of `bytes` (1 to kMaxObjectBytes), aligned to kGrain, contents undefined.
  Ref allocate(std::size_t bytes);
  // `bytes` as at allocation. No reader may reach the object any more.
  void free(Ref ref, std::size_t bytes);

  [[nodiscard]] std::byte* at(Ref ref) const noexcept {
    return chunks_[ref >> 16] + static_cast<std::size_t>(ref & 0xffff) * kGrain;
  }
  // The arena's owner and the reference of an object, from its address.
  static void* owner_of(const void* object) noexcept;
  static Ref ref_of(const void* object) noexcept;

  // Bytes that an object of this size takes.
  static std::size_t rounded(std::size_t bytes) noexcept;
  // Memory cut into objects so far, free ones included.
  [[nodiscard]] std::size_t resident_bytes() const noexcept { return cut_bytes_.load_relaxed(); }

 private:
  struct ChunkHeader {
    void* owner;
    std::uint32_t number;
  };
  static constexpr std::size_t kSmallClasses = 64;
  static constexpr std::size_t kClasses = kSmallClasses + 56 + 1;

  struct List {
    Ref head = kNoRef;
    std::uint32_t count = 0;
  };
  using Lists = std::array<List, kClasses>;
  struct alignas(base::kCacheLine) OwnedLists {
    Lists lists;  // of the thread that has the slot; slots pass on under the registry's lock
  };
  struct alignas(base::kCacheLine) SharedLists {
    sync::Mutex mutex{sync::Rank::kSlab};
    Lists lists LARDER_GUARDED_BY(mutex);
  };
  struct Span {
    std::uint32_t next_grain = 0;  // position in its chunk
    std::uint32_t end_grain = 0;
    std::uint32_t chunk = 0;
  };

  static std::size_t class_of(std::size_t bytes) noexcept;
  static std::size_t class_bytes(std::size_t size_class) noexcept;
  // Calls `use(list)` on this thread's list of the class.
  template <class Use>
  void with_list(std::size_t size_class, Use&& use);
  void push(List& list, Ref ref) noexcept;
  Ref pop(List& list) noexcept;
  void prefetch(Ref ref, std::size_t bytes) const noexcept;
  List refill(std::size_t size_class) LARDER_EXCLUDES(middle_);
  Ref cut_locked(std::size_t size_class) LARDER_REQUIRES(middle_);
  void open_span_locked(std::size_t size_class) LARDER_REQUIRES(middle_);
  void add_chunks_locked() LARDER_REQUIRES(middle_);

  // constant after construction
  void* const owner_;
  // The array; its elements are written once, under middle_, before
  // any reference into the chunk is handed out
  std::byte** chunks_;

  // own synchronisation
  std::array<OwnedLists, kOwned> owned_;
  std::array<SharedLists, kShared> shared_;
  mutable sync::Mutex middle_{sync::Rank::kSlab};

  // guarded by middle_
  Lists lists_ LARDER_GUARDED_BY(middle_);
  std::array<Span, kClasses> spans_ LARDER_GUARDED_BY(middle_);
  Span open_ LARDER_GUARDED_BY(middle_);  // what is left of the newest chunk
  std::uint32_t chunk_count_ LARDER_GUARDED_BY(middle_) = 0;
  std::uint32_t chunks_open_ LARDER_GUARDED_BY(middle_) = 0;

  // atomics
  base::Atomic<std::size_t> cut_bytes_{0};  // a gauge, relaxed
};

}  // namespace larder::memory
