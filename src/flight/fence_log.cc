// The log of erased terms.
// Thread safety: see fence_log.h.
#include "flight/fence_log.h"

#include <algorithm>

namespace larder::flight {

void FenceLog::raise(std::uint32_t index, std::string_view term) {
  sync::MutexLock lock(mutex_);
  const std::uint64_t generation = generation_.load_relaxed() + 1;
  fences_.push_back({generation, index, std::string(term)});
  if (fences_.size() > kMaxFences) fences_.pop_front();
  generation_.store_release(generation);  // pairs with now() and passed()
}

bool FenceLog::is_fenced(std::uint64_t began, std::uint32_t index, std::string_view term) const {
  sync::MutexLock lock(mutex_);
  if (!fences_.empty() && began + 1 < fences_.front().generation) return true;  // forgotten ones
  return std::ranges::any_of(fences_, [&](const Fence& fence) {
    return fence.generation > began && fence.index == index && fence.term == term;
  });
}

}  // namespace larder::flight
