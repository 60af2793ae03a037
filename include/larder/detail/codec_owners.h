// Codecs of what owns values of other types: optionals, pointers, pairs, tuples.
// Thread safety: functions of what they are handed.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>

#include "larder/detail/codec_values.h"

namespace larder {
namespace detail {

/// One list of parts of fixed types: read with `read_part`, false once anything is wrong.
template <class... Part>
bool read_parts(FieldReader& from, Part&... parts) {
  std::size_t size = 0;
  if (!from.begin_list(size)) return false;
  if (size != sizeof...(parts)) return from.fail(kWrongSize);
  if (!((from.next_element() && read_value(parts, from)) && ...)) return false;
  return !from.next_element() && from.ok();
}
template <class... Part>
void write_parts(FieldWriter& to, const Part&... parts) {
  if (!to.begin_list(sizeof...(parts))) return;
  (write_value(parts, to), ...);
  to.end_list();
}

/// What is null or a value: `inner` is where the value goes.
template <class X>
void write_nullable(const X* value, FieldWriter& to) {
  if (value == nullptr) {
    to.null();
  } else if constexpr (!is_nullable<X>) {
    write_value(*value, to);
  } else {
    write_parts(to, *value);  // in a list, so that it differs from no value
  }
}
template <class X>
bool read_present(X& value, FieldReader& from) {
  if constexpr (!is_nullable<X>) {
    return read_value(value, from);
  } else {
    return read_parts(from, value);
  }
}

/// Reads what a pointer owns: null, or an X of its own.
template <class X, class Pointer>
bool read_owned(Pointer& value, FieldReader& from) {
  value.reset();
  if (from.null()) return true;
  auto made = std::make_unique<X>();
  if (!read_present(*made, from)) {
    const Temporary<X> wiped(*made, from);
    return false;
  }
  value = std::move(made);
  return true;
}

}  // namespace detail

template <class X>
  requires Encodable<X>
struct Codec<std::optional<X>> {
  static constexpr bool kNullable = true;
  static constexpr std::string_view name() noexcept {
    return detail::composed_name<"optional", X>();
  }
  static constexpr std::uint32_t schema_version() noexcept { return detail::composed_version<X>(); }
  static void write(const std::optional<X>& value, FieldWriter& to) {
    detail::write_nullable(value ? &*value : nullptr, to);
  }
  static bool read(std::optional<X>& value, FieldReader& from) {
    value.reset();
    return from.null() || detail::read_present(value.emplace(), from);
  }
  static void wipe(std::optional<X>& value) noexcept
    requires detail::Wipeable<X>
  {
    if (value) detail::wipe_value(*value);
  }
};

template <class X>
  requires Encodable<std::remove_const_t<X>>
struct Codec<std::unique_ptr<X>> {
  using Pointee = std::remove_const_t<X>;

  static constexpr bool kNullable = true;
  static constexpr std::string_view name() noexcept {
    return detail::composed_name<"optional", Pointee>();
  }
  static constexpr std::uint32_t schema_version() noexcept {
    return detail::composed_version<Pointee>();
  }
  static void write(const std::unique_ptr<X>& value, FieldWriter& to) {
    detail::write_nullable<Pointee>(value.get(), to);
  }
  static bool read(std::unique_ptr<X>& value, FieldReader& from) {
    return detail::read_owned<Pointee>(value, from);
  }
  static void wipe(std::unique_ptr<X>& value) noexcept
    requires(!std::is_const_v<X> && detail::Wipeable<X>)
  {
    if (value) detail::wipe_value(*value);
  }
};
template <class X>
  requires Encodable<X>
struct Codec<std::shared_ptr<const X>> {
  static constexpr bool kNullable = true;
  static constexpr std::string_view name() noexcept {
    return detail::composed_name<"optional", X>();
  }
  static constexpr std::uint32_t schema_version() noexcept { return detail::composed_version<X>(); }
  static void write(const std::shared_ptr<const X>& value, FieldWriter& to) {
    detail::write_nullable<X>(value.get(), to);
  }
  static bool read(std::shared_ptr<const X>& value, FieldReader& from) {
    return detail::read_owned<X>(value, from);
  }
};

template <class A, class B>
  requires(Encodable<A> && Encodable<B>)
struct Codec<std::pair<A, B>> {
  static constexpr std::string_view name() noexcept {
    return detail::composed_name<"tuple", A, B>();
  }
  static constexpr std::uint32_t schema_version() noexcept {
    return detail::composed_version<A, B>();
  }
  static void write(const std::pair<A, B>& value, FieldWriter& to) {
    detail::write_parts(to, value.first, value.second);
  }
  static bool read(std::pair<A, B>& value, FieldReader& from) {
    return detail::read_parts(from, value.first, value.second);
  }
  static void wipe(std::pair<A, B>& value) noexcept {
    detail::wipe_value(value.first);
    detail::wipe_value(value.second);
  }
};
template <class... X>
  requires(Encodable<X> && ...)
struct Codec<std::tuple<X...>> {
  static constexpr std::string_view name() noexcept {
    return detail::composed_name<"tuple", X...>();
  }
  static constexpr std::uint32_t schema_version() noexcept {
    return detail::composed_version<X...>();
  }
  static void write(const std::tuple<X...>& value, FieldWriter& to) {
    std::apply([&to](const X&... part) { detail::write_parts(to, part...); }, value);
  }
  static bool read(std::tuple<X...>& value, FieldReader& from) {
    return std::apply([&from](X&... part) { return detail::read_parts(from, part...); }, value);
  }
  static void wipe(std::tuple<X...>& value) noexcept {
    std::apply([](X&... part) { (detail::wipe_value(part), ...); }, value);
  }
};

}  // namespace larder
