// Codecs of classes that Boost.Describe knows. An optional adapter: the only header of Larder's
// that needs Boost.
// Thread safety: functions of what they are handed.
#pragma once

#include <cstdint>

#include <boost/describe.hpp>

#include "larder/codec.h"

namespace larder {

/// The Codec of a described class: its public fields, inherited ones included, under their own
/// names. Otherwise as Record.
/// @code
///   BOOST_DESCRIBE_STRUCT(Session, (), (subject, roles))
///   template <>
///   struct larder::Codec<Session> : larder::Described<Session, "session", 1> {};
/// @endcode
template <class T, FixedText Name, std::uint32_t Version = 1>
struct Described : Record<T, Name, Version> {
  static constexpr auto fields() noexcept {
    static_assert(boost::describe::has_describe_members<T>::value,
                  "larder: Described needs BOOST_DESCRIBE_STRUCT or BOOST_DESCRIBE_CLASS beside T");
    using namespace boost::describe;
    return []<template <class...> class List, class... M>(List<M...>) {
      return larder::fields(larder::field(M::name, M::pointer)...);
    }(describe_members<T, mod_public | mod_inherited>());
  }
};

}  // namespace larder
