// The log of erased terms.
// Thread safety: see fence_log.h.
#include "flight/fence_log.h"

#include <algorithm>
#include <utility>

#include "base/hash.h"

namespace larder::flight {

FenceLog::Mark FenceLog::mark(std::string_view bytes) noexcept {
  const std::uint64_t seed = base::process_seed();
  return {base::hash_bytes(bytes, base::mix64(seed)), base::hash_bytes(bytes, ~seed)};
}

void FenceLog::raise(std::uint32_t index, std::string_view term,
                     std::span<const std::string_view> except) {
  Fence fence{0, index, mark(term), {}};
  for (const std::string_view key : except) fence.except.push_back(mark(key));
  sync::MutexLock lock(mutex_);
  const std::uint64_t generation = generation_.load_relaxed() + 1;
  fence.generation = generation;
  fences_.push_back(std::move(fence));
  if (fences_.size() > kMaxFences) fences_.pop_front();
  generation_.store_release(generation);  // pairs with now() and passed()
}

bool FenceLog::has_forgotten(std::uint64_t began) const {
  return !fences_.empty() && began + 1 < fences_.front().generation;
}

bool FenceLog::passed(std::uint64_t began, std::string_view key) const {
  if (!passed(began)) return false;
  const Mark of_key = mark(key);
  sync::MutexLock lock(mutex_);
  return has_forgotten(began) || std::ranges::any_of(fences_, [&](const Fence& fence) {
           return fence.generation > began &&
                  std::ranges::find(fence.except, of_key) == fence.except.end();
         });
}

bool FenceLog::is_fenced(std::uint64_t began, std::uint32_t index, std::string_view term,
                         std::string_view key) const {
  const Mark of_term = mark(term);
  const Mark of_key = mark(key);
  sync::MutexLock lock(mutex_);
  if (has_forgotten(began)) return true;
  return std::ranges::any_of(fences_, [&](const Fence& fence) {
    return fence.generation > began && fence.index == index && fence.term == of_term &&
           std::ranges::find(fence.except, of_key) == fence.except.end();
  });
}

}  // namespace larder::flight
