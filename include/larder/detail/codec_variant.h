// Codecs of std::variant and std::monostate.
// Thread safety: functions of what they are handed.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <utility>
#include <variant>

#include "larder/detail/codec_owners.h"

namespace larder {

template <>
struct Codec<std::monostate> {
  static constexpr bool kNullable = true;
  static constexpr std::string_view name() noexcept { return "nothing"; }
  static constexpr std::uint32_t schema_version() noexcept { return 1; }
  static void write(std::monostate, FieldWriter& to) { to.null(); }
  static bool read(std::monostate&, FieldReader& from) {
    return from.null() || from.fail("null expected");
  }
};
/// A list of the alternative's index and its value: alternatives may be appended, not moved.
template <class... X>
  requires(Encodable<X> && ...)
struct Codec<std::variant<X...>> {
  using Variant = std::variant<X...>;

  static constexpr std::string_view name() noexcept {
    return detail::composed_name<"variant", X...>();
  }
  static constexpr std::uint32_t schema_version() noexcept {
    return detail::composed_version<X...>();
  }
  static void write(const Variant& value, FieldWriter& to) {
    if (value.valueless_by_exception()) return to.fail("a variant has no value");
    const auto index = static_cast<std::uint64_t>(value.index());
    std::visit([&](const auto& held) { detail::write_parts(to, index, held); }, value);
  }
  static bool read(Variant& value, FieldReader& from) {
    std::size_t size = 0;
    std::uint64_t index = 0;
    if (!from.begin_list(size)) return false;
    if (size != 2) return from.fail(detail::kWrongSize);
    if (!from.next_element() || !from.natural(index) || !from.next_element()) return false;
    if (index >= sizeof...(X)) return from.fail("a variant has no such alternative");
    using Read = bool (*)(Variant&, FieldReader&);
    static constexpr auto kReads = []<std::size_t... I>(std::index_sequence<I...>) {
      return std::array<Read, sizeof...(X)>{[](Variant& to, FieldReader& source) {
        return read_value(to.template emplace<I>(), source);
      }...};
    }(std::index_sequence_for<X...>());
    return kReads[index](value, from) && !from.next_element() && from.ok();
  }
  static void wipe(Variant& value) noexcept {
    if (value.valueless_by_exception()) return;
    std::visit([](auto& held) { detail::wipe_value(held); }, value);
  }
};

}  // namespace larder
