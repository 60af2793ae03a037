// secure_wipe: zeroes what a value holds, in a way that the compiler may not drop. Used by
// `secure_wipe` mode on every way out of the library, and free for users.
// Thread safety: the functions touch only what they are handed.
#pragma once

#include <cstddef>
#include <string>
#include <type_traits>
#include <vector>

namespace larder {

template <class T>
struct Codec;

/// Overwrites what `value` reaches outside its own storage with zeros. Provide an overload
/// `void secure_wipe(X&) noexcept` beside your type for `secure_wipe` to find it. Types with a
/// Codec of the library's (containers, records, described types) need none.
void secure_wipe(std::string& value) noexcept;
template <class X>
  requires(std::is_trivially_copyable_v<X> && !std::is_const_v<X>)
void secure_wipe(X& value) noexcept;
template <class X>
void secure_wipe(std::vector<X>& value) noexcept;

namespace detail {

/// Zeroes memory in a way that the compiler may not drop.
void zero_memory(void* data, std::size_t size) noexcept;

template <class T>
concept WipedByOverload = requires(T& value) {
  { secure_wipe(value) } noexcept;
};
template <class T>
concept WipedByCodec = requires(T& value) {
  { Codec<T>::wipe(value) } noexcept;
};
template <class T>
concept Wipeable = WipedByOverload<T> || WipedByCodec<T>;

/// Zeroes what `value` reaches, as far as that is known.
template <class T>
void wipe_value(T& value) noexcept {
  if constexpr (WipedByOverload<T>) {
    secure_wipe(value);
  } else if constexpr (WipedByCodec<T>) {
    Codec<T>::wipe(value);
  }
}

}  // namespace detail

template <class X>
  requires(std::is_trivially_copyable_v<X> && !std::is_const_v<X>)
void secure_wipe(X& value) noexcept {
  detail::zero_memory(&value, sizeof(X));
}
template <class X>
void secure_wipe(std::vector<X>& value) noexcept {
  if constexpr (std::is_trivially_copyable_v<X> && !std::is_same_v<X, bool>) {
    value.resize(value.capacity());
    detail::zero_memory(value.data(), value.size() * sizeof(X));
  } else if constexpr (!std::is_same_v<X, bool>) {
    for (X& element : value) detail::wipe_value(element);
    value.clear();
    // Elements that were there once may have left bytes in the room behind the last one.
    if (value.capacity() != 0) detail::zero_memory(value.data(), value.capacity() * sizeof(X));
  }
  value.clear();
}

}  // namespace larder
