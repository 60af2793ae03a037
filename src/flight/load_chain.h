// The loads that a call runs in: what Context::chain points to. Used to see loads that wait for
// themselves.
//
// Thread safety: chains are immutable; `current_chain` belongs to its thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

namespace larder::detail {

// One running load and the loads around it. Depth is bounded by kMaxDepth: deeper nesting is
// taken for runaway recursion and refused.
struct LoadChain {
  static constexpr std::size_t kMaxDepth = 64;

  std::shared_ptr<const LoadChain> outer;
  std::vector<std::uint64_t> flights;  // of this load: one, or several of a batch
  std::size_t depth = 1;
};

}  // namespace larder::detail

namespace larder::flight {

using ChainPtr = std::shared_ptr<const detail::LoadChain>;

// The chain of the synchronous load that runs on this thread; null outside of loads.
const ChainPtr& current_chain() noexcept;

// Makes `chain` the current one for a scope: around the user code of a synchronous load.
class ChainScope {
 public:
  explicit ChainScope(ChainPtr chain) noexcept;
  ~ChainScope();
  ChainScope(const ChainScope&) = delete;
  ChainScope& operator=(const ChainScope&) = delete;

 private:
  ChainPtr before_;
};

}  // namespace larder::flight
