// The current chain of each thread.
// Thread safety: see load_chain.h.
#include "flight/load_chain.h"

#include <utility>

namespace larder::flight {
namespace {
thread_local ChainPtr t_chain;
}  // namespace

const ChainPtr& current_chain() noexcept { return t_chain; }

ChainScope::ChainScope(ChainPtr chain) noexcept
    : before_(std::exchange(t_chain, std::move(chain))) {}
ChainScope::~ChainScope() { t_chain = std::move(before_); }

}  // namespace larder::flight
