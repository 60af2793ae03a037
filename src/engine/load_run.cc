// Running a loader and handing its results to those who wait.
// Thread safety: see load_run.h.
#include "engine/load_run.h"

#include <stop_token>

#include "base/check.h"
#include "flight/load_chain.h"

namespace larder::engine {

LoadRun::LoadRun(LoadTarget& target, LoadRegistry& registry, std::shared_ptr<Scheduler> scheduler,
                 const LoadOperation& op, std::shared_ptr<void> owner)
    : target_(target),
      registry_(registry),
      scheduler_(std::move(scheduler)),
      owner_(std::move(owner)),
      write_(op.write != nullptr ? *op.write : WriteOptions{}),
      loader_(op.loader) {}

LoadRun::~LoadRun() {
  for (std::string& tag : write_.tags) secure_wipe(tag);
}

std::shared_ptr<flight::Flight> LoadRun::lead(const LoadPlace& place, std::size_t item,
                                              std::uint64_t fence) {
  auto flight = place.flights->begin(place.key, place.hash, fence, load_);
  LoadPlace own = place;
  own.key = flight->key;
  keys_.push_back({flight, own, item});
  views_.push_back(flight->key);
  return flight;
}

void LoadRun::run(std::shared_ptr<LoadCall> leader, const Context& caller,
                  const flight::ChainPtr& chain, const Clock& clock,
                  std::chrono::milliseconds limit) {
  leader_ = std::move(leader);
  self_ = shared_from_this();
  auto own_chain = std::make_shared<larder::detail::LoadChain>();
  own_chain->outer = chain;
  own_chain->depth = chain ? chain->depth + 1 : 1;
  for (const Key& key : keys_) own_chain->flights.push_back(key.flight->id);
  Context bounds;
  bounds.deadline_ns = clock.now_ns() + std::chrono::nanoseconds(limit).count();
  bounds.stop = load_->stop.get_token();
  bounds.trace_parent = caller.trace_parent;
  bounds.chain = own_chain;
  context_.emplace(views_, bounds);
  const std::weak_ptr<LoadRun> weak = weak_from_this();
  // Who is told of the end may have hooks and middleware: not on the lane that keeps deadlines.
  limit_timer_ = scheduler_->schedule(
      *bounds.deadline_ns, clock,
      [weak] {
        if (const auto run = weak.lock()) run->time_out();
      },
      Scheduler::Lane::work);
  const auto gone = [weak] {
    if (const auto run = weak.lock()) run->leader_gone();
  };
  target_.load_began();
  const std::shared_ptr<LoadRun> alive = self_;
  if (const auto closed = registry_.enter(*this)) abort(*closed);
  if (leader_ == nullptr) {  // CALLBACK: the loader, in both branches
    loader_->start(LoadTicket(*this));
    return;
  }
  Scheduler::TimerId deadline;
  if (caller.deadline_ns) deadline = scheduler_->schedule(*caller.deadline_ns, clock, gone);
  {
    const std::stop_callback on_stop(caller.stop, gone);
    const flight::ChainScope scope(own_chain);
    loader_->start(LoadTicket(*this));
  }
  if (deadline) scheduler_->try_cancel(deadline);
}

void LoadRun::finish(std::span<LoadOutcome> outcomes) noexcept {
  CHECK_EQ(outcomes.size(), keys_.size());
  const std::shared_ptr<LoadRun> last = std::move(self_);
  scheduler_->try_cancel(limit_timer_);
  for (std::size_t i = 0; i < keys_.size(); ++i) {
    const LoadEnd result = end_of(keys_[i], outcomes[i]);
    target_.count_end(result);
    end(keys_[i], result);
  }
  registry_.leave(*this);
  target_.load_ended();
}

LoadEnd LoadRun::end_of(const Key& key, LoadOutcome& outcome) {
  LoadEnd end;
  if (outcome.kind == LoadOutcome::Kind::value) {
    end = target_.publish(key.place, *key.flight, outcome, write_);
  } else if (outcome.kind == LoadOutcome::Kind::failed) {
    end.error = outcome.error ? *outcome.error : Error(Errc::callback_failed, "the load failed");
  }
  return end;
}

void LoadRun::end(const Key& key, const LoadEnd& end) {
  {
    sync::MutexLock lock(*key.place.guard);
    key.place.flights->end(*key.flight);
    key.flight->leader_waits = false;
  }
  if (leader_ != nullptr) leader_->deliver(key.item, end);
  wake(key.place, key.flight, end, scheduler_.get(), owner_);
}

void LoadRun::wake(const LoadPlace& place, const std::shared_ptr<flight::Flight>& flight,
                   const LoadEnd& end, Scheduler* rest_later, std::shared_ptr<void> owner) {
  for (std::size_t woken = 0;; ++woken) {  // bound: nobody joins a detached flight
    if (rest_later != nullptr && woken == kInlineWakes) {
      rest_later->post([place, flight, end, owner] { wake(place, flight, end, nullptr, owner); });
      return;
    }
    std::shared_ptr<LoadCall> call;
    std::size_t item = 0;
    {
      sync::MutexLock lock(*place.guard);
      auto* const seat = static_cast<LoadCall::Seat*>(flight->pop());
      if (seat == nullptr) return;
      call = std::move(seat->share);
      item = seat->item;
    }
    call->deliver(item, end);
  }
}

void LoadRun::leader_gone() {
  bool stop = false;
  for (const Key& key : keys_) {
    sync::MutexLock lock(*key.place.guard);
    if (!key.flight->leader_waits) continue;
    key.flight->leader_waits = false;
    stop = key.place.flights->end_if_unwanted(*key.flight) || stop;
  }
  if (stop) LoadRun::stop(*scheduler_, load_);
}

void LoadRun::time_out() {
  LoadEnd late;
  late.error = Error(Errc::deadline_exceeded, "the load took longer than max_load_time");
  for (const Key& key : keys_) end(key, late);
  stop(*scheduler_, load_);
}

void LoadRun::abort(const Error& error) {
  LoadEnd end;
  end.error = error;
  for (const Key& key : keys_) {
    {
      sync::MutexLock lock(*key.place.guard);
      key.place.flights->end(*key.flight);
    }
    wake(key.place, key.flight, end, nullptr, nullptr);
  }
  stop(*scheduler_, load_);
}

// Stop callbacks are user code: not on the lane that keeps everybody's deadlines.
void LoadRun::stop(Scheduler& scheduler, const std::shared_ptr<flight::RunningLoad>& load) {
  if (Scheduler::on_timer_lane()) {
    scheduler.post([load] { load->stop.request_stop(); });
  } else {
    load->stop.request_stop();  // CALLBACK: stop callbacks of the loader
  }
}

}  // namespace larder::engine
