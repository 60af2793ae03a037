// Reading and printing of traceparent, and the making of ids.
//
// Thread safety: pure functions; ids come from one atomic counter.
#include "observe/trace_context.h"

#include <algorithm>
#include <cstdint>

#include "base/atomic.h"
#include "base/hash.h"

namespace larder::observe {
namespace {

constexpr std::string_view kHex = "0123456789abcdef";
constexpr std::size_t kTraceDigits = 32;
constexpr std::size_t kSpanDigits = 16;
constexpr std::size_t kVersion00Bytes = 2 + 1 + kTraceDigits + 1 + kSpanDigits + 1 + 2;

bool is_hex(std::string_view text) {
  return std::ranges::all_of(text, [](char c) { return kHex.find(c) != std::string_view::npos; });
}

bool is_id(std::string_view text) {
  return is_hex(text) && text.find_first_not_of('0') != std::string_view::npos;
}

std::string print_word(std::uint64_t word) {
  std::string digits;
  for (int shift = 60; shift >= 0; shift -= 4) digits.push_back(kHex[(word >> shift) & 15]);
  return digits;
}

// Distinct and never zero: a bijection of a counter, one value left out.
std::uint64_t next_word() {
  static base::Atomic<std::uint64_t> counter{0};  // role: numbers the words of this process
  std::uint64_t word = 0;
  while (word == 0) {  // at most twice
    word = base::mix64(base::process_seed() + counter.add_relaxed(1));
  }
  return word;
}

}  // namespace

bool TraceParent::is_sampled() const noexcept { return (kHex.find(flags[1]) & 1) != 0; }

std::string TraceParent::print() const {
  return std::string("00-").append(trace_id).append("-").append(span_id).append("-").append(flags);
}

std::optional<TraceParent> parse_trace_parent(std::string_view text) {
  if (text.size() < kVersion00Bytes) return std::nullopt;
  const std::string_view version = text.substr(0, 2);
  if (!is_hex(version) || version == "ff") return std::nullopt;
  if (text.size() > kVersion00Bytes && (version == "00" || text[kVersion00Bytes] != '-')) {
    return std::nullopt;
  }
  const std::string_view trace_id = text.substr(3, kTraceDigits);
  const std::string_view span_id = text.substr(36, kSpanDigits);
  const std::string_view flags = text.substr(53, 2);
  if (text[2] != '-' || text[35] != '-' || text[52] != '-') return std::nullopt;
  if (!is_id(trace_id) || !is_id(span_id) || !is_hex(flags)) return std::nullopt;
  return TraceParent{std::string(trace_id), std::string(span_id), std::string(flags)};
}

std::string next_trace_id() { return print_word(next_word()) + print_word(next_word()); }

std::string next_span_id() { return print_word(next_word()); }

}  // namespace larder::observe
