// W3C trace context, version 00: "00-<trace id>-<span id>-<flags>". Used by the tracing middleware.
//
// Thread safety: pure functions; next_trace_id() and next_span_id() may be called from any thread.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace larder::observe {

// A parsed traceparent.
struct TraceParent {
  std::string trace_id;  // 32 lower-case hexadecimal digits, not all zero
  std::string span_id;   // 16 of them, not all zero
  std::string flags;     // 2 of them

  bool is_sampled() const noexcept;
  std::string print() const;
};

// Nothing: malformed. Later versions are read as far as version 00 goes.
std::optional<TraceParent> parse_trace_parent(std::string_view text);

// Unique within this process and, by the process's random seed, most likely everywhere.
std::string next_trace_id();
std::string next_span_id();

}  // namespace larder::observe
