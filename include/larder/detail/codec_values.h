// Codecs of single values: truths, integers, floating point, enums, texts, bytes, durations and
// instants.
// Thread safety: functions of what they are handed.
#pragma once

#include <array>
#include <chrono>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "larder/detail/codec_base.h"

namespace larder {
namespace detail {

inline constexpr const char* kOutOfRange = "a number is out of the range of its type";
inline constexpr const char* kWrongSize = "a list has another size than its type";

template <class T>
concept Number = std::same_as<T, float> || std::same_as<T, double>;
/// Enums of which every value of the underlying type is a value.
template <class T>
concept FixedEnum = std::is_enum_v<T> && requires(std::underlying_type_t<T> value) { T{value}; };
template <class T>
concept Byte = std::same_as<T, std::byte> || std::same_as<T, unsigned char>;

}  // namespace detail

template <>
struct Codec<bool> {
  static constexpr std::string_view name() noexcept { return "boolean"; }
  static constexpr std::uint32_t schema_version() noexcept { return 1; }
  static void write(bool value, FieldWriter& to) { to.boolean(value); }
  static bool read(bool& value, FieldReader& from) { return from.boolean(value); }
};

/// All widths have one name: an integer may become wider.
template <std::integral T>
struct Codec<T> {
  static constexpr std::string_view name() noexcept { return "integer"; }
  static constexpr std::uint32_t schema_version() noexcept { return 1; }
  static void write(T value, FieldWriter& to) {
    if constexpr (std::is_signed_v<T>) {
      to.integer(value);
    } else {
      to.natural(value);
    }
  }
  static bool read(T& value, FieldReader& from) {
    std::conditional_t<std::is_signed_v<T>, std::int64_t, std::uint64_t> wide = 0;
    if constexpr (std::is_signed_v<T>) {
      if (!from.integer(wide)) return false;
    } else {
      if (!from.natural(wide)) return false;
    }
    value = static_cast<T>(wide);
    return static_cast<decltype(wide)>(value) == wide || from.fail(detail::kOutOfRange);
  }
};

template <detail::Number T>
struct Codec<T> {
  static constexpr std::string_view name() noexcept { return "number"; }
  static constexpr std::uint32_t schema_version() noexcept { return 1; }
  static void write(T value, FieldWriter& to) { to.number(value); }
  static bool read(T& value, FieldReader& from) {
    double wide = 0;
    if (!from.number(wide)) return false;
    if constexpr (sizeof(T) < sizeof(double)) {
      constexpr double kMax = std::numeric_limits<T>::max();
      const bool beyond = wide > kMax || wide < -kMax;
      const bool infinite = wide == std::numeric_limits<double>::infinity() ||
                            wide == -std::numeric_limits<double>::infinity();
      if (beyond && !infinite) return from.fail(detail::kOutOfRange);
    }
    value = static_cast<T>(wide);
    return true;
  }
};

/// By number: names may change. Enums without a fixed underlying type have no Codec, for not every
/// number is one of theirs.
template <detail::FixedEnum T>
struct Codec<T> {
  using Underlying = std::underlying_type_t<T>;

  static constexpr std::string_view name() noexcept { return "integer"; }
  static constexpr std::uint32_t schema_version() noexcept { return 1; }
  static void write(T value, FieldWriter& to) {
    Codec<Underlying>::write(static_cast<Underlying>(value), to);
  }
  static bool read(T& value, FieldReader& from) {
    Underlying number{};
    if (!Codec<Underlying>::read(number, from)) return false;
    value = static_cast<T>(number);
    return true;
  }
};

template <>
struct Codec<std::string> {
  static constexpr std::string_view name() noexcept { return "text"; }
  static constexpr std::uint32_t schema_version() noexcept { return 1; }
  static void write(const std::string& value, FieldWriter& to) { to.text(value); }
  static bool read(std::string& value, FieldReader& from) {
    std::string_view text;
    if (!from.text(text)) return false;
    if (from.wipes()) secure_wipe(value);
    value.assign(text);
    return true;
  }
};

template <detail::Byte B>
struct Codec<std::vector<B>> {
  static constexpr std::string_view name() noexcept { return "bytes"; }
  static constexpr std::uint32_t schema_version() noexcept { return 1; }
  static void write(const std::vector<B>& value, FieldWriter& to) {
    to.bytes(std::as_bytes(std::span(value)));
  }
  static bool read(std::vector<B>& value, FieldReader& from) {
    std::span<const std::byte> bytes;
    if (!from.bytes(bytes)) return false;
    if (from.wipes()) secure_wipe(value);
    const auto* first = reinterpret_cast<const B*>(bytes.data());
    value.assign(first, first + bytes.size());
    return true;
  }
};

template <detail::Byte B, std::size_t N>
struct Codec<std::array<B, N>> {
  static constexpr std::string_view name() noexcept { return "bytes"; }
  static constexpr std::uint32_t schema_version() noexcept { return 1; }
  static void write(const std::array<B, N>& value, FieldWriter& to) {
    to.bytes(std::as_bytes(std::span(value)));
  }
  static bool read(std::array<B, N>& value, FieldReader& from) {
    std::span<const std::byte> bytes;
    if (!from.bytes(bytes)) return false;
    if (bytes.size() != N) return from.fail(detail::kWrongSize);
    for (std::size_t i = 0; i < N; ++i) value[i] = static_cast<B>(bytes[i]);
    return true;
  }
};

/// The count of its own period, which is a part of the name.
template <class Rep, class Period>
  requires Encodable<Rep>
struct Codec<std::chrono::duration<Rep, Period>> {
  using Duration = std::chrono::duration<Rep, Period>;

  static constexpr std::string_view name() noexcept {
    return detail::composed_name<"duration", Rep, detail::Numeral<Period::num>,
                                 detail::Numeral<Period::den>>();
  }
  static constexpr std::uint32_t schema_version() noexcept { return 1; }
  static void write(const Duration& value, FieldWriter& to) { write_value(value.count(), to); }
  static bool read(Duration& value, FieldReader& from) {
    Rep count{};
    if (!read_value(count, from)) return false;
    value = Duration(count);
    return true;
  }
};

/// Instants of clocks that mean the same in every process: steady ones do not.
template <class Clock, class Duration>
  requires(Encodable<Duration> && !requires { requires Clock::is_steady; })
struct Codec<std::chrono::time_point<Clock, Duration>> {
  using Instant = std::chrono::time_point<Clock, Duration>;

  static constexpr std::string_view name() noexcept {
    return detail::composed_name<"instant", Duration>();
  }
  static constexpr std::uint32_t schema_version() noexcept { return 1; }
  static void write(const Instant& value, FieldWriter& to) {
    write_value(value.time_since_epoch(), to);
  }
  static bool read(Instant& value, FieldReader& from) {
    Duration since{};
    if (!read_value(since, from)) return false;
    value = Instant(since);
    return true;
  }
};

}  // namespace larder
