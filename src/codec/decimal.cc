// Strict decimal text.
//
// Thread safety: as in the header.
#include "codec/decimal.h"

#include <charconv>
#include <system_error>

namespace larder::codec {

std::optional<Decimal> parse_decimal(std::string_view text) noexcept {
  Decimal decimal;
  decimal.negative = text.starts_with('-');
  const std::string_view digits = text.substr(decimal.negative ? 1 : 0);
  if (digits.empty() || digits[0] < '0' || digits[0] > '9') return std::nullopt;
  if (digits[0] == '0' && text != "0") return std::nullopt;
  const char* end = text.data() + text.size();
  std::from_chars_result result{};
  if (decimal.negative) {
    std::int64_t value = 0;
    result = std::from_chars(text.data(), end, value);
    decimal.bits = static_cast<std::uint64_t>(value);
  } else {
    result = std::from_chars(text.data(), end, decimal.bits);
  }
  if (result.ec != std::errc() || result.ptr != end) return std::nullopt;
  return decimal;
}

}  // namespace larder::codec
