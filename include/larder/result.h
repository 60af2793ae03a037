// Result and Lookup: how operations answer. A Result is a value or an Error; a Lookup is a hit, a
// miss or an Error, for a miss is never an error.
// Thread safety: values; like std::expected, one object belongs to one thread at a time.
#pragma once

#include <expected>
#include <optional>
#include <type_traits>
#include <utility>

#include "larder/error.h"

namespace larder {

namespace detail {
template <class T>
inline constexpr bool is_optional = false;
template <class T>
inline constexpr bool is_optional<std::optional<T>> = true;
/// Types whose own truth would be mistaken for success.
template <class V>
inline constexpr bool has_own_truth = std::is_same_v<V, bool> || is_optional<V>;
template <class V>
inline constexpr bool moves_quietly = std::is_nothrow_move_constructible_v<V>;
}  // namespace detail

/// A value or an Error. It has no `operator bool` where `V` is itself a truth (`bool`, an
/// optional): write `r.ok()` for success and `*r` or `r.value_or(false)` for the answer.
/// `*` and `->` need `ok()`; `value()` throws std::bad_expected_access on an error. Of a temporary
/// `*`, `value()` and `error()` are values: `for (auto& key : *cache.get_by_index(i, k))` is safe.
template <class V>
class [[nodiscard]] Result {
 public:
  using value_type = V;

  Result()
    requires std::is_default_constructible_v<V>
  = default;
  template <class U = V>
    requires(std::is_constructible_v<V, U &&> && !std::is_same_v<std::remove_cvref_t<U>, Result> &&
             !std::is_same_v<std::remove_cvref_t<U>, Error>)
  Result(U&& value) : value_(std::in_place, std::forward<U>(value)) {}
  Result(Error error) : value_(std::unexpect, std::move(error)) {}
  Result(std::expected<V, Error> value) : value_(std::move(value)) {}

  [[nodiscard]] bool ok() const noexcept { return value_.has_value(); }
  [[nodiscard]] explicit operator bool() const noexcept
    requires(!detail::has_own_truth<V>)
  {
    return ok();
  }
  explicit operator bool() const
    requires(detail::has_own_truth<V>)
  = delete;

  V& operator*() & noexcept { return *value_; }
  const V& operator*() const& noexcept { return *value_; }
  V operator*() && noexcept(detail::moves_quietly<V>) { return *std::move(value_); }
  V* operator->() noexcept { return &*value_; }
  const V* operator->() const noexcept { return &*value_; }
  V& value() & { return value_.value(); }
  const V& value() const& { return value_.value(); }
  V value() && { return std::move(value_).value(); }
  template <class U>
  V value_or(U&& fallback) const& {
    return value_.value_or(std::forward<U>(fallback));
  }
  template <class U>
  V value_or(U&& fallback) && {
    return std::move(value_).value_or(std::forward<U>(fallback));
  }

  /// Needs `!ok()`.
  [[nodiscard]] const Error& error() const& noexcept { return value_.error(); }
  [[nodiscard]] Error error() && noexcept { return std::move(value_).error(); }
  /// The code if this is an error; nothing if it is a value.
  [[nodiscard]] std::optional<Errc> code() const noexcept {
    return ok() ? std::nullopt : std::optional(value_.error().code());
  }

  operator std::expected<V, Error>() const& { return value_; }
  operator std::expected<V, Error>() && { return std::move(value_); }

 private:
  std::expected<V, Error> value_;
};

template <>
class [[nodiscard]] Result<void> {
 public:
  using value_type = void;

  Result() = default;
  Result(Error error) : value_(std::unexpect, std::move(error)) {}
  Result(std::expected<void, Error> value) : value_(std::move(value)) {}

  [[nodiscard]] bool ok() const noexcept { return value_.has_value(); }
  [[nodiscard]] explicit operator bool() const noexcept { return ok(); }
  void value() const { value_.value(); }
  [[nodiscard]] const Error& error() const& noexcept { return value_.error(); }
  [[nodiscard]] Error error() && noexcept { return std::move(value_).error(); }
  [[nodiscard]] std::optional<Errc> code() const noexcept {
    return ok() ? std::nullopt : std::optional(value_.error().code());
  }
  operator std::expected<void, Error>() const { return value_; }

