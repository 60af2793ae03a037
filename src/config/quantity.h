// Durations and sizes as people write them: "250ms", "5 min", "7d", "64MiB". Used by the table of
// settings in both directions.
//
// Thread safety: pure functions.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace larder::config {

// Nanoseconds of a whole number with a unit (ns, us, ms, s, min, h, d), blanks between them
// allowed. Nothing: malformed, or beyond 64 bits.
std::optional<std::int64_t> parse_duration_ns(std::string_view text);

// The shortest exact form: the largest unit that leaves a whole number.
std::string print_duration(std::int64_t duration_ns);

// A whole number, with `allow_unit` also followed by B, kB, MB, GB, TB (powers of 1000) or KiB,
// MiB, GiB, TiB (powers of 1024). Nothing: malformed, or beyond 64 bits.
std::optional<std::uint64_t> parse_count(std::string_view text, bool allow_unit);

// The shortest exact form: with `use_unit` the largest power of 1024 that leaves a whole number.
std::string print_count(std::uint64_t count, bool use_unit);

}  // namespace larder::config
