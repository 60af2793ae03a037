// The option sets, and the clock of the floored one.
//
// Thread safety: as in option_sets.h.
#include "option_sets.h"

#include <array>
#include <atomic>
#include <utility>

#include "larder/metrics.h"
#include "larder/middleware.h"
#include "larder/testing.h"

namespace larder::contract {
namespace {

constexpr std::array kSets = {
    OptionSet{OptionKind::plain, "plain"},         OptionSet{OptionKind::one_shard, "one_shard"},
    OptionSet{OptionKind::tracked, "tracked"},     OptionSet{OptionKind::wiped, "wiped"},
    OptionSet{OptionKind::hooked, "hooked"},       OptionSet{OptionKind::chained, "chained"},
    OptionSet{OptionKind::rejecting, "rejecting"}, OptionSet{OptionKind::weighed, "weighed"},
    OptionSet{OptionKind::floored, "floored"},     OptionSet{OptionKind::unmetered, "unmetered"},
};

// A clock that moves on by a nanosecond each time it is read: a floor of a few nanoseconds passes
// while it is waited for, and a test of milliseconds does not notice.
class CreepingClock final : public Clock {
 public:
  std::int64_t now_ns() const noexcept override {
    return manual_.now_ns() + crept_ns_.fetch_add(1, std::memory_order_relaxed);
  }
  std::int64_t wall_ns() const noexcept override { return manual_.wall_ns(); }
  std::chrono::nanoseconds poll_interval() const noexcept override {
    return std::chrono::microseconds(10);
  }
  void advance(std::chrono::nanoseconds span) noexcept { manual_.advance(span); }

 private:
  testing::ManualClock manual_;
  mutable std::atomic<std::int64_t> crept_ns_{0};  // role: how often it was read
};

// Hides the direct way of reads, and forwards everything else.
class PassOn final : public Decorator {
 public:
  using Decorator::Decorator;
};

std::vector<Middleware> full_chain() {
  middleware::LogOptions log;
  log.sink = [](const middleware::LogRecord&) {};
  log.level = middleware::LogLevel::debug;
  middleware::TraceOptions trace;
  trace.sink = [](const middleware::Span&) {};
  trace.roots = true;
  middleware::BreakerOptions breaker;
  breaker.failures = 1'000'000;  // the tests' own errors must not open it
  return {middleware::metrics(std::make_shared<MetricsRecorder>()), middleware::logging(log),
          middleware::tracing(trace), middleware::circuit_breaker(breaker),
          [](std::shared_ptr<Engine> inner) -> std::shared_ptr<Engine> {
            return std::make_shared<PassOn>(std::move(inner));
          }};
}

}  // namespace

std::span<const OptionSet> option_sets() noexcept { return kSets; }

void OptionSet::apply(CacheSettings& settings, std::vector<Middleware>& middleware) const {
  switch (kind) {
    case OptionKind::plain:
    case OptionKind::hooked:
      break;
    case OptionKind::one_shard:
      settings.shards = 1;
      break;
    case OptionKind::tracked:
      settings.track_access = true;
      break;
    case OptionKind::wiped:
      settings.secure_wipe = true;
      break;
    case OptionKind::chained:
      middleware = full_chain();
      break;
    case OptionKind::rejecting:
      settings.on_full = OnFull::reject;
      break;
    case OptionKind::weighed:
      settings.max_bytes = std::size_t{64} << 20;
      break;
    case OptionKind::floored:
      settings.timing_floor = std::chrono::nanoseconds(3);
      break;
    case OptionKind::unmetered:
      settings.metrics = false;
      break;
  }
}

TestTime make_time(const EngineUnderTest& engine, const OptionSet& set) {
  if (engine.make_time) return engine.make_time(set.kind != OptionKind::floored);
  if (set.kind == OptionKind::floored) {
    auto clock = std::make_shared<CreepingClock>();
    return {clock, [clock](std::chrono::nanoseconds span) { clock->advance(span); }, false};
  }
  auto clock = std::make_shared<testing::ManualClock>();
  return {clock, [clock](std::chrono::nanoseconds span) { clock->advance(span); }};
}

}  // namespace larder::contract
