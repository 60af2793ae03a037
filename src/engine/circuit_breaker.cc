// The transitions of the circuit breaker.
//
// Thread safety: every member takes the one lock for bounded work.
#include "engine/circuit_breaker.h"

#include <algorithm>

#include "base/check.h"

namespace larder::engine {

CircuitBreaker::CircuitBreaker(const middleware::BreakerOptions& options)
    : failures_(options.failures),
      failure_ratio_(options.failure_ratio),
      slice_ns_(std::max<std::int64_t>(options.window.count() / std::int64_t{kSlices}, 1)),
      open_for_ns_(options.open_for.count()),
      probes_(options.probes) {
  CHECK_GE(failures_, 1U);
  CHECK_GE(probes_, 1U);
  CHECK(failure_ratio_ >= 0 && failure_ratio_ <= 1);
}

CircuitBreaker::WithChange<std::optional<CircuitBreaker::Ticket>> CircuitBreaker::admit(
    std::int64_t now_ns) {
  sync::MutexLock lock(mutex_);
  std::optional<Change> change;
  if (state_ == State::closed) return {Ticket{epoch_}, change};
  const bool waited = now_ns - changed_ns_ >= open_for_ns_;
  if (state_ == State::open) {
    if (!waited) return {std::nullopt, change};
    change = change_locked(State::half_open, now_ns);
  } else if (probes_in_flight_ >= probes_ && waited) {
    change_locked(State::half_open, now_ns);  // the probes are lost: a new round, no news
  }
  if (probes_in_flight_ >= probes_) return {std::nullopt, change};
  ++probes_in_flight_;
  return {Ticket{epoch_}, change};
}

std::optional<CircuitBreaker::Change> CircuitBreaker::settle(Ticket ticket, Verdict verdict,
                                                             std::int64_t now_ns) {
  sync::MutexLock lock(mutex_);
  if (ticket.epoch != epoch_) return std::nullopt;
  if (state_ == State::half_open) return judge_probe_locked(verdict, now_ns);
  if (verdict == Verdict::kSilent) return std::nullopt;
  return count_locked(verdict == Verdict::kFailure, now_ns);
}

CircuitBreaker::State CircuitBreaker::state() const {
  sync::MutexLock lock(mutex_);
  return state_;
}

CircuitBreaker::Change CircuitBreaker::change_locked(State to, std::int64_t now_ns) {
  const Change change{state_, to};
  state_ = to;
  ++epoch_;
  changed_ns_ = now_ns;
  probes_in_flight_ = 0;
  probes_succeeded_ = 0;
  slices_.fill({});
  return change;
}

std::optional<CircuitBreaker::Change> CircuitBreaker::count_locked(bool failed,
                                                                   std::int64_t now_ns) {
  const std::int64_t number = now_ns / slice_ns_;
  Slice& slice = slices_[static_cast<std::uint64_t>(number) % kSlices];
  if (slice.number != number) slice = {.number = number};
  ++slice.calls;
  if (!failed) return std::nullopt;
  ++slice.failures;
  std::uint64_t calls = 0;
  std::uint64_t failures = 0;
  for (const Slice& each : slices_) {
    if (each.number < 0 || number - each.number >= static_cast<std::int64_t>(kSlices)) continue;
    calls += each.calls;
    failures += each.failures;
  }
  const double limit = failure_ratio_ * static_cast<double>(calls);
  if (failures < failures_ || static_cast<double>(failures) < limit) return std::nullopt;
  return change_locked(State::open, now_ns);
}

std::optional<CircuitBreaker::Change> CircuitBreaker::judge_probe_locked(Verdict verdict,
                                                                         std::int64_t now_ns) {
  --probes_in_flight_;
  if (verdict == Verdict::kFailure) return change_locked(State::open, now_ns);
  if (verdict == Verdict::kSilent || ++probes_succeeded_ < probes_) return std::nullopt;
  return change_locked(State::closed, now_ns);
}

}  // namespace larder::engine
