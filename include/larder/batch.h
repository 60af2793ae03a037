// What batches take and answer: Keys and Pairs, made implicitly from any range; BatchResult, one
// outcome per key, aligned with the keys given, and an overall status.
// Thread safety: values.
#pragma once

#include <concepts>
#include <cstddef>
#include <initializer_list>
#include <iterator>
#include <optional>
#include <span>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "larder/result.h"
#include "larder/value_ops.h"

namespace larder {

namespace detail {
template <class R>
using range_iterator = decltype(std::begin(std::declval<R&>()));
template <class R>
using range_element = decltype(*std::declval<range_iterator<R>&>());
template <class K>
concept StringLike = std::convertible_to<K, std::string_view>;
template <class R>
concept RangeOfKeys = StringLike<range_element<R>>;
template <class P>
using first_of = decltype(std::get<0>(std::declval<P>()));
template <class R, class T>
concept RangeOfPairs = requires(range_element<R> pair) {
  { std::get<0>(static_cast<decltype(pair)>(pair)) } -> StringLike;
  { std::get<1>(static_cast<decltype(pair)>(pair)) } -> std::convertible_to<T>;
};
/// The bytes behind an element outlive the step to the next one.
template <class R, class Element>
inline constexpr bool bytes_stay =
    (std::is_lvalue_reference_v<Element> || std::is_trivially_copyable_v<Element>) &&
    std::forward_iterator<range_iterator<R>>;
/// A container given away, whose values may be moved out.
template <class R>
inline constexpr bool is_given_away = false;
template <class R>
  requires requires { typename R::allocator_type; }
inline constexpr bool is_given_away<R> = true;
}  // namespace detail

/// The keys of a batch: implicit from any range of string-like elements and from a braced list.
/// It looks at the caller's bytes where they outlive the call, and holds copies where the range
/// makes its strings on the fly.
class Keys {
 public:
  Keys() = default;
  Keys(Keys&&) noexcept = default;
  Keys& operator=(Keys&&) noexcept = default;
  Keys(std::initializer_list<std::string_view> keys) : views_(keys) {}
  template <class R>
    requires(detail::RangeOfKeys<R> && !std::same_as<std::remove_cvref_t<R>, Keys>)
  Keys(R&& range) {
    for (auto&& key : range) add<detail::bytes_stay<R, detail::range_element<R>>>(key);
    seal();
  }

  [[nodiscard]] std::span<const std::string_view> views() const noexcept { return views_; }
  [[nodiscard]] std::size_t size() const noexcept { return views_.size(); }
  /// Copies all bytes, so that the caller's may go.
  void own();
  /// Adds one key, whose bytes stay or are copied; needs seal() after the last one.
  template <bool kBytesStay>
  void add(std::string_view key) {
    if constexpr (kBytesStay) {
      views_.push_back(key);
    } else {
      add_copy(key);
    }
  }
  /// Makes the views of copied keys valid. Cheap where nothing was copied.
  void seal() noexcept;
  /// Zeroes the copies and forgets all keys.
  void wipe() noexcept;

 private:
  void add_copy(std::string_view key);

  std::vector<std::string_view> views_;  // into bytes_ if that is in use, else into the caller's
  std::vector<char> bytes_;              // all keys, one after the other, or empty
};

/// The keys and values of a `set_many`: implicit from any range of pairs and from a braced list.
/// Values are copied, or moved out of a container that is given away.
template <class T>
class Pairs {
 public:
  Pairs() = default;
  Pairs(std::initializer_list<std::pair<std::string_view, T>> pairs) {
    values_.reserve(pairs.size());
    for (const auto& [key, value] : pairs) add<true>(key, value);
    keys_.seal();
  }
  template <class R>
    requires(detail::RangeOfPairs<R, T> && !std::same_as<std::remove_cvref_t<R>, Pairs>)
  Pairs(R&& range) {
    if constexpr (requires { std::size(range); }) values_.reserve(std::size(range));
    for (auto&& pair : range) {
      using Pair = detail::range_element<R>;
      using Key = std::conditional_t<std::is_lvalue_reference_v<Pair>, detail::first_of<Pair>,
                                     std::remove_reference_t<detail::first_of<Pair>>>;
      constexpr bool kStays = detail::bytes_stay<R, Key>;
      if constexpr (detail::is_given_away<R> && std::is_lvalue_reference_v<Pair>) {
        add<kStays>(std::get<0>(pair), std::move(std::get<1>(pair)));
      } else {
        add<kStays>(std::get<0>(pair), std::get<1>(std::forward<decltype(pair)>(pair)));
      }
    }
    keys_.seal();
  }

