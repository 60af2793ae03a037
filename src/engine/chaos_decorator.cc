// The chaos middleware: faults, lost answers and delays by the number of the operation, the same
// for the same seed.
//
// Thread safety: every member may be called from any thread at any time. Operations are numbered in
// the order in which they begin.
#include <algorithm>
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <utility>

#include "base/atomic.h"
#include "base/check.h"
#include "base/prng.h"
#include "engine/outcome.h"
#include "larder/middleware.h"
#include "sync/event.h"
#include "sync/lock_checks.h"

namespace larder::engine {
namespace {

using middleware::ChaosOptions;

// A number below 1 with 53 random bits.
double next_part(base::Prng& random) { return static_cast<double>(random() >> 11) * 0x1.0p-53; }

// Writes whose outcome is only that they happened: nothing is delivered that would be lost.
bool can_lose_answer(const Operation& op) noexcept {
  switch (op.code) {
    case Opcode::set:
    case Opcode::set_if_absent:
    case Opcode::set_if_present:
    case Opcode::compare_and_set:
    case Opcode::erase:
    case Opcode::touch:
    case Opcode::set_tags:
    case Opcode::rename:
      return static_cast<const KeyOperation&>(op).deliver == Deliver::nothing;
    default:
      return false;
  }
}

// Longer delays are cut, so that no sum of instants overflows.
constexpr std::chrono::hours kLongestDelay{24};

// What happens to the n-th operation: a pure function of the seed and n.
struct Fate {
  std::optional<Errc> fault;
  bool loses_answer;
  bool waits;
};

Fate fate_of(const ChaosOptions& options, std::uint64_t n) {
  base::Prng random(base::mix64(options.seed) + n);
  Fate fate{.fault = std::nullopt,
            .loses_answer = next_part(random) < options.lost_answer,
            .waits = next_part(random) < options.delay_probability};
  double part = next_part(random);
  for (const ChaosOptions::Fault& fault : options.faults) {
    if (part < fault.probability) {
      fate.fault = fault.code;
      break;
    }
    part -= fault.probability;
  }
  const bool in_outage = options.fail_from && n >= *options.fail_from &&
                         (!options.fail_until || n < *options.fail_until);
  if (in_outage) fate.fault = options.fail_code;
  return fate;
}

class ChaosDecorator final : public Decorator {
 public:
  ChaosDecorator(std::shared_ptr<Engine> inner, std::shared_ptr<const ChaosOptions> options)
      : Decorator(std::move(inner)), options_(std::move(options)) {}

 protected:
  // In the frame: data[0] whether the answer will be lost.
  std::optional<Error> before(Operation& op, Operation::Frame& frame) noexcept override {
    if (!options_->only.empty() && !std::ranges::count(options_->only, op.code)) {
      return std::nullopt;
    }
    const std::uint64_t n = started_.add_relaxed(1);
    const Fate fate = fate_of(*options_, n);
    if (fate.waits) wait(op);
    if (fate.fault) {
      return Error(*fate.fault, "chaos: operation " + std::to_string(n) + " was made to fail");
    }
    frame.data[0] = fate.loses_answer && can_lose_answer(op) ? 1 : 0;
    return std::nullopt;
  }

  void after(Operation& op, Operation::Frame& frame) noexcept override {
    if (frame.data[0] == 0 || op.error || is_empty_batch(op)) return;
    op.error = Error(Errc::outcome_unknown, "chaos: the answer was lost", Effect::unknown);
  }

 private:
  void wait(const Operation& op) const noexcept {
    try {
      sync::assert_no_locks_held();
      if (options_->wait != nullptr) {
        options_->wait(options_->delay);  // CALLBACK: the user's way to wait
      } else {
        wait_on_clock(op);
      }
    } catch (...) {
      // A wait that throws is over.
    }
  }

  // Ends with the delay, the deadline (where one clock measures both) or a stop request.
  void wait_on_clock(const Operation& op) const {
    const Clock* const caches = op.clock != nullptr ? op.clock : default_clock().get();
    const Clock* const clock = options_->clock != nullptr ? options_->clock.get() : caches;
    const auto delay = std::clamp<std::chrono::nanoseconds>(
        options_->delay, std::chrono::nanoseconds(0), kLongestDelay);
    std::int64_t until_ns = clock->now_ns() + delay.count();
    if (op.context.deadline_ns && clock == caches) {
      until_ns = std::min(until_ns, *op.context.deadline_ns);
    }
    sync::Event over;
    const std::stop_callback on_stop(op.context.stop, [&over]() noexcept { over.set(); });
    over.wait_until(until_ns, *clock);
  }

  // constant after construction
  std::shared_ptr<const ChaosOptions> options_;

  // atomics
  base::Atomic<std::uint64_t> started_{0};  // role: numbers the operations
};

}  // namespace
}  // namespace larder::engine

namespace larder::middleware {

Middleware chaos(ChaosOptions options) {
  auto shared = std::make_shared<const ChaosOptions>(std::move(options));
  return [shared](std::shared_ptr<Engine> inner) -> std::shared_ptr<Engine> {
    return std::make_shared<engine::ChaosDecorator>(std::move(inner), shared);
  };
}

}  // namespace larder::middleware
