// Ttl and Timestamp: how long entries live and how instants are reported. Used by every write.
// Thread safety: values.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>

namespace larder {

/// Instants reported to users: wall-clock milliseconds (Unix epoch). `std::nullopt` where an
/// entry never expires.
using Timestamp = std::chrono::sys_time<std::chrono::milliseconds>;

/// A time to live. Implicit from any `std::chrono` duration, so that `cache.set(k, v, 5min)`
/// reads as it is meant. Accepted: above zero and at most 100 years; what is not a whole number
/// of milliseconds rounds up. Conversion never overflows: a duration beyond the range is kept as
/// out of range and refused by the operation with `invalid_ttl`.
class Ttl {
 public:
  enum class Kind : std::uint8_t {
    standard,  ///< the cache's default
    forever,   ///< no expiry
    keep,      ///< what is left; where no entry lives, the standard
    span,      ///< a duration
  };
  static constexpr std::chrono::milliseconds kMax = std::chrono::hours(24 * 365 * 100);

  constexpr Ttl() noexcept = default;
  template <class Rep, class Period>
  constexpr Ttl(std::chrono::duration<Rep, Period> span) noexcept
      : kind_(Kind::span), milliseconds_(round_up(span)) {}

  static constexpr Ttl standard() noexcept { return Ttl(Kind::standard); }
  static constexpr Ttl forever() noexcept { return Ttl(Kind::forever); }
  static constexpr Ttl keep() noexcept { return Ttl(Kind::keep); }

  [[nodiscard]] constexpr Kind kind() const noexcept { return kind_; }
  /// For `Kind::span`; negative or above `kMax` where the operation will refuse it.
  [[nodiscard]] constexpr std::chrono::milliseconds span() const noexcept {
    return std::chrono::milliseconds(milliseconds_);
  }
  /// Whether an operation would accept it.
  [[nodiscard]] constexpr bool valid() const noexcept {
    return kind_ != Kind::span || (milliseconds_ > 0 && milliseconds_ <= kMax.count());
  }

  friend constexpr bool operator==(Ttl, Ttl) noexcept = default;

 private:
  constexpr explicit Ttl(Kind kind) noexcept : kind_(kind) {}

  template <class Rep, class Period>
  static constexpr std::int64_t round_up(std::chrono::duration<Rep, Period> span) noexcept {
    // Compared in long double: exact enough at the bounds and free of integer overflow.
    using Wide = std::chrono::duration<long double, std::milli>;
    const long double wide = std::chrono::duration_cast<Wide>(span).count();
    if (!(wide > 0)) return -1;  // zero, negative and NaN
    if (wide > static_cast<long double>(kMax.count())) return kMax.count() + 1;
    const auto whole = static_cast<std::int64_t>(wide);
    return whole + (static_cast<long double>(whole) < wide ? 1 : 0);
  }

  Kind kind_ = Kind::standard;
  std::int64_t milliseconds_ = 0;
};

}  // namespace larder
