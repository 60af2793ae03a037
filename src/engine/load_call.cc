// Delivering outcomes to one caller.
// Thread safety: see load_call.h.
#include "engine/load_call.h"

#include "base/check.h"
#include "flight/wait_graph.h"

namespace larder::engine {

LoadCall::LoadCall(LoadOperation& op, std::size_t missing) : op_(&op) {
  seats_.reserve(missing);
  sync::MutexLock lock(mutex_);
  delivered_.resize(op.items.size());
}

bool LoadCall::wait_in_chain(const flight::ChainPtr& chain, std::uint64_t flight) {
  if (!chain) return true;
  if (!flight::WaitGraph::process().try_wait(*chain, flight)) return false;
  edges_.emplace_back(chain, flight);
  return true;
}

bool LoadCall::join(const LoadPlace& place, std::shared_ptr<flight::Flight> flight,
                    std::size_t item, const flight::ChainPtr& chain) {
  if (!wait_in_chain(chain, flight->id)) return false;
  CHECK(seats_.size() < seats_.capacity());
  Seat& seat = seats_.emplace_back();
  seat.share = shared_from_this();
  seat.place = place;
  seat.item = item;
  seat.of = std::move(flight);
  seat.place.key = seat.of->key;
  expect();
  seat.of->join(seat);
  return true;
}

void LoadCall::expect() {
  sync::MutexLock lock(mutex_);
  ++open_;
}

void LoadCall::deliver(std::size_t item, const LoadEnd& end) {
  {
    sync::MutexLock lock(mutex_);
    if (state_ != State::waiting || delivered_[item]) return;
    delivered_[item] = true;
    Item& out = op_->items[item];
    out.error = end.error;
    out.hit = static_cast<bool>(end.value);
    if (out.hit) {
      out.pin = end.value.share();
      out.version = end.value.version();
    }
    if (--open_ != 0) return;
    state_ = State::done;
  }
  forget_chain();
  op_->complete();  // CALLBACK: the operation may be gone when this returns
}

Progress LoadCall::started() {
  {
    sync::MutexLock lock(mutex_);
    if (--open_ != 0) return Progress::pending;
    state_ = State::done;
  }
  forget_chain();
  return Progress::done;
}

bool LoadCall::leave() {
  sync::MutexLock lock(mutex_);
  if (state_ != State::waiting) return false;
  state_ = State::left;
  return true;
}

LoadCall::~LoadCall() { forget_chain(); }

void LoadCall::forget_chain() {
  for (const auto& [chain, flight] : std::exchange(edges_, {})) {
    flight::WaitGraph::process().forget(*chain, flight);
  }
}

}  // namespace larder::engine
