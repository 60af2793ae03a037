// The tracing middleware: a span per operation whose context has a sampled parent, and the span as
// the parent of what happens inside.
//
// Thread safety: every member may be called from any thread at any time.
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "base/check.h"
#include "engine/outcome.h"
#include "larder/middleware.h"
#include "observe/trace_context.h"
#include "sync/lock_checks.h"

namespace larder::engine {
namespace {

using middleware::Span;
using middleware::TraceOptions;
using observe::TraceParent;

// What a span needs until its end. In the frame: data[0] owns it; null: not traced.
struct OpenSpan {
  std::string callers_parent;  // what the context said before
  Span span;
  std::int64_t start_ns;
};

class TracingDecorator final : public Decorator {
 public:
  TracingDecorator(std::shared_ptr<Engine> inner, std::shared_ptr<const TraceOptions> options)
      : Decorator(std::move(inner)),
        options_(std::move(options)),
        clock_(options_->clock != nullptr ? options_->clock : default_clock()) {}

 protected:
  std::optional<Error> before(Operation& op, Operation::Frame& frame) noexcept override {
    try {
      std::optional<TraceParent> parent = observe::parse_trace_parent(op.context.trace_parent);
      if (parent ? !parent->is_sampled() : !options_->roots) return std::nullopt;
      std::unique_ptr<OpenSpan> open = begin(op, parent);
      const TraceParent own{open->span.trace_id, open->span.span_id, parent ? parent->flags : "01"};
      open->callers_parent = std::exchange(op.context.trace_parent, own.print());
      frame.data[0] = reinterpret_cast<std::uintptr_t>(open.release());
    } catch (...) {
      // Without memory an operation goes untraced.
    }
    return std::nullopt;
  }

  void after(Operation& op, Operation::Frame& frame) noexcept override {
    const std::unique_ptr<OpenSpan> open(reinterpret_cast<OpenSpan*>(frame.data[0]));
    if (open == nullptr) return;
    op.context.trace_parent.swap(open->callers_parent);
    open->span.duration = std::chrono::nanoseconds(clock_->now_ns() - open->start_ns);
    if (const Error* error = first_error(op)) open->span.error = error->code();
    try {
      // CALLBACK: the user's sink.
      sync::assert_no_locks_held();
      options_->sink(open->span);
    } catch (...) {
      // A sink that throws must not change the operation's outcome.
    }
  }

  // The shortcut is for reads without a context, thus without a parent.
  bool allows_find() const noexcept override { return !options_->roots; }

 private:
  std::unique_ptr<OpenSpan> begin(const Operation& op,
                                  const std::optional<TraceParent>& parent) const {
    auto open = std::make_unique<OpenSpan>();
    Span& span = open->span;
    span.trace_id = parent ? parent->trace_id : observe::next_trace_id();
    span.span_id = observe::next_span_id();
    if (parent) span.parent_span_id = parent->span_id;
    span.name = name_of(op.code);
    span.batch = is_batch(op);
    span.keys = items_of(op).size();
    span.began_at = std::chrono::sys_time<std::chrono::nanoseconds>(
        std::chrono::nanoseconds(clock_->wall_ns()));
    open->start_ns = clock_->now_ns();
    return open;
  }

  // "larder.get"; the texts live as long as the program.
  static std::string_view name_of(Opcode code) {
    static const auto names = [] {
      std::array<std::string, kOpcodes> made;
      for (std::size_t i = 0; i < kOpcodes; ++i) {
        made[i] = std::string("larder.").append(to_string(static_cast<Opcode>(i)));
      }
      return made;
    }();
    const auto index = static_cast<std::size_t>(code);
    return index < names.size() ? std::string_view(names[index]) : "larder.unknown";
  }

  // constant after construction
  std::shared_ptr<const TraceOptions> options_;
  std::shared_ptr<const Clock> clock_;
};

}  // namespace
}  // namespace larder::engine

namespace larder::middleware {

Middleware tracing(TraceOptions options) {
  CHECK(options.sink != nullptr);
  auto shared = std::make_shared<const TraceOptions>(std::move(options));
  return [shared](std::shared_ptr<Engine> inner) -> std::shared_ptr<Engine> {
    return std::make_shared<engine::TracingDecorator>(std::move(inner), shared);
  };
}

}  // namespace larder::middleware
