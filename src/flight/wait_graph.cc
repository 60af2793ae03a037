// Depth-first search over the waiting loads.
// Thread safety: see wait_graph.h.
#include "flight/wait_graph.h"

#include <algorithm>
#include <unordered_set>
#include <vector>

#include "base/atomic.h"

namespace larder::flight {

WaitGraph& WaitGraph::process() {
  static WaitGraph graph;
  return graph;
}

bool WaitGraph::try_wait(const detail::LoadChain& chain, std::uint64_t target) {
  sync::MutexLock lock(mutex_);
  // The loads around this one wait for it, so their own edges lead here: the innermost suffices.
  if (reaches_locked(target, chain.flights)) return false;
  for (const std::uint64_t from : chain.flights) edges_.emplace(from, target);
  return true;
}

void WaitGraph::forget(const detail::LoadChain& chain, std::uint64_t target) {
  sync::MutexLock lock(mutex_);
  for (const std::uint64_t from : chain.flights) {
    const auto [begin, end] = edges_.equal_range(from);
    const auto edge = std::find_if(begin, end, [&](const auto& e) { return e.second == target; });
    if (edge != end) edges_.erase(edge);
  }
}

bool WaitGraph::reaches_locked(std::uint64_t from, std::span<const std::uint64_t> goals) const {
  std::vector<std::uint64_t> open{from};
  std::unordered_set<std::uint64_t> seen{from};
  while (!open.empty()) {  // bound: each load of the graph once
    const std::uint64_t load = open.back();
    open.pop_back();
    if (std::ranges::find(goals, load) != goals.end()) return true;
    const auto [begin, end] = edges_.equal_range(load);
    for (auto edge = begin; edge != end; ++edge) {
      if (seen.insert(edge->second).second) open.push_back(edge->second);
    }
  }
  return false;
}

std::uint64_t next_flight_id() noexcept {
  static base::Atomic<std::uint64_t> last{0};  // relaxed: uniqueness is all that is asked
  return last.add_relaxed(1) + 1;
}

}  // namespace larder::flight
