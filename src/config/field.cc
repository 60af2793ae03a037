// The table itself and the five functions over the kinds of fields.
//
// Thread safety: the table is constant; the functions touch only what they are handed.
#include "config/field.h"

#include <cstdint>
#include <optional>
#include <type_traits>

#include "config/quantity.h"

namespace larder::config {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::nanoseconds;
using std::chrono::seconds;
using S = CacheSettings;

constexpr Field kFields[] = {
    {"provider", TextField{&S::provider}, "The registered provider that makes the engine."},
    {"default_ttl", TtlField{&S::default_ttl}, "The time to live of writes that name none."},
    {"max_entries", CountField{&S::max_entries, 1, S::kUnlimited, false},
     "Most entries live at once."},
    {"max_bytes", CountField{&S::max_bytes, 1, S::kUnlimited, true},
     "Most bytes live at once, as the weigher counts them."},
    {"on_full", OnFullField{&S::on_full},
     "What an insertion into a full cache does: evict another entry, or fail with `cache_full`."},
    {"shards", CountField{&S::shards, 1, 4'096, false},
     "Lock stripes of the memory engine, rounded up to a power of two; a small capacity uses "
     "fewer."},
    {"max_load_time", DurationField<milliseconds>{&S::max_load_time, milliseconds(1), hours(24)},
     "The longest a load may run before its callers give up."},
    {"track_access", FlagField{&S::track_access},
     "Keep the instant and the number of reads of each entry (a read then writes)."},
    {"secure_wipe", FlagField{&S::secure_wipe},
     "Overwrite keys, values and buffers with zeros on every way out."},
    {"timing_floor", DurationField<nanoseconds>{&S::timing_floor, nanoseconds(0), seconds(10)},
     "Least duration of the reads get*, contains, metadata and take; 0s is off."},
    {"sweep_interval", DurationField<milliseconds>{&S::sweep_interval, milliseconds(1), hours(1)},
     "Pause between sweeps for expired entries."},
    {"sweep_batch", CountField{&S::sweep_batch, 1, 1'000'000, false},
     "Most entries that one step of a sweep visits under one lock."},
    {"sweep_time", DurationField<milliseconds>{&S::sweep_time, milliseconds(1), seconds(10)},
     "Most time that one sweep spends."},
    {"metrics", FlagField{&S::metrics}, "Count operations and sample their latencies."},
    {"redis_url", TextField{&S::redis_url},
     "Provider `redis`: the server, as `redis://`, `rediss://` (TLS) or `unix://`."},
    {"redis_connections", CountField{&S::redis_connections, 1, 64, false},
     "Multiplexed connections that all callers share."},
    {"redis_timeout", DurationField<milliseconds>{&S::redis_timeout, milliseconds(1), hours(1)},
     "The longest a call without a deadline of its own waits for the server."},
    {"redis_lease", DurationField<milliseconds>{&S::redis_lease, milliseconds(100), hours(1)},
     "How long a load holds its key without a sign of life of its process."},
};

constexpr std::string_view kUnlimitedText = "unlimited";
constexpr std::string_view kForeverText = "forever";
constexpr std::string_view kEvictText = "evict";
constexpr std::string_view kRejectText = "reject";

template <class... Functions>
struct Overload : Functions... {
  using Functions::operator()...;
};

template <class Duration>
std::int64_t in_ns(Duration duration) {
  return std::chrono::duration_cast<nanoseconds>(duration).count();
}

bool is_text(const RawValue& raw) {
  return raw.kind == RawValue::Kind::kText || raw.kind == RawValue::Kind::kVariable;
}

// Of a duration that may be beyond 64 bits of nanoseconds.
std::string print_milliseconds(milliseconds span) {
  constexpr milliseconds kMost = std::chrono::duration_cast<milliseconds>(nanoseconds::max());
  if (span > kMost || span < -kMost) return std::to_string(span.count()) + "ms";
  return print_duration(in_ns(span));
}

bool read(const TextField& field, const RawValue& raw, CacheSettings& settings) {
  if (!is_text(raw)) return false;
  settings.*field.member = raw.text;
  return true;
}

bool read(const TtlField& field, const RawValue& raw, CacheSettings& settings) {
  if (!is_text(raw)) return false;
  if (raw.text == kForeverText) {
    settings.*field.member = Ttl::forever();
    return true;
  }
  const std::optional<std::int64_t> span_ns = parse_duration_ns(raw.text);
  if (span_ns) settings.*field.member = Ttl(nanoseconds(*span_ns));
  return span_ns.has_value();
}

bool read(const CountField& field, const RawValue& raw, CacheSettings& settings) {
  if (!is_text(raw) && raw.kind != RawValue::Kind::kInteger) return false;
  if (field.most == S::kUnlimited && raw.text == kUnlimitedText) {
    settings.*field.member = S::kUnlimited;
    return true;
  }
  const std::optional<std::uint64_t> count = parse_count(raw.text, field.is_bytes);
  if (!count || *count > field.most) return false;
  settings.*field.member = static_cast<std::size_t>(*count);
  return true;
}

bool read(const OnFullField& field, const RawValue& raw, CacheSettings& settings) {
  if (!is_text(raw) || (raw.text != kEvictText && raw.text != kRejectText)) return false;
  settings.*field.member = raw.text == kEvictText ? OnFull::evict : OnFull::reject;
  return true;
}

bool read(const FlagField& field, const RawValue& raw, CacheSettings& settings) {
  if (raw.kind != RawValue::Kind::kBoolean && raw.kind != RawValue::Kind::kVariable) return false;
  if (raw.text != "true" && raw.text != "false") return false;
  settings.*field.member = raw.text == "true";
  return true;
}

template <class Duration>
bool read(const DurationField<Duration>& field, const RawValue& raw, CacheSettings& settings) {
  if (!is_text(raw)) return false;
  const std::optional<std::int64_t> span_ns = parse_duration_ns(raw.text);
  if (!span_ns) return false;
  const auto span = std::chrono::duration_cast<Duration>(nanoseconds(*span_ns));
  if (in_ns(span) != *span_ns) return false;  // finer than the field can hold
  settings.*field.member = span;
  return true;
}

}  // namespace

std::span<const Field> fields() { return kFields; }

const Field* find_field(std::string_view name) {
  for (const Field& field : kFields) {
    if (field.name == name) return &field;
  }
  return nullptr;
}

std::string accepted(const Field& field) {
  return std::visit(
      Overload{
          [](const TextField&) -> std::string { return "a text that is not empty"; },
          [](const TtlField&) -> std::string {
            return "a duration from 1ms to " + print_milliseconds(Ttl::kMax) + ", or \"forever\"";
          },
          [](const CountField& count) {
            const std::string noun = count.is_bytes ? "a number of bytes" : "a whole number";
            const std::string least = std::to_string(count.least);
            if (count.most != S::kUnlimited) {
              return noun + " from " + least + " to " + std::to_string(count.most);
            }
            return noun + (count.is_bytes ? " (or a size such as \"64MiB\") from " : " from ") +
                   least + ", or \"unlimited\"";
          },
          [](const OnFullField&) -> std::string { return "\"evict\" or \"reject\""; },
          [](const FlagField&) -> std::string { return "true or false"; },
          [](const auto& span) -> std::string {
            const bool whole = std::is_same_v<decltype(span.least), milliseconds>;
            return "a duration from " + print_duration(in_ns(span.least)) + " to " +
                   print_duration(in_ns(span.most)) + (whole ? ", in whole milliseconds" : "");
          },
      },
      field.kind);
}

std::string print(const Field& field, const CacheSettings& settings) {
  return std::visit(Overload{
                        [&](const TextField& text) { return settings.*text.member; },
                        [&](const TtlField& lifetime) -> std::string {
                          const Ttl ttl = settings.*lifetime.member;
                          switch (ttl.kind()) {
                            case Ttl::Kind::forever:
                              return std::string(kForeverText);
                            case Ttl::Kind::standard:
                              return "standard";
                            case Ttl::Kind::keep:
                              return "keep";
                            case Ttl::Kind::span:
                              break;
                          }
                          return print_milliseconds(ttl.span());
                        },
                        [&](const CountField& count) {
                          const std::size_t value = settings.*count.member;
                          if (value == S::kUnlimited) return std::string(kUnlimitedText);
                          return print_count(value, count.is_bytes);
                        },
                        [&](const OnFullField& choice) -> std::string {
                          const OnFull value = settings.*choice.member;
                          if (value == OnFull::evict) return std::string(kEvictText);
                          if (value == OnFull::reject) return std::string(kRejectText);
                          return std::to_string(static_cast<unsigned>(value));
                        },
                        [&](const FlagField& flag) -> std::string {
                          return settings.*flag.member ? "true" : "false";
                        },
                        [&](const DurationField<milliseconds>& span) {
                          return print_milliseconds(settings.*span.member);
                        },
                        [&](const DurationField<nanoseconds>& span) {
                          return print_duration((settings.*span.member).count());
                        },
                    },
                    field.kind);
}

bool is_valid(const Field& field, const CacheSettings& settings) {
  return std::visit(Overload{
                        [&](const TextField& text) { return !(settings.*text.member).empty(); },
                        [&](const TtlField& lifetime) {
                          const Ttl ttl = settings.*lifetime.member;
                          const bool named =
                              ttl.kind() == Ttl::Kind::span || ttl.kind() == Ttl::Kind::forever;
                          return named && ttl.valid();
                        },
                        [&](const CountField& count) {
                          const std::size_t value = settings.*count.member;
                          return value >= count.least && value <= count.most;
                        },
                        [&](const OnFullField& choice) {
                          const OnFull value = settings.*choice.member;
                          return value == OnFull::evict || value == OnFull::reject;
                        },
                        [](const FlagField&) { return true; },
                        [&](const auto& span) {
                          const auto value = settings.*span.member;
                          return value >= span.least && value <= span.most;
                        },
                    },
                    field.kind);
}

bool assign(const Field& field, const RawValue& raw, CacheSettings& settings) {
  CacheSettings changed = settings;
  const bool was_read =
      std::visit([&](const auto& kind) { return read(kind, raw, changed); }, field.kind);
  if (!was_read || !is_valid(field, changed)) return false;
  settings = std::move(changed);
  return true;
}

std::string problem(std::string_view where, std::string_view value, const Field& field) {
  std::string text(where);
  text.append(": '").append(shown(value)).append("' is not accepted; accepted: ");
  return text.append(accepted(field));
}

std::string shown(std::string_view text) {
  constexpr std::string_view kHex = "0123456789abcdef";
  std::string printable;
  for (const char c : text.substr(0, kMaxShownBytes)) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte >= 0x20 && byte < 0x7f) {
      printable.push_back(c);
    } else {
      printable.append("\\x").append(1, kHex[byte >> 4]).append(1, kHex[byte & 15]);
    }
  }
  if (text.size() > kMaxShownBytes) printable.append("...");
  return printable;
}

}  // namespace larder::config

namespace larder {

std::vector<std::string> CacheSettings::problems() const {
  std::vector<std::string> found;
  for (const config::Field& field : config::fields()) {
    if (config::is_valid(field, *this)) continue;
    found.push_back(config::problem(field.name, config::print(field, *this), field));
  }
  return found;
}

}  // namespace larder
