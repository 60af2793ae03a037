// The two metrics decorators. Both time a call from start() to its outcome with the instant in the
// call's frame: data[0] the start, data[1] whether there is one.
//
// Thread safety: every member may be called from any thread at any time.
#include "engine/metrics_decorator.h"

#include <array>
#include <chrono>
#include <cstdint>
#include <optional>
#include <utility>

#include "base/check.h"
#include "engine/outcome.h"
#include "larder/middleware.h"
#include "observe/metrics_core.h"

namespace larder::engine {
namespace {

using observe::MetricsCore;
using observe::Series;

// By the shortcuts.
constexpr Series kFind{Opcode::get, false};
constexpr Series kPut{Opcode::set, false};

Series series_of(const Operation& op) noexcept { return {op.code, is_batch(op)}; }

// A code of a later release has no place in the tables.
bool is_known(const Operation& op) noexcept { return op.code <= Opcode::clear; }

class RecorderDecorator final : public Decorator {
 public:
  RecorderDecorator(std::shared_ptr<Engine> inner, std::shared_ptr<MetricsRecorder> recorder,
                    Engine* direct)
      : Decorator(std::move(inner)),
        recorder_(std::move(recorder)),
        core_(&recorder_->core()),
        direct_(direct != nullptr ? direct : &this->inner()) {}

  // The hot path of a cache with metrics: a step of the sampler, the read, one plain addition.
  Found find(std::string_view key, void* copy_to) noexcept override {
    if (core_->times(kFind)) [[unlikely]]
      return find_timed(key, copy_to);
    const Found found = direct_->find(key, copy_to);
    if (found != Found::ask) [[likely]]
      count(found);
    return found;
  }

  bool put(Put& put) noexcept override {
    const bool timed = core_->times(kPut);
    const std::int64_t start_ns = timed ? core_->now_ns() : 0;
    if (!inner().put(put)) return false;
    if (timed) core_->add_latency(kPut, core_->now_ns() - start_ns);
    if (put.error) [[unlikely]]
      core_->add_error(kPut, put.error->code());
    else
      core_->add(kPut, Outcome::ok);
    return true;
  }

 protected:
  std::optional<Error> before(Operation& op, Operation::Frame& frame) noexcept override {
    if (is_known(op) && core_->times(series_of(op))) {
      frame.data[0] = static_cast<std::uint64_t>(core_->now_ns());
      frame.data[1] = 1;
    }
    return std::nullopt;
  }

  void after(Operation& op, Operation::Frame& frame) noexcept override {
    if (!is_known(op)) return;
    const Series series = series_of(op);
    std::size_t keys = 0;
    std::array<std::uint64_t, kOutcomes> counts{};
    for_each_outcome(op, [&](Outcome outcome, const Error* error) {
      ++keys;
      ++counts[static_cast<std::size_t>(outcome)];
      if (error != nullptr) core_->add_error(series, error->code());
    });
    for (const Outcome outcome : {Outcome::hit, Outcome::miss, Outcome::ok, Outcome::no_effect}) {
      const std::uint64_t count = counts[static_cast<std::size_t>(outcome)];
      if (count > 0) core_->add(series, outcome, count);
    }
    if (series.batch) core_->add_batch(series, keys);
    if (frame.data[1] == 0) return;
    core_->add_latency(series, core_->now_ns() - static_cast<std::int64_t>(frame.data[0]));
  }

 private:
  void count(Found found) noexcept {
    core_->add(kFind, found == Found::hit ? Outcome::hit : Outcome::miss);
  }

  [[gnu::cold, gnu::noinline]] Found find_timed(std::string_view key, void* copy_to) noexcept {
    const std::int64_t start_ns = core_->now_ns();
    const Found found = direct_->find(key, copy_to);
    if (found == Found::ask) return found;
    core_->add_latency(kFind, core_->now_ns() - start_ns);
    count(found);
    return found;
  }

  // constant after construction
  std::shared_ptr<MetricsRecorder> recorder_;
  MetricsCore* core_;
  Engine* direct_;
};

class SinkDecorator final : public Decorator {
 public:
  SinkDecorator(std::shared_ptr<Engine> inner, std::shared_ptr<MetricsSink> sink,
                const MetricsOptions& options)
      : Decorator(std::move(inner)), sink_(std::move(sink)), sampler_(options) {}

  Found find(std::string_view key, void* copy_to) noexcept override {
    const bool timed = sampler_.times(kFind);
    const std::int64_t start_ns = timed ? sampler_.now_ns() : 0;
    const Found found = inner().find(key, copy_to);
    if (found == Found::ask) return found;
    OperationRecord record;
    const Outcome outcome = found == Found::hit ? Outcome::hit : Outcome::miss;
    record.outcomes[static_cast<std::size_t>(outcome)] = 1;
    if (timed) record.latency = std::chrono::nanoseconds(sampler_.now_ns() - start_ns);
    sink_->record(record);
    return found;
  }

 protected:
  std::optional<Error> before(Operation& op, Operation::Frame& frame) noexcept override {
    if (is_known(op) && sampler_.times(series_of(op))) {
      frame.data[0] = static_cast<std::uint64_t>(sampler_.now_ns());
      frame.data[1] = 1;
    }
    return std::nullopt;
  }

  void after(Operation& op, Operation::Frame& frame) noexcept override {
    OperationRecord record{.code = op.code, .batch = is_batch(op), .outcomes = count_outcomes(op)};
    if (const Error* error = first_error(op)) record.error = error->code();
    if (frame.data[1] != 0) {
      record.latency =
          std::chrono::nanoseconds(sampler_.now_ns() - static_cast<std::int64_t>(frame.data[0]));
    }
    sink_->record(record);
  }

 private:
  // constant after construction
  std::shared_ptr<MetricsSink> sink_;
  MetricsCore sampler_;  // for its clock and its choice of the calls to time
};

}  // namespace

std::shared_ptr<Engine> metrics_decorator(std::shared_ptr<Engine> inner,
                                          std::shared_ptr<MetricsRecorder> recorder,
                                          Engine* direct) {
  CHECK(recorder != nullptr);
  return std::make_shared<RecorderDecorator>(std::move(inner), std::move(recorder), direct);
}

}  // namespace larder::engine

namespace larder::middleware {

Middleware metrics(std::shared_ptr<MetricsRecorder> recorder) {
  return [recorder = std::move(recorder)](std::shared_ptr<Engine> inner) {
    return engine::metrics_decorator(std::move(inner), recorder);
  };
}

Middleware metrics(std::shared_ptr<MetricsSink> sink, MetricsOptions options) {
  CHECK(sink != nullptr);
  return [sink = std::move(sink),
          options = std::move(options)](std::shared_ptr<Engine> inner) -> std::shared_ptr<Engine> {
    return std::make_shared<engine::SinkDecorator>(std::move(inner), sink, options);
  };
}

}  // namespace larder::middleware
