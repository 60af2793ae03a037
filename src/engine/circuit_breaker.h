// The circuit breaker as a state machine: it is told what begins and how it ended, with the time,
// and says whether to let it pass. Used by breaker_decorator.cc.
//
// Thread safety: every member may be called from any thread at any time.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>

#include "larder/middleware.h"
#include "sync/annotations.h"
#include "sync/mutex.h"

namespace larder::engine {

// What an ended operation says about the engine.
enum class Verdict : std::uint8_t {
  kSuccess,
  kFailure,
  kSilent,  // nothing: it did not reach the engine, or its caller left
};

// States: closed -> open (too many failures in the window) -> half open (open_for has passed) ->
// closed (enough probes in a row succeeded) or open (one failed). Every change begins a new epoch;
// the verdict of an operation admitted in an earlier epoch is ignored, so that a late answer
// neither opens a breaker that has recovered nor closes one that is open. A half-open breaker whose
// probes give no verdict for open_for admits new ones: no probe can be waited for for ever.
class CircuitBreaker {
 public:
  using State = middleware::BreakerState;

  // The permission to pass, to be handed back with the verdict.
  struct Ticket {
    std::uint64_t epoch = 0;
  };
  struct Change {
    State from;
    State to;
  };
  template <class V>
  struct WithChange {
    V value;
    std::optional<Change> change;  // to be told to the user, with no lock held
  };

  explicit CircuitBreaker(const middleware::BreakerOptions& options);

  // A ticket, or nothing: refuse.
  WithChange<std::optional<Ticket>> admit(std::int64_t now_ns) LARDER_EXCLUDES(mutex_);
  std::optional<Change> settle(Ticket ticket, Verdict verdict, std::int64_t now_ns)
      LARDER_EXCLUDES(mutex_);
  State state() const LARDER_EXCLUDES(mutex_);

 private:
  // The window is a ring of slices: it moves by a slice, and what leaves it is forgotten at once.
  static constexpr std::size_t kSlices = 10;
  struct Slice {
    std::int64_t number = -1;  // of the slice's time since the clock's zero; -1: never used
    std::uint64_t calls = 0;
    std::uint64_t failures = 0;
  };

  Change change_locked(State to, std::int64_t now_ns) LARDER_REQUIRES(mutex_);
  std::optional<Change> count_locked(bool failed, std::int64_t now_ns) LARDER_REQUIRES(mutex_);
  std::optional<Change> judge_probe_locked(Verdict verdict, std::int64_t now_ns)
      LARDER_REQUIRES(mutex_);

  // constant after construction
  const std::size_t failures_;
  const double failure_ratio_;
  const std::int64_t slice_ns_;
  const std::int64_t open_for_ns_;
  const std::size_t probes_;

  mutable sync::Mutex mutex_{sync::Rank::kLeaf};
  // guarded by mutex_
  State state_ LARDER_GUARDED_BY(mutex_) = State::closed;
  std::uint64_t epoch_ LARDER_GUARDED_BY(mutex_) = 1;
  std::int64_t changed_ns_ LARDER_GUARDED_BY(mutex_) = 0;  // half open: or the last stale round
  std::size_t probes_in_flight_ LARDER_GUARDED_BY(mutex_) = 0;
  std::size_t probes_succeeded_ LARDER_GUARDED_BY(mutex_) = 0;
  std::array<Slice, kSlices> slices_ LARDER_GUARDED_BY(mutex_){};
};

}  // namespace larder::engine
