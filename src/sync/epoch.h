// Safe reclamation for lock-free readers: a reader marks the section in which it holds pointers, a
// reclaimer unlinks an object, waits until every section that could have seen it has ended, and
// frees it. Used by the read path of memory/ (sections) and by limbo.h (grace periods).
//
// Thread safety: a ReadSection belongs to the thread that made it; a GracePeriod may move between
// threads but is used by one at a time.
//
// The protocol
//   A global number E, even, is raised by two by every reclaimer. Each thread owns a slot with a
//   word S: E + 1 inside of a section, E outside, for the E that the thread saw when it entered;
//   and a word P: 0, or a reclaimer's request to be told of the next section, or 1, parked.
//     reader      R1  e := E        R2  S := e + 1   R3  light fence
//                 R4  if P is not 0: P := 0 and a full fence
//                 R5  read pointers, use objects     R6  S := e
//     reclaimer   W1  unlink the object: no shared pointer to it is left
//                 W2  g := E + 2, which E becomes; full fence
//                 W3  wait for each slot, until one of three is seen
//                     (a)  S >= g     (b)  P = 1     (c)  by the help of a heavy fence, see below
//                 W4  free the object
//     (c)         F1  P := g unless it is 1          F2  heavy fence, once for all slots
//                 F3  s := S
//                 F4  s even: done; and P := 1 if it is g still. s odd: done when S is not s
//
// Claim: no section that can hold a pointer to the object is open at W4. Take the slot of a thread:
//   (a) R2 wrote what R1 had read: E was g or more, so that R1 (an acquire) saw W1, and R5 of this
//       section and of later ones finds no pointer. Earlier sections end before R2 (a release).
//   (c) The heavy fence makes the thread pass a full barrier at some point B of its program.
//       - R2 before B: F3 reads that S or a later one. Odd: it waits for R6. Even: R6 has happened.
//       - R2 after B: all of R5 comes after B as well, because the compiler keeps R5 after R2. W1
//         came before F2 and is visible to all after B: R5 finds no pointer.
//   (b) P became 1 in some F4, after an F2 that the request in P (every g is another) preceded:
//       the thread was outside, and its next R4 sees the request or the 1, because it comes after
//       B: a section that loaded P before B had its R2 before B, was open at F3, or left and came
//       again. That R4 takes P to 0 with a full fence. We read 1, so the full fence of W2 comes
//       before that one, and R5 sees W1.
//   A thread whose slot is made after W3 read the number of slots sees W1: the number is read and
//   raised by read-modify-writes, which pass W1 on.
//   W4 after R5: R6 and R2 are releases, and what W3 reads it acquires; P = 1 passes on what F3 of
//   another reclaimer has acquired.
//   The reclaimer's own slot counts only inside of a section of its own: such a thread sees the
//   grace period end only after it has left.
//
//   Busy threads end grace periods by their work (a), idle ones are parked once (b): the heavy
//   fence is for the first meeting with a thread that is idle. It costs a membarrier: microseconds,
//   on some virtual machines milliseconds.
//
//   Without membarrier, and under ThreadSanitizer, which follows no fences: S is a counter, odd
//   inside of a section; entry, exit and the reclaimer's snapshot of S are read-modify-writes
//   (acq_rel), and E and P are not used. The writes of S then form one chain in which each one
//   acquires what the earlier ones released. For any section:
//   - its entry before the snapshot in the chain: the snapshot reads the odd value, and waits until
//     S has changed, or a later one. A counter never takes a value twice.
//   - its entry after the snapshot: it acquires W1, so R5 finds no pointer.
//   Each process uses one of the two ways, settled before the first slot is claimed.
//
//   Sections nest: only the outermost writes. epoch_model_test.cc checks both ways, and that the
//   checker finds protocols with one wrong order.
//
// Cost: entering and leaving are two plain stores to a line of one's own and a read of a line that
// is written once in a grace period (a few nanoseconds); with read-modify-writes about 10 ns more.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "base/atomic.h"
#include "sync/thread_slot.h"

namespace larder::sync {

// E. On a line of its own: all threads read it at every entry.
struct alignas(base::kCacheLine) Epoch {
  // Role: passes W1 on to readers. Raised seq_cst in W2; R1 acquires.
  base::Atomic<std::uint64_t> number{2};
};
extern constinit Epoch g_epoch;

// R4, when a reclaimer asked.
[[gnu::cold, gnu::noinline]] void unpark(ThreadSlot& slot) noexcept;

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
      slot->sequence.add_acq_rel(1);  // pairs with the snapshot of a grace period
      return;
    }
    const std::uint64_t epoch = g_epoch.number.load_acquire();  // R1; pairs with W2
    slot->sequence.store_release(epoch + 1);  // R2; sections before it have ended: pairs with W3
    base::compiler_fence();                   // R3; pairs with heavy_fence()
    if (slot->parked.load_acquire() != 0) [[unlikely]]  // R4; R5 stays after it
      unpark(*slot);
  }

  static void leave() noexcept {
    ThreadSlot* slot = t_thread.slot;
    if (t_thread.writes_by_rmw) [[unlikely]] {
      slot->sequence.add_acq_rel(1);  // pairs with the poll, and keeps the chain
      return;
    }
    // R6; pairs with the acquires of W3 and F3: our reads come before the free.
    slot->sequence.store_release(slot->sequence.load_relaxed() - 1);
  }
};

// True inside a ReadSection of this thread.
inline bool in_read_section() noexcept { return t_thread.depth != 0; }

// The wait for the end of all sections that were open at its beginning. Begin it after unlinking.
class GracePeriod {
 public:
  static GracePeriod begin() noexcept;

  GracePeriod(GracePeriod&&) noexcept = default;
  GracePeriod& operator=(GracePeriod&&) noexcept = default;

  // True when every section that was open at the beginning is known to have ended; stays true.
  // Never blocks; costs one or two reads for each thread that is not known to be done. Alone it
  // may stay false for ever where a thread is idle: see expedite().
  bool elapsed() noexcept;

  // The same by the help of a heavy fence, at most one in a grace period: true as soon as the
  // sections have ended. Call it with no lock held that readers or writers want.
  bool expedite() noexcept;

 private:
  struct Noted {
    ThreadSlot* slot;
    std::uint64_t sequence;
  };

  GracePeriod() noexcept = default;

  void note_slots() noexcept;
  void note_open_sections() noexcept;
  bool has_ended(const Noted& noted) const noexcept;
  bool has_ended_by_fence(Noted& noted) const noexcept;

  std::uint64_t epoch_ = 0;   // g; 0 where sections are announced by read-modify-writes
  bool is_fenced_ = false;    // `noted_` are sections that F3 has met
  std::vector<Noted> noted_;  // not known to have ended; at most one for each slot
};

}  // namespace larder::sync
