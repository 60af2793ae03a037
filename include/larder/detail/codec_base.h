// The root of larder/codec.h: Codec, Encodable and the names of composed types.
// Thread safety: functions of what they are handed.
#pragma once

#include <array>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "larder/fields.h"
#include "larder/wipe.h"

namespace larder {

/// How values of `T` become fields and come back. A specialisation has
/// @code
///   static constexpr std::string_view name();         // stated, stable: a part of stored bytes
///   static constexpr std::uint32_t schema_version();  // stored values of another are left alone
///   static void write(const T& value, FieldWriter& to);
///   static bool read(T& value, FieldReader& from);  // into a T(); false: failed
/// @endcode
/// It must be declared right after `T`, so that every use of `T` sees it. One that writes nulls of
/// its own says `static constexpr bool kNullable = true;`. `static void wipe(T&) noexcept` is
/// optional: it zeroes what the value reaches.
template <class T>
struct Codec {};

/// Types that can be stored as bytes.
template <class T>
concept Encodable = std::default_initializable<T> &&
                    requires(const T& value, T& target, FieldWriter& to, FieldReader& from) {
                      { Codec<T>::name() } -> std::same_as<std::string_view>;
                      { Codec<T>::schema_version() } -> std::same_as<std::uint32_t>;
                      Codec<T>::write(value, to);
                      { Codec<T>::read(target, from) } -> std::same_as<bool>;
                    };

template <class T>
constexpr bool require_encodable() {
  static_assert(Encodable<T>,
                "larder: a type in a value has no Codec; describe it right after its definition by "
                "larder::Record or larder::Described, or specialise larder::Codec");
  return Encodable<T>;
}

/// For Codecs of composed types: writes a part.
template <class T>
void write_value(const T& value, FieldWriter& to) {
  if constexpr (require_encodable<T>()) Codec<T>::write(value, to);
}
/// For Codecs of composed types: reads a part.
template <class T>
[[nodiscard]] bool read_value(T& value, FieldReader& from) {
  if constexpr (require_encodable<T>()) {
    return Codec<T>::read(value, from);
  } else {
    return false;
  }
}

/// A text as a template argument.
template <std::size_t N>
struct FixedText {
  char characters[N]{};

  consteval FixedText(const char (&text)[N]) noexcept {
    for (std::size_t i = 0; i < N; ++i) characters[i] = text[i];
  }
  [[nodiscard]] constexpr std::string_view view() const noexcept { return {characters, N - 1}; }
};

namespace detail {

/// Wipes a temporary when it goes, where the reader asks for it.
template <class T>
class Temporary {
 public:
  Temporary(T& value, const FieldReader& from) noexcept : value_(from.wipes() ? &value : nullptr) {}
  Temporary(const Temporary&) = delete;
  Temporary& operator=(const Temporary&) = delete;
  ~Temporary() {
    if (value_ != nullptr) wipe_value(*value_);
  }

 private:
  T* value_;
};

template <class T>
inline constexpr bool is_nullable = requires { requires Codec<T>::kNullable; };

/// A positive number as a part of a name.
template <std::intmax_t Value>
struct Numeral {};

/// `kind<a,b>` of the names of `X...`.
template <FixedText Kind, class... X>
struct ComposedName {
  static constexpr std::size_t kSize = Kind.view().size() + 1 +
                                       (std::size_t{1} + ... + Codec<X>::name().size()) +
                                       (sizeof...(X) > 1 ? sizeof...(X) - 1 : 0);
  static constexpr std::array<char, kSize> kText = [] {
    std::array<char, kSize> text{};
    std::size_t size = 0;
    const auto append = [&](std::string_view part) {
      for (const char c : part) text[size++] = c;
    };
    append(Kind.view());
    append("<");
    std::size_t index = 0;
    ((append(index++ == 0 ? "" : ","), append(Codec<X>::name())), ...);
    append(">");
    return text;
  }();
};
template <FixedText Kind, class... X>
constexpr std::string_view composed_name() noexcept {
  return {ComposedName<Kind, X...>::kText.data(), ComposedName<Kind, X...>::kText.size()};
}

/// One version of the versions of `X...`: that of the part, where there is one.
template <class... X>
constexpr std::uint32_t composed_version() noexcept {
  std::uint32_t version = 0;
  std::uint32_t weight = 1;
  ((version += (Codec<X>::schema_version() - 1) * weight, weight *= 31), ...);
  return version + 1;
}

}  // namespace detail

template <std::intmax_t Value>
struct Codec<detail::Numeral<Value>> {
  static constexpr std::array<char, 20> kDigits = [] {
    std::array<char, 20> digits{};
    std::size_t at = digits.size();
    for (std::intmax_t rest = Value; at != 0 && rest != 0; rest /= 10) {
      digits[--at] = static_cast<char>('0' + rest % 10);
    }
    return digits;
  }();
  static constexpr std::string_view name() noexcept {
    std::size_t first = 0;
    while (first < kDigits.size() && kDigits[first] == 0) ++first;
    return {kDigits.data() + first, kDigits.size() - first};
  }
};

}  // namespace larder
