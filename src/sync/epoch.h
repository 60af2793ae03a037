// Safe reclamation for lock-free readers: a reader marks the section in which it holds pointers, a
// reclaimer unlinks an object, waits until every section that could have seen it has ended, and
// frees it. Used by the read path of memory/ (sections) and by limbo.h (grace periods).
//
// Thread safety: a ReadSection belongs to the thread that made it; a GracePeriod may move between
// threads but is used by one at a time.
//
// The protocol
//   Each thread owns a slot with a counter S, even outside of sections, odd inside (thread_slot.h).
//     reader      R1  S := S + 1 (odd)     R2  light fence     R3  read pointers, use objects
//                 R4  S := S + 1 (even)
//     reclaimer   W1  unlink the object: no shared pointer to it is left
//                 W2  heavy fence          W3  read all S; note the odd ones (the snapshot)
//                 W4  wait until each noted S has changed      W5  free the object
//   State of one slot: even -R1-> odd -R4-> even. Only the owner writes it; it never falls, also
//   when the slot passes to another thread, so a changed counter proves that the section that was
//   noted is over: no value comes twice.
//
// Claim: no section that can hold a pointer to the object is open at W5.
//   With membarrier. The light fence stops the compiler only. The heavy fence makes every thread
//   pass a full barrier at some point B of its program while W2 runs. Take any section:
//   - R1 before B: the store of R1 is visible to all at the latest at B, so W3 (after W2) reads the
//     odd value, or a later one. Odd: W4 waits for R4. Later: R4 has happened already.
//   - R1 after B: all of R3 comes after B as well, because the compiler keeps R3 after R1. W1 came
//     before W2 and is visible to all after B: R3 finds no pointer to the object.
//   A slot made after W3 read the number of slots: had its owner's R1 come before B, then the
//   number would have been raised before B too and W3 would have seen it. So R1 is after B.
//   W5 after R3: R4 is a release, the poll of W4 an acquire; it sees R4 or a later write. R1 is a
//   release as well, because the poll may miss R4 and see the R1 of the section after it.
//
//   Without membarrier, and under ThreadSanitizer, which follows no fences: R1, R4 and the snapshot
//   of W3 are read-modify-writes (acq_rel) of S, and R2 and W2 vanish. The writes of S then form
//   one chain in which each one acquires what the earlier ones released. For any section:
//   - R1 before W3 in the chain: W3 reads the odd value or a later one, as above.
//   - R1 after W3 in the chain: R1 acquires W1, so R3 finds no pointer.
//   The number of slots is read and raised by read-modify-writes for the same reason.
//   Each process uses one of the two ways, settled before the first slot is claimed.
//
//   Sections nest: only the outermost writes. The reclaimer's own slot counts like any other: a
//   thread that reclaims inside its own section sees the grace period end only after it has left.
//   epoch_model_test.cc checks both ways, and that the checker finds protocols with one wrong
//   order.
//
// Cost: entering and leaving are two plain stores to a line of one's own (a few nanoseconds); with
// read-modify-writes about 10 ns more. A grace period costs one membarrier (up to some 15 µs when
// other cores are busy) and one read for each slot: so objects are reclaimed in batches.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "base/atomic.h"
#include "sync/thread_slot.h"

namespace larder::sync {

// A section in which this thread may hold pointers to objects that others unlink. Keep it short:
// while it is open nothing unlinked after its beginning can be freed. Not movable: it ends on the
// thread and in the scope where it began.
class [[nodiscard]] ReadSection {
 public:
  ReadSection() noexcept {
    if (t_thread.depth++ == 0) enter();
  }
  ~ReadSection() {
    if (--t_thread.depth == 0) leave();
  }
  ReadSection(const ReadSection&) = delete;
  ReadSection& operator=(const ReadSection&) = delete;

 private:
  // t_thread is named each time and never bound to a reference: GCC's null check of references to
  // thread-local objects takes the flags of an addition that the linker turns into a `lea`.
  static void enter() noexcept {
    ThreadSlot* slot = t_thread.slot;
    if (slot == nullptr) [[unlikely]]
      slot = &claim_thread_slot();
    if (t_thread.writes_by_rmw) [[unlikely]] {
      slot->sequence.add_acq_rel(1);  // R1; pairs with the snapshot of a grace period
      return;
    }
    // R1; a release, because a poll that sees it must also see the end of the section before.
    slot->sequence.store_release(slot->sequence.load_relaxed() + 1);
    base::compiler_fence();  // R2; pairs with heavy_fence()
  }

  static void leave() noexcept {
    ThreadSlot* slot = t_thread.slot;
    if (t_thread.writes_by_rmw) [[unlikely]] {
      slot->sequence.add_acq_rel(1);  // R4; pairs with the poll, and keeps the chain
      return;
    }
    // R4; pairs with the acquire of the poll: our reads come before the free.
    slot->sequence.store_release(slot->sequence.load_relaxed() + 1);
  }
};

// True inside a ReadSection of this thread.
inline bool in_read_section() noexcept { return t_thread.depth != 0; }

// The wait for the end of all sections that were open at its beginning. Begin it after unlinking.
class GracePeriod {
 public:
  // Takes the snapshot. Costs a membarrier: call it with no lock held that readers or writers want.
  static GracePeriod begin() noexcept;

  GracePeriod(GracePeriod&&) noexcept = default;
  GracePeriod& operator=(GracePeriod&&) noexcept = default;

  // True when every section that was open at the beginning has ended; stays true. A poll: never
  // blocks, costs one read for each section still noted.
  bool elapsed() noexcept;

 private:
  struct Noted {
    ThreadSlot* slot;
    std::uint64_t sequence;
  };

  GracePeriod() noexcept = default;

  void take_snapshot() noexcept;

  bool begun_ = false;        // false while the kernel refuses the barrier: elapsed() tries again
  std::vector<Noted> noted_;  // sections not seen to end yet; at most one for each slot
};

}  // namespace larder::sync
