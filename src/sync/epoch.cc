// Grace periods: the reclaimer's side of the protocol of epoch.h.
//
// Thread safety: as in epoch.h.
#include "sync/epoch.h"

#include "sync/heavy_fence.h"

namespace larder::sync {
namespace {

// Values of P; every other one is the g of the grace period that asked.
constexpr std::uint64_t kAttended = 0;
constexpr std::uint64_t kParked = 1;

bool is_inside(std::uint64_t sequence) noexcept { return sequence % 2 != 0; }

// F1. In the place of the request of another, which may have been left behind: its F4 then parks
// nobody.
void ask(ThreadSlot& slot, std::uint64_t epoch) noexcept {
  std::uint64_t seen = slot.parked.load_acquire();  // pairs with R4 and F4
  while (seen != kParked && !slot.parked.cas_weak_acq_rel(seen, epoch)) {
  }  // bound: the thread or another reclaimer succeeded at every further turn
}

}  // namespace

constinit Epoch g_epoch;

// R4. seq_cst, because the thread writes P and then reads pointers, while a reclaimer writes a
// pointer and then reads P: with acquire and release alone both could read the old value, and the
// reclaimer would leave a thread alone that still finds the object.
void unpark(ThreadSlot& slot) noexcept {
  slot.parked.exchange_seq_cst(kAttended);  // pairs with the reads of P in W3 and F4
  base::fence_seq_cst();                    // pairs with the fence of W2
}

GracePeriod GracePeriod::begin() noexcept {
  GracePeriod period;
  if (heavy_fence_available()) {
    // W2. seq_cst, the other half of unpark(): the unlinking comes before the reads of P that
    // follow. An acquire and release would let them pass the store.
    period.epoch_ = g_epoch.number.add_seq_cst(2) + 2;  // pairs with R1
    base::fence_seq_cst();                              // pairs with the fence of R4
    period.note_slots();
  } else {
    period.note_open_sections();
  }
  return period;
}

void GracePeriod::note_slots() noexcept {
  const ThreadSlot* const own = in_read_section() ? nullptr : t_thread.slot;
  const std::size_t count = thread_slot_count();
  for (std::size_t i = 0; i < count; ++i) {  // bounded by the most threads ever alive at once
    ThreadSlot& slot = thread_slot_at(i);
    const Noted noted{&slot, 0};
    if (&slot != own && !has_ended(noted)) noted_.push_back(noted);
  }
}

// Without membarrier: the snapshot.
void GracePeriod::note_open_sections() noexcept {
  const std::size_t count = thread_slot_count();
  for (std::size_t i = 0; i < count; ++i) {  // bounded by the most threads ever alive at once
    ThreadSlot& slot = thread_slot_at(i);
    const std::uint64_t sequence = slot.sequence.add_acq_rel(0);  // pairs with entries and exits
    if (is_inside(sequence)) noted_.push_back({&slot, sequence});
  }
}

bool GracePeriod::has_ended(const Noted& noted) const noexcept {
  const std::uint64_t sequence = noted.slot->sequence.load_acquire();  // pairs with R2 and R6
  if (epoch_ == 0) return sequence != noted.sequence;
  if (sequence >= epoch_) return true;  // (a)
  if (is_fenced_) return sequence != noted.sequence;
  return noted.slot->parked.load_acquire() == kParked;  // (b); pairs with F4
}

bool GracePeriod::elapsed() noexcept {
  std::erase_if(noted_, [this](const Noted& noted) { return has_ended(noted); });
  return noted_.empty();
}

bool GracePeriod::expedite() noexcept {
  if (elapsed()) return true;
  if (epoch_ == 0 || is_fenced_) return false;
  for (const Noted& noted : noted_) ask(*noted.slot, epoch_);
  if (!heavy_fence()) return false;  // F2; without memory in the kernel: the next call tries again
  std::erase_if(noted_, [this](Noted& noted) { return has_ended_by_fence(noted); });
  is_fenced_ = true;
  return noted_.empty();
}

bool GracePeriod::has_ended_by_fence(Noted& noted) const noexcept {
  noted.sequence = noted.slot->sequence.load_acquire();  // F3; pairs with R2 and R6
  if (is_inside(noted.sequence)) return noted.sequence >= epoch_;
  std::uint64_t asked = epoch_;
  noted.slot->parked.cas_strong_acq_rel(asked, kParked);  // F4; pairs with R4 and with W3 of others
  return true;
}

}  // namespace larder::sync
