// Codecs of lists, sets and arrays. Containers are known by what they can do, so that no header of
// theirs is needed here and those of other libraries work alike.
// Thread safety: functions of what they are handed.
#pragma once

#include <array>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

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

/// Most bytes of elements that are made room for because the bytes say how many they are.
inline constexpr std::size_t kMaxReservedBytes = std::size_t{64} << 10;
template <class C>
void reserve(C& list, std::size_t size) {
  if constexpr (requires { list.reserve(size); }) {
    constexpr std::size_t kMost = kMaxReservedBytes / sizeof(typename C::value_type) + 1;
    list.reserve(size < kMost ? size : kMost);
  }
}
/// Room for one more, so that growing leaves nothing behind where the reader wipes.
template <class C>
void make_room(C& list, const FieldReader& from) {
  if constexpr (requires { list.reserve(list.capacity()); }) {
    if (!from.wipes() || list.size() != list.capacity()) return;
    C larger;
    larger.reserve(2 * list.size() + 1);
    for (auto&& element : list) larger.push_back(std::move(element));
    wipe_value(list);
    list = std::move(larger);
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
    detail::reserve(value, size);
    while (from.next_element()) {
      Element element{};
      const detail::Temporary<Element> wiped(element, from);
      if (!read_value(element, from)) return false;
      detail::make_room(value, from);
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
      const detail::Temporary<Element> wiped(element, from);
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
