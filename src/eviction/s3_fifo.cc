// The queue of ghosts.
//
// Thread safety: none of its own. The caller holds the shard's lock for every call.
#include "eviction/s3_fifo.h"

namespace larder::eviction {

void GhostQueue::resize(std::size_t capacity) {
  capacity_ = capacity;
  trim();
}

void GhostQueue::put(std::uint64_t hash) {
  order_.push_back({hash, ++puts_});
  numbers_[hash] = puts_;
  trim();
}

bool GhostQueue::take(std::uint64_t hash) { return numbers_.erase(hash) != 0; }

void GhostQueue::trim() {
  while (order_.size() > capacity_) {  // bound: one for each put, apart from a resize
    const auto found = numbers_.find(order_.front().hash);
    if (found != numbers_.end() && found->second == order_.front().number) numbers_.erase(found);
    order_.pop_front();
  }
}

std::size_t GhostQueue::bytes() const {
  return order_.size() * sizeof(Put) + numbers_.size() * 2 * sizeof(std::uint64_t);
}

}  // namespace larder::eviction
