// Codecs of containers: lists, sets, maps, arrays. They are known by what they can do, so that no
// header of theirs is needed here and those of other libraries work alike.
// Thread safety: functions of what they are handed.
#pragma once

#include <array>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "larder/detail/codec_owners.h"
#include "larder/detail/codec_values.h"

namespace larder {
namespace detail {

template <class C>
concept Container = std::default_initializable<C> && requires(C& c) {
  typename C::value_type;
  { c.size() } -> std::convertible_to<std::size_t>;
  c.begin();
  c.end();
  c.clear();
};
template <class C>
concept ListLike = Container<C> && requires(C& c, typename C::value_type&& x) {
  c.push_back(std::move(x));
} && Encodable<typename C::value_type>;
template <class C>
concept SetLike = Container<C> && std::same_as<typename C::key_type, typename C::value_type> &&
                  requires(C& c, typename C::key_type&& k) { c.insert(std::move(k)); } &&
                  Encodable<typename C::key_type>;
template <class C>
concept MapLike =
    Container<C> && requires(C& c, typename C::key_type&& k, typename C::mapped_type&& m) {
      c.emplace(std::move(k), std::move(m));
    } && Encodable<typename C::key_type> && Encodable<typename C::mapped_type>;
/// Each key once, and a text.
template <class C>
concept TextMap = MapLike<C> && std::same_as<typename C::key_type, std::string> &&
                  requires(C& c, std::string&& k, typename C::mapped_type&& m) {
                    c.insert_or_assign(std::move(k), std::move(m));
                  };

/// Elements that nothing but their container holds, taken out one by one: keys are constant inside.
template <class C>
void wipe_nodes(C& container) noexcept {
  while (container.size() != 0) {
    auto node = container.extract(container.begin());
    if constexpr (requires { node.mapped(); }) {
      wipe_value(node.key());
      wipe_value(node.mapped());
    } else {
      wipe_value(node.value());
    }
  }
}
template <class C>
concept Extracting = requires(C& c) { c.extract(c.begin()); };

}  // namespace detail

template <detail::ListLike C>
struct Codec<C> {
  using Element = typename C::value_type;

  static constexpr std::string_view name() noexcept {
    return detail::composed_name<"list", Element>();
  }
  static constexpr std::uint32_t schema_version() noexcept {
    return detail::composed_version<Element>();
  }
  static void write(const C& value, FieldWriter& to) {
    if (!to.begin_list(value.size())) return;
    for (const auto& element : value) write_value<Element>(element, to);
    to.end_list();
  }
  static bool read(C& value, FieldReader& from) {
    std::size_t size = 0;
    if (!from.begin_list(size)) return false;
    value.clear();
    while (from.next_element()) {
      Element element{};
      if (!read_value(element, from)) return false;
      value.push_back(std::move(element));
    }
    return from.ok();
  }
  static void wipe(C& value) noexcept
    requires detail::Wipeable<Element>
  {
    for (auto& element : value) detail::wipe_value(element);
  }
};

template <detail::SetLike C>
struct Codec<C> {
  using Element = typename C::key_type;

  static constexpr std::string_view name() noexcept {
    return detail::composed_name<"list", Element>();
  }
  static constexpr std::uint32_t schema_version() noexcept {
    return detail::composed_version<Element>();
  }
  static void write(const C& value, FieldWriter& to) {
    if (!to.begin_list(value.size())) return;
    for (const Element& element : value) write_value(element, to);
    to.end_list();
  }
  static bool read(C& value, FieldReader& from) {
    std::size_t size = 0;
    if (!from.begin_list(size)) return false;
    value.clear();
    while (from.next_element()) {
      Element element{};
      if (!read_value(element, from)) return false;
      value.insert(std::move(element));
    }
    return from.ok();
  }
  static void wipe(C& value) noexcept
    requires detail::Extracting<C>
  {
    detail::wipe_nodes(value);
  }
};

/// Text keys make a map; other keys, and keys that may come twice, a list of pairs. A key that
/// comes twice in the bytes of a map keeps its first value.
template <detail::MapLike C>
struct Codec<C> {
  using Key = typename C::key_type;
  using Mapped = typename C::mapped_type;

  static constexpr std::string_view name() noexcept {
    return detail::composed_name<"map", Key, Mapped>();
  }
  static constexpr std::uint32_t schema_version() noexcept {
    return detail::composed_version<Key, Mapped>();
  }
  static void write(const C& value, FieldWriter& to) {
    if constexpr (detail::TextMap<C>) {
      if (!to.begin_map(value.size())) return;
      for (const auto& [key, mapped] : value) {
        to.key(key);
        write_value(mapped, to);
      }
      to.end_map();
    } else {
      if (!to.begin_list(value.size())) return;
      for (const auto& [key, mapped] : value) detail::write_parts(to, key, mapped);
      to.end_list();
    }
  }
  static bool read(C& value, FieldReader& from) {
    value.clear();
    std::size_t size = 0;
    if constexpr (detail::TextMap<C>) {
      if (!from.begin_map(size)) return false;
      for (std::string_view key; from.next_key(key);) {
        std::string owned(key);
        Mapped mapped{};
        if (!read_value(mapped, from)) return false;
        value.emplace(std::move(owned), std::move(mapped));
      }
    } else {
      if (!from.begin_list(size)) return false;
      while (from.next_element()) {
        Key key{};
        Mapped mapped{};
        if (!detail::read_parts(from, key, mapped)) return false;
        value.emplace(std::move(key), std::move(mapped));
      }
    }
    return from.ok();
  }
  static void wipe(C& value) noexcept
    requires detail::Extracting<C>
  {
    detail::wipe_nodes(value);
  }
};

template <class X, std::size_t N>
  requires(Encodable<X> && !detail::Byte<X>)
struct Codec<std::array<X, N>> {
  static constexpr std::string_view name() noexcept { return detail::composed_name<"list", X>(); }
  static constexpr std::uint32_t schema_version() noexcept { return detail::composed_version<X>(); }
  static void write(const std::array<X, N>& value, FieldWriter& to) {
    if (!to.begin_list(N)) return;
    for (const X& element : value) write_value(element, to);
    to.end_list();
  }
  static bool read(std::array<X, N>& value, FieldReader& from) {
    std::size_t size = 0;
    if (!from.begin_list(size)) return false;
    if (size != N) return from.fail(detail::kWrongSize);
    for (X& element : value) {
      if (!from.next_element() || !read_value(element, from)) return false;
    }
    return !from.next_element() && from.ok();
  }
  static void wipe(std::array<X, N>& value) noexcept
    requires detail::Wipeable<X>
  {
    for (X& element : value) detail::wipe_value(element);
  }
};

}  // namespace larder
