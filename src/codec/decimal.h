// Counters as text: decimal, in the one spelling that a server's own increment takes and leaves.
//
// Thread safety: pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace larder::codec {

// An integer of 64 bits, signed or not: `negative` says how to read the bits.
struct Decimal {
  std::uint64_t bits = 0;
  bool negative = false;
};

// Only "0", or digits that begin with none, after a '-' where it is negative.
[[nodiscard]] std::optional<Decimal> parse_decimal(std::string_view text) noexcept;

}  // namespace larder::codec
