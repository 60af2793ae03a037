// The circuit breaker middleware: asks the state machine before an operation and tells it the
// outcome. In the frame: data[0] the ticket's epoch, 0 for none.
//
// Thread safety: every member may be called from any thread at any time.
#include <array>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "base/check.h"
#include "engine/circuit_breaker.h"
#include "engine/outcome.h"
#include "larder/middleware.h"
#include "sync/lock_checks.h"

namespace larder::engine {
namespace {

using middleware::BreakerOptions;
using middleware::BreakerState;

Verdict verdict_of(Errc code) noexcept {
  switch (code) {
    case Errc::unavailable:
    case Errc::overloaded:
    case Errc::deadline_exceeded:
    case Errc::outcome_unknown:
      return Verdict::kFailure;
    case Errc::closed:
    case Errc::invalid_key:
    case Errc::invalid_ttl:
    case Errc::invalid_pattern:
    case Errc::invalid_argument:
    case Errc::invalid_config:
    case Errc::cancelled:
    case Errc::would_deadlock:
    case Errc::callback_failed:
    case Errc::vetoed:
      return Verdict::kSilent;
    default:
      return Verdict::kSuccess;  // the engine answered
  }
}

Verdict verdict_of(const Operation& op) noexcept {
  if (op.error) return verdict_of(op.error->code());
  // The errors of these keys are the answers of loaders and updaters.
  const bool is_users = op.code == Opcode::load || op.code == Opcode::update;
  Verdict verdict = Verdict::kSuccess;
  for (const Item& item : items_of(op)) {
    if (is_users || !item.error) continue;
    verdict = verdict_of(item.error->code());
    if (verdict == Verdict::kFailure) break;
  }
  return verdict;
}

class BreakerDecorator final : public Decorator {
 public:
  BreakerDecorator(std::shared_ptr<Engine> inner, std::shared_ptr<const BreakerOptions> options)
      : Decorator(std::move(inner)),
        options_(std::move(options)),
        clock_(options_->clock != nullptr ? options_->clock : default_clock()),
        breaker_(*options_) {}

  // What the state means for a caller stands beside what the engine says of itself.
  Health health(const Context& context) override {
    Health health = inner().health(context);
    const BreakerState state = breaker_.state();
    if (state != BreakerState::closed) {
      if (health.state == Health::State::up) health.state = Health::State::degraded;
      health.reasons.push_back("circuit breaker " + std::string(to_string(state)));
    }
    return health;
  }

 protected:
  std::optional<Error> before(Operation& op, Operation::Frame& frame) noexcept override {
    // A context that has ended is refused further in, without the engine; it is no probe.
    if (op.context.stop.stop_requested()) return std::nullopt;
    const std::int64_t now_ns = clock_->now_ns();
    const Clock& cache_clock = op.clock != nullptr ? *op.clock : *clock_;
    if (op.context.deadline_ns && cache_clock.now_ns() >= *op.context.deadline_ns) {
      return std::nullopt;
    }
    const auto [ticket, change] = breaker_.admit(now_ns);
    tell(change);
    if (!ticket) return Error(Errc::unavailable, "the circuit breaker is open");
    frame.data[0] = ticket->epoch;
    return std::nullopt;
  }

  void after(Operation& op, Operation::Frame& frame) noexcept override {
    if (frame.data[0] == 0) return;
    tell(breaker_.settle({frame.data[0]}, verdict_of(op), clock_->now_ns()));
  }

 private:
  void tell(const std::optional<CircuitBreaker::Change>& change) noexcept {
    if (!change || options_->on_change == nullptr) return;
    try {
      // CALLBACK: the user's observer.
      sync::assert_no_locks_held();
      options_->on_change(change->from, change->to);
    } catch (...) {
      // An observer that throws must not change an operation's outcome.
    }
  }

  // constant after construction
  std::shared_ptr<const BreakerOptions> options_;
  std::shared_ptr<const Clock> clock_;

  // own synchronisation
  CircuitBreaker breaker_;
};

}  // namespace
}  // namespace larder::engine

namespace larder::middleware {

std::string_view to_string(BreakerState state) noexcept {
  static constexpr std::array<std::string_view, 3> kNames = {"closed", "open", "half_open"};
  const auto index = static_cast<std::size_t>(state);
  return index < kNames.size() ? kNames[index] : "unknown";
}

Middleware circuit_breaker(BreakerOptions options) {
  auto shared = std::make_shared<const BreakerOptions>(std::move(options));
  return [shared](std::shared_ptr<Engine> inner) -> std::shared_ptr<Engine> {
    return std::make_shared<engine::BreakerDecorator>(std::move(inner), shared);
  };
}

}  // namespace larder::middleware
