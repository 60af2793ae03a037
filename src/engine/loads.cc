// Finding, joining or leading: how get_or_set begins and ends.
// Thread safety: see loads.h.
#include "engine/loads.h"

#include <algorithm>
#include <utility>

#include "engine/load_call.h"
#include "engine/load_run.h"

namespace larder::engine {
namespace {

struct Missing {
  LoadPlace place;
  std::size_t item;
};

Error deadlock(std::string_view why) { return Error(Errc::would_deadlock, std::string(why)); }

// Whether `flight` is one of the loads that a call runs in.
bool runs_in(const flight::ChainPtr& chain, const flight::Flight& flight) {
  for (const auto* load = chain.get(); load != nullptr; load = load->outer.get()) {
    if (std::ranges::find(load->flights, flight.id) != load->flights.end()) return true;
  }
  return false;
}

// Whether a caller that comes now may be given what `flight` loads. After an erase by index or tag
// nobody knows before its end whether the value is one of those erased: who comes later loads again
// (rule 7). The price is one more load of a key in flight per such erase that a caller follows.
// A call inside that very load goes on, to be refused.
bool may_join(LoadTarget& target, const flight::Flight& flight, const flight::ChainPtr& chain) {
  return !target.fences_passed(flight.fence, flight.key) || runs_in(chain, flight);
}

// One missing key, under its lock: there by now, joined, refused, or led by `run`.
void enter(LoadTarget& target, LoadOperation& op, const Missing& missing,
           const std::shared_ptr<LoadCall>& call, LoadRun& run, const flight::ChainPtr& chain) {
  Item& item = op.items[missing.item];
  sync::MutexLock lock(*missing.place.guard);
  if (target.find_live_locked(missing.place, item)) return;
  auto known = missing.place.flights->find(missing.place.key);
  if (known && !may_join(target, *known, chain)) {
    missing.place.flights->fence(missing.place.key);
    known.reset();
  }
  if (auto flight = std::move(known)) {
    if (!call->join(missing.place, std::move(flight), missing.item, chain)) {
      item.error = deadlock("this load would wait, directly or through others, for itself");
    } else {
      target.count_join();
    }
    return;
  }
  const auto flight = run.lead(missing.place, missing.item, target.fence_now());
  call->wait_in_chain(chain, flight->id);  // a new flight waits for nothing: never a cycle
  if (op.loader->is_synchronous()) {
    flight->leader_waits = true;
    call->expect();
  } else {
    call->join(missing.place, flight, missing.item, nullptr);
  }
}

}  // namespace

Progress Loads::start(LoadOperation& op, std::shared_ptr<void> owner,
                      std::shared_ptr<LoadCall>* share) {
  std::vector<Missing> missing;
  for (std::size_t i = 0; i < op.items.size(); ++i) {
    const LoadPlace place = target_.load_place(op.items[i].key);
    if (!target_.find_live(place, op.items[i])) missing.push_back({place, i});
  }
  if (missing.empty()) return Progress::done;
  const flight::ChainPtr chain = op.context.chain ? op.context.chain : flight::current_chain();
  if (chain && chain->depth >= larder::detail::LoadChain::kMaxDepth) {
    op.error = deadlock("loads are nested more than 64 deep");
    return Progress::done;
  }
  const auto call = std::make_shared<LoadCall>(op, missing.size());
  const auto run = std::make_shared<LoadRun>(target_, registry_, scheduler_, op, std::move(owner));
  op.load_state = call;
  if (share != nullptr) *share = call;
  for (const Missing& one : missing) enter(target_, op, one, call, *run, chain);
  if (run->leads()) {
    run->run(op.loader->is_synchronous() ? call : nullptr, op.context, chain, *clock_,
             settings_.max_load_time);
  }
  return call->started();
}

bool Loads::leave(LoadOperation& op) {
  return leave(std::static_pointer_cast<LoadCall>(op.load_state));
}

bool Loads::leave(const std::shared_ptr<LoadCall>& call) {
  if (call == nullptr || !call->leave()) return false;
  for (LoadCall::Seat& seat : call->seats()) {
    std::shared_ptr<LoadCall> share;  // outlives the lock
    bool stop = false;
    {
      sync::MutexLock lock(*seat.place.guard);
      if (seat.flight == nullptr) continue;
      seat.flight->leave(seat);
      share = std::move(seat.share);
      stop = seat.place.flights->end_if_unwanted(*seat.of);
    }
    if (stop) LoadRun::stop(*scheduler_, seat.of->load);
  }
  target_.count_leave();
  return true;
}

void Loads::close(const Error& error) {
  for (const auto& run : registry_.close(error)) run->abort(error);
}

}  // namespace larder::engine
