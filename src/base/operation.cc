// What operations and the base of decorators do without an engine: frames, completion, the ends of
// loads that nobody finished, chains, names.
//
// Thread safety: as in engine.h.
#include <array>
#include <utility>
#include <vector>

#include "base/check.h"
#include "base/check_input.h"
#include "larder/engine.h"
#include "larder/hooks.h"

namespace larder {

std::string_view to_string(Opcode code) noexcept {
  static constexpr std::array<std::string_view, kOpcodes> kNames = {"get",
                                                                    "contains",
                                                                    "metadata",
                                                                    "take",
                                                                    "set",
                                                                    "set_if_absent",
                                                                    "set_if_present",
                                                                    "compare_and_set",
                                                                    "erase",
                                                                    "increment",
                                                                    "touch",
                                                                    "set_tags",
                                                                    "rename",
                                                                    "load",
                                                                    "update",
                                                                    "add_index",
                                                                    "remove_index",
                                                                    "find_by_index",
                                                                    "get_by_index",
                                                                    "count_by_index",
                                                                    "erase_by_index",
                                                                    "find_by_pattern",
                                                                    "erase_by_pattern",
                                                                    "scan",
                                                                    "scan_index",
                                                                    "clear"};
  const auto index = static_cast<std::size_t>(code);
  return index < kNames.size() ? kNames[index] : "unknown";
}

std::string_view to_string(RemovalCause cause) noexcept {
  static constexpr std::array<std::string_view, 6> kNames = {"expired", "evicted", "replaced",
                                                             "erased",  "cleared", "invalidated"};
  const auto index = static_cast<std::size_t>(cause);
  return index < kNames.size() ? kNames[index] : "unknown";
}

Operation::Frame* Operation::push(Decorator& owner) noexcept {
  if (frames_in_use_ == kMaxFrames) return nullptr;
  Frame& frame = frames_[frames_in_use_++];
  frame = Frame{.owner = &owner};
  return &frame;
}

void Operation::complete() noexcept {
  const Completion completion = completion_;
  void* const argument = completion_argument_;
  unwind();
  if (completion != nullptr) completion(*this, argument);
}

void Operation::unwind() noexcept {
  while (frames_in_use_ > 0) {  // at most kMaxFrames
    Frame& frame = frames_[frames_in_use_ - 1];
    frame.owner->after(*this, frame);
    pop();
  }
}

void LoadTicket::finish(std::span<LoadOutcome> outcomes) && noexcept {
  for (LoadOutcome& outcome : outcomes) {
    if (outcome.kind != LoadOutcome::Kind::value) continue;
    if (auto refusal = base::check_loaded(outcome)) {
      outcome.kind = LoadOutcome::Kind::failed;
      outcome.error = std::move(refusal);
    }
  }
  std::exchange(session_, nullptr)->finish(outcomes);
}

LoadTicket::~LoadTicket() {
  if (session_ == nullptr) return;
  const std::size_t keys = session_->context().keys().size();
  std::vector<LoadOutcome> outcomes(keys);
  for (LoadOutcome& outcome : outcomes) {
    outcome.kind = LoadOutcome::Kind::failed;
    outcome.error = Error(Errc::cancelled, "the loader gave up without an answer");
  }
  std::exchange(session_, nullptr)->finish(outcomes);
}

Middleware chain(std::vector<Middleware> outermost_first) {
  return [decorators = std::move(outermost_first)](std::shared_ptr<Engine> engine) {
    for (auto it = decorators.rbegin(); it != decorators.rend(); ++it) {
      engine = (*it)(std::move(engine));
    }
    return engine;
  };
}

Progress Decorator::start(Operation& op) noexcept {
  Operation::Frame* const frame = op.push(*this);
  if (frame == nullptr) {
    op.error = Error(Errc::invalid_config, "more decorators than an operation has frames for");
    return Progress::done;
  }
  if (std::optional<Error> refusal = before(op, *frame)) {
    // Arguments and empty batches come first in the order of checks, whoever refuses.
    if (closed())
      op.error = Error(Errc::closed);
    else if (!is_empty_batch(op))
      op.error = check_input(op).value_or(*std::move(refusal));
  } else if (inner_->start(op) == Progress::pending) {
    return Progress::pending;
  }
  after(op, *frame);
  op.pop();
  return Progress::done;
}

Found Decorator::find(std::string_view key, void* copy_to) noexcept {
  return allows_find() ? inner_->find(key, copy_to) : Found::ask;
}

std::optional<Error> Decorator::before(Operation&, Operation::Frame&) noexcept {
  return std::nullopt;
}

void Decorator::after(Operation&, Operation::Frame&) noexcept {}

}  // namespace larder
