// Codecs of maps. They are known by what they can do, as all containers are.
// Thread safety: functions of what they are handed.
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "larder/detail/codec_containers.h"
#include "larder/detail/codec_owners.h"

namespace larder {
namespace detail {

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

}  // namespace detail

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
        Key owned(key);
        Mapped mapped{};
        const detail::Temporary<Key> key_wiped(owned, from);
        const detail::Temporary<Mapped> mapped_wiped(mapped, from);
        if (!read_value(mapped, from)) return false;
        add(value, owned, mapped);
      }
    } else {
      if (!from.begin_list(size)) return false;
      while (from.next_element()) {
        Key key{};
        Mapped mapped{};
        const detail::Temporary<Key> key_wiped(key, from);
        const detail::Temporary<Mapped> mapped_wiped(mapped, from);
        if (!detail::read_parts(from, key, mapped)) return false;
        add(value, key, mapped);
      }
    }
    return from.ok();
  }
  static void wipe(C& value) noexcept
    requires detail::Extracting<C>
  {
    detail::wipe_nodes(value);
  }

 private:
  /// A key that is there already must not be taken into a node that goes at once.
  static void add(C& value, Key& key, Mapped& mapped) {
    if constexpr (requires { value.try_emplace(std::move(key), std::move(mapped)); }) {
      value.try_emplace(std::move(key), std::move(mapped));
    } else {
      value.emplace(std::move(key), std::move(mapped));
    }
  }
};

}  // namespace larder
