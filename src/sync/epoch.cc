// Grace periods: the reclaimer's side of the protocol of epoch.h.
//
// Thread safety: as in epoch.h.
#include "sync/epoch.h"

#include "sync/heavy_fence.h"

namespace larder::sync {

GracePeriod GracePeriod::begin() noexcept {
  GracePeriod period;
  period.take_snapshot();
  return period;
}

void GracePeriod::take_snapshot() noexcept {
  const bool by_rmw = !heavy_fence_available();
  if (!by_rmw && !heavy_fence()) return;  // W2
  begun_ = true;
  const std::size_t count = thread_slot_count();
  for (std::size_t i = 0; i < count; ++i) {  // bounded by the most threads ever alive at once
    ThreadSlot& slot = thread_slot_at(i);
    // W3; the read-modify-write pairs with R1 and R4, the plain read relies on the heavy fence and
    // is an acquire for sections that have ended already (pairs with R4).
    const std::uint64_t sequence =
        by_rmw ? slot.sequence.add_acq_rel(0) : slot.sequence.load_acquire();
    if (sequence % 2 != 0) noted_.push_back({&slot, sequence});
  }
}

bool GracePeriod::elapsed() noexcept {
  if (!begun_) {
    take_snapshot();
    if (!begun_) return false;
  }
  std::erase_if(noted_, [](const Noted& noted) {
    return noted.slot->sequence.load_acquire() != noted.sequence;  // W4; pairs with R4 and R1
  });
  return noted_.empty();
}

}  // namespace larder::sync