  [[nodiscard]] Keys& keys() noexcept { return keys_; }
  [[nodiscard]] T* value(std::size_t i) noexcept { return &values_[i].value; }
  /// Copies all keys, so that the caller's may go.
  void own() { keys_.own(); }
  /// Zeroes what is held.
  void wipe() noexcept {
    keys_.wipe();
    for (Slot& slot : values_) {
      detail::wipe_value(slot.value);
    }
  }

 private:
  struct Slot {  // keeps a T addressable where it is bool
    template <class V>
    Slot(std::in_place_t, V&& from) : value(std::forward<V>(from)) {}
    T value;
  };

  template <bool kBytesStay, class V>
  void add(std::string_view key, V&& value) {
    keys_.add<kBytesStay>(key);
    values_.emplace_back(std::in_place, std::forward<V>(value));
  }

  Keys keys_;
  std::vector<Slot> values_;
};

/// The answer of a batch. `results[i]` belongs to the i-th key given; duplicates get one each.
/// When the whole input was refused (or the context had ended), `status` says so and every
/// element carries the same error.
template <class V>
class [[nodiscard]] BatchResult {
 public:
  /// A read's element is a Lookup; a write's element (V = void) is a Result<void>.
  using Element = std::conditional_t<std::is_void_v<V>, Result<void>, Lookup<V>>;
  using const_iterator = typename std::vector<Element>::const_iterator;

  BatchResult() = default;
  explicit BatchResult(std::vector<Element> elements) : elements_(std::move(elements)) {
    for (const Element& element : elements_) {
      if (!element.ok() && !first_error_) first_error_ = element.error();
    }
  }
  BatchResult(std::size_t size, const Error& error) : first_error_(error) {
    elements_.reserve(size);
    for (std::size_t i = 0; i < size; ++i) elements_.emplace_back(error);
  }

  /// No element failed (misses are no failure).
  [[nodiscard]] bool ok() const noexcept { return !first_error_; }
  [[nodiscard]] explicit operator bool() const noexcept { return ok(); }
  /// The first failure; needs `!ok()`.
  [[nodiscard]] const Error& error() const& noexcept { return *first_error_; }
  [[nodiscard]] Error error() && noexcept { return *std::move(first_error_); }
  [[nodiscard]] Result<void> status() const {
    return first_error_ ? Result<void>(*first_error_) : Result<void>();
  }
  [[nodiscard]] std::size_t size() const noexcept { return elements_.size(); }
  [[nodiscard]] bool empty() const noexcept { return elements_.empty(); }
  /// Elements that are hits.
  [[nodiscard]] std::size_t hits() const noexcept
    requires(!std::is_void_v<V>)
  {
    std::size_t count = 0;
    for (const Element& element : elements_) count += element.hit() ? 1 : 0;
    return count;
  }

  Element& operator[](std::size_t i) & noexcept { return elements_[i]; }
  const Element& operator[](std::size_t i) const& noexcept { return elements_[i]; }
  Element operator[](std::size_t i) && noexcept { return std::move(elements_[i]); }
  auto begin() noexcept { return elements_.begin(); }
  auto end() noexcept { return elements_.end(); }
  const_iterator begin() const noexcept { return elements_.begin(); }
  const_iterator end() const noexcept { return elements_.end(); }

 private:
  std::vector<Element> elements_;
  std::optional<Error> first_error_;
};

}  // namespace larder