 private:
  std::expected<void, Error> value_;
};

namespace detail {
struct LookupAccess;  // lets the library build a hit in place; defined in cache.h
}

/// What reads return: a hit with its value, a miss, or an Error. Its `bool` means hit; `*` and
/// `->` need a hit; of a temporary `*` and `error()` are values. A failed read is neither hit nor
/// miss: `failed()`.
template <class T>
class [[nodiscard]] Lookup {
 public:
  using value_type = T;

  /// A miss.
  Lookup() noexcept : state_(State::miss) {}
  Lookup(std::nullopt_t) noexcept : state_(State::miss) {}
  template <class U = T>
    requires(std::is_constructible_v<T, U &&> && !std::is_same_v<std::remove_cvref_t<U>, Lookup> &&
             !std::is_same_v<std::remove_cvref_t<U>, Error> &&
             !std::is_same_v<std::remove_cvref_t<U>, std::nullopt_t>)
  Lookup(U&& value) : value_(std::forward<U>(value)), state_(State::hit) {}
  Lookup(Error error) noexcept : error_(std::move(error)), state_(State::failed) {}
  Lookup(Lookup&& other) noexcept : state_(State::miss) { take(std::move(other)); }
  Lookup(const Lookup& other) : state_(State::miss) { copy(other); }
  Lookup& operator=(Lookup&& other) noexcept {
    if (this != &other) {
      reset();
      take(std::move(other));
    }
    return *this;
  }
  Lookup& operator=(const Lookup& other) {
    if (this != &other) *this = Lookup(other);
    return *this;
  }
  ~Lookup() { reset(); }

  [[nodiscard]] bool hit() const noexcept { return state_ == State::hit; }
  [[nodiscard]] bool miss() const noexcept { return state_ == State::miss; }
  [[nodiscard]] bool failed() const noexcept { return state_ == State::failed; }
  /// Not an error: hit or miss.
  [[nodiscard]] bool ok() const noexcept { return state_ != State::failed; }
  [[nodiscard]] explicit operator bool() const noexcept { return hit(); }

  T& operator*() & noexcept { return value_; }
  const T& operator*() const& noexcept { return value_; }
  T operator*() && noexcept(detail::moves_quietly<T>) { return std::move(value_); }
  T* operator->() noexcept { return &value_; }
  const T* operator->() const noexcept { return &value_; }
  /// The value of a hit, `fallback` otherwise (an error too).
  template <class U>
  T value_or(U&& fallback) const& {
    return hit() ? value_ : static_cast<T>(std::forward<U>(fallback));
  }
  template <class U>
  T value_or(U&& fallback) && {
    return hit() ? std::move(value_) : static_cast<T>(std::forward<U>(fallback));
  }

  /// Needs `failed()`.
  [[nodiscard]] const Error& error() const& noexcept { return error_; }
  [[nodiscard]] Error error() && noexcept { return std::move(error_); }
  /// The code if this is an error; nothing if it is a hit or a miss.
  [[nodiscard]] std::optional<Errc> code() const noexcept {
    return failed() ? std::optional(error_.code()) : std::nullopt;
  }

 private:
  friend struct detail::LookupAccess;
  enum class State : unsigned char { miss, hit, failed };

  void reset() noexcept {
    if (state_ == State::hit) std::destroy_at(&value_);
    if (state_ == State::failed) [[unlikely]]
      drop_error();
    state_ = State::miss;
  }
  // Kept out of line: inlined, gcc 12 warns of an error that the state guards.
  [[gnu::noinline]] void drop_error() noexcept { std::destroy_at(&error_); }
  void take(Lookup&& other) noexcept {
    if (other.hit()) std::construct_at(&value_, std::move(other.value_));
    if (other.failed()) std::construct_at(&error_, std::move(other.error_));
    state_ = other.state_;
  }
  void copy(const Lookup& other) {
    if (other.hit()) std::construct_at(&value_, other.value_);
    if (other.failed()) std::construct_at(&error_, other.error_);
    state_ = other.state_;
  }

  union {
    T value_;      // alive in State::hit
    Error error_;  // alive in State::failed
  };
  State state_;
};

}  // namespace larder
