// The registry of thread slots: chunks of slots, the free numbers, the hook at a thread's end.
//
// Thread safety: claims and returns take the registry's lock; looking a slot up takes none.
#include "sync/thread_slot.h"

#include <algorithm>
#include <bit>
#include <functional>
#include <pthread.h>
#include <vector>

#include "base/check.h"
#include "sync/heavy_fence.h"
#include "sync/mutex.h"

namespace larder::sync {

constinit thread_local ThreadRecord t_thread{};

namespace {

// Chunk k holds kFirstChunk << k slots, so that 26 chunks are more than any system has threads.
constexpr std::size_t kFirstChunk = 64;
constexpr std::size_t kMaxChunks = 26;

struct Place {
  std::size_t chunk;
  std::size_t offset;
};

Place place_of(std::size_t index) noexcept {
  const std::size_t chunk = std::bit_width(index / kFirstChunk + 1) - 1;
  return {chunk, index - ((std::size_t{1} << chunk) - 1) * kFirstChunk};
}

// Invariants: `count` slots exist, numbered from 0; each is either owned by one thread or in
// `free`. Never destroyed: threads may end after the program's destructors ran.
class Registry {
 public:
  Registry() noexcept {
    // A failure here means that no slot would ever come back; there are 1,024 keys per process.
    CHECK_EQ(pthread_key_create(&exit_key_, &Registry::at_thread_exit), 0);
    heavy_fence_available();  // settled before any reader exists
  }

  static Registry& get() noexcept {
    static Registry& registry = *new Registry;
    return registry;
  }

  ThreadSlot& claim() noexcept {
    ThreadSlot& slot = take();
    // The value only has to be non-null for the hook to run. Without memory for it the slot leaks.
    pthread_setspecific(exit_key_, &slot);
    return slot;
  }

  std::size_t count() noexcept { return count_.add_acq_rel(0); }  // pairs with make_locked()

  ThreadSlot& at(std::size_t index) noexcept {
    const Place place = place_of(index);
    return chunks_[place.chunk].load_acquire()[place.offset];  // pairs with make_locked()
  }

 private:
  ThreadSlot& take() noexcept {
    MutexLock lock(mutex_);
    if (free_.empty()) return make_locked();
    std::pop_heap(free_.begin(), free_.end(), std::greater<>());
    const std::size_t index = free_.back();
    free_.pop_back();
    return at(index);
  }

  ThreadSlot& make_locked() noexcept LARDER_REQUIRES(mutex_) {
    const std::size_t index = count_.load_relaxed();  // written under the lock only
    const Place place = place_of(index);
    CHECK_LT(place.chunk, kMaxChunks);
    if (place.offset == 0) {
      auto* chunk = new ThreadSlot[kFirstChunk << place.chunk];
      chunks_[place.chunk].store_release(chunk);  // pairs with the load in at()
      // So that giving a slot back never allocates.
      free_.reserve(index + (kFirstChunk << place.chunk));
    }
    ThreadSlot& slot = at(index);
    slot.index = index;
    // Pairs with count(): releases to who scans later, acquires from who scanned before (epoch.h).
    count_.add_acq_rel(1);
    return slot;
  }

  void give_back(ThreadSlot& slot) noexcept {
    MutexLock lock(mutex_);
    free_.push_back(slot.index);
    std::push_heap(free_.begin(), free_.end(), std::greater<>());
  }

  static void at_thread_exit(void* slot) noexcept {
    t_thread.slot = nullptr;  // what still runs on this thread claims anew, and the hook runs again
    CHECK(t_thread.depth == 0 && "a thread ends inside a read section");
    get().give_back(*static_cast<ThreadSlot*>(slot));
  }

  pthread_key_t exit_key_;  // constant after construction

  // atomics
  base::Atomic<std::size_t> count_{0};                 // role: slots that may be scanned
  base::Atomic<ThreadSlot*> chunks_[kMaxChunks] = {};  // role: publishes each chunk, once

  Mutex mutex_{Rank::kThreadRegistry};
  std::vector<std::size_t> free_ LARDER_GUARDED_BY(mutex_);  // a heap, the lowest number on top
};

}  // namespace

ThreadSlot& claim_thread_slot() noexcept {
  ThreadSlot& slot = Registry::get().claim();
  t_thread.writes_by_rmw = !heavy_fence_available();
  t_thread.slot = &slot;
  return slot;
}

std::size_t thread_slot_count() noexcept { return Registry::get().count(); }

ThreadSlot& thread_slot_at(std::size_t index) noexcept { return Registry::get().at(index); }

}  // namespace larder::sync
