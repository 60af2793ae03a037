// Codecs: how values become bytes for engines that store bytes. Types of the standard library have
// theirs; a type of your own gets one from a line beside it: `Record` here, or `Described` of
// larder/adapt/describe.h, or a specialisation of Codec by hand.
// Thread safety: functions of what they are handed.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <tuple>
#include <utility>

#include "larder/detail/codec_base.h"
#include "larder/detail/codec_containers.h"
#include "larder/detail/codec_maps.h"
#include "larder/detail/codec_owners.h"
#include "larder/detail/codec_values.h"
#include "larder/detail/codec_variant.h"
#include "larder/fields.h"
#include "larder/wipe.h"

namespace larder {

/// A named field of `T`.
template <class T, class M>
struct Field {
  using Member = M;
  FieldName name;
  M T::* member;
};
template <class T, class M>
constexpr Field<T, M> field(const char* name, M T::* member) noexcept {
  return {name, member};
}
template <class... F>
constexpr std::tuple<F...> fields(F... list) noexcept {
  return std::tuple<F...>(list...);
}

namespace detail {

template <std::size_t N>
constexpr bool are_distinct(const std::array<FieldName, N>& names) noexcept {
  for (std::size_t i = 0; i < N; ++i) {
    for (std::size_t j = 0; j < i; ++j) {
      if (names[i].hash == names[j].hash) return false;
    }
  }
  return true;
}

/// What Codec<T>::fields() says, in tables.
template <class T>
struct RecordFields {
  static constexpr auto kFields = Codec<T>::fields();
  static constexpr std::size_t kSize = std::tuple_size_v<decltype(kFields)>;
  using Indexes = std::make_index_sequence<kSize>;
  using Read = bool (*)(T& value, FieldReader& from);

  static constexpr std::array<FieldName, kSize> kNames =
      std::apply([](const auto&... f) { return std::array<FieldName, kSize>{f.name...}; }, kFields);
  static_assert(are_distinct(kNames), "larder: two fields of a record have one name or one hash");

  template <std::size_t I>
  static bool read(T& value, FieldReader& from) {
    return read_value(value.*std::get<I>(kFields).member, from);
  }
  static constexpr std::array<Read, kSize> kReads =
      []<std::size_t... I>(std::index_sequence<I...>) {
        return std::array<Read, kSize>{&RecordFields::template read<I>...};
      }(Indexes{});
};

}  // namespace detail

/// The Codec of a class whose fields are listed. Fields are known by their names: one that the
/// bytes lack keeps its default, one that `T` lacks is skipped. So fields may be added and dropped
/// under one version; a new version says that old bytes mean something else.
/// @code
///   template <>
///   struct larder::Codec<Session> : larder::Record<Session, "session", 1> {
///     static constexpr auto fields() {
///       return larder::fields(larder::field("subject", &Session::subject),
///                             larder::field("roles", &Session::roles));
///     }
///   };
/// @endcode
template <class T, FixedText Name, std::uint32_t Version = 1>
struct Record {
  static_assert(!Name.view().empty() && Version > 0);

  static constexpr std::string_view name() noexcept { return Name.view(); }
  static constexpr std::uint32_t schema_version() noexcept { return Version; }

  static void write(const T& value, FieldWriter& to) {
    using Fields = detail::RecordFields<T>;
    if (!to.begin_record(Fields::kNames)) return;
    std::apply([&](const auto&... field) { (write_value(value.*field.member, to), ...); },
               Fields::kFields);
    to.end_record();
  }
  static bool read(T& value, FieldReader& from) {
    using Fields = detail::RecordFields<T>;
    if (!from.begin_record()) return false;
    while (const auto index = from.next_field(Fields::kNames)) {
      if (!Fields::kReads[*index](value, from)) return from.failed_in(Fields::kNames[*index].text);
    }
    return from.ok();
  }
  static void wipe(T& value) noexcept {
    std::apply([&](const auto&... field) { (detail::wipe_value(value.*field.member), ...); },
               detail::RecordFields<T>::kFields);
  }
};

}  // namespace larder
