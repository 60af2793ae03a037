// What loaders and updaters are given and what they answer.
// Thread safety: a LoadContext belongs to one load; its accessors may be called from any thread
// while the load runs. The answers are values.
#pragma once

#include <concepts>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <stop_token>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "larder/context.h"
#include "larder/result.h"
#include "larder/time.h"

namespace larder {

template <class T>
class Cache;

/// How an entry is written: its time to live and its tags. Implicit from a Ttl or a duration.
struct WriteOptions {
  Ttl ttl;
  std::vector<std::string> tags;

  WriteOptions() = default;
  WriteOptions(Ttl time_to_live) : ttl(time_to_live) {}
  template <class Rep, class Period>
  WriteOptions(std::chrono::duration<Rep, Period> time_to_live) : ttl(time_to_live) {}
  WriteOptions(Ttl time_to_live, std::vector<std::string> tag_list)
      : ttl(time_to_live), tags(std::move(tag_list)) {}
};

/// A loader's answer with terms of its own; they replace those of the call where given.
template <class T>
struct Loaded {
  T value;
  std::optional<Ttl> ttl{};
  std::optional<std::vector<std::string>> tags{};
};

/// A loader's answer "there is no such thing": nothing is stored, callers see a miss.
struct Absent {};
inline constexpr Absent absent{};

/// What a load knows of itself: its key, its deadline, its stop token and the chain of loads it
/// runs in. Loads that a loader starts on other threads or in coroutines should go through
/// `ctx.cache(other)`, so that a cycle is seen.
class LoadContext {
 public:
  LoadContext(std::span<const std::string_view> keys, Context context)
      : keys_(keys), context_(std::move(context)) {}
  LoadContext(const LoadContext&) = delete;
  LoadContext& operator=(const LoadContext&) = delete;

  /// The key to load (the first one of a batch).
  [[nodiscard]] std::string_view key() const noexcept { return keys_.front(); }
  [[nodiscard]] std::span<const std::string_view> keys() const noexcept { return keys_; }
  /// Fires when nobody waits for the result, at the load's time limit, or at close.
  [[nodiscard]] const std::stop_token& stop_token() const noexcept { return context_.stop; }
  [[nodiscard]] std::optional<std::int64_t> deadline_ns() const noexcept {
    return context_.deadline_ns;
  }
  /// The load's bounds as a context, its place in the chain of loads included.
  [[nodiscard]] const Context& context() const noexcept { return context_; }
  /// `other`, bound to this load: bounded by its deadline and part of its chain.
  template <class U>
  [[nodiscard]] Cache<U> cache(const Cache<U>& other) const {
    return other.with(context_);
  }

 private:
  std::span<const std::string_view> keys_;
  Context context_;
};

/// `return larder::keep;` and `return larder::erase;` in an updater declared `-> Change<T>`.
struct Keep {};
inline constexpr Keep keep{};
struct Erase {};
inline constexpr Erase erase{};

/// An updater's answer: store a value, keep what is there, erase it, or fail.
template <class T>
class Change {
 public:
  enum class Kind : std::uint8_t { store, keep, erase, fail };

  Change(Keep) : kind_(Kind::keep) {}
  Change(Erase) : kind_(Kind::erase) {}
  Change(Error error) : kind_(Kind::fail), error_(std::move(error)) {}
  /// Stores `value`; without `options` those of the call apply.
  static Change store(T&& value, std::optional<WriteOptions> options = std::nullopt) {
    return Change(std::move(value), std::move(options));
  }
  static Change store(const T& value, std::optional<WriteOptions> options = std::nullopt)
    requires std::is_copy_constructible_v<T>
  {
    return Change(value, std::move(options));
  }

  [[nodiscard]] Kind kind() const noexcept { return kind_; }
  std::optional<T>& value() noexcept { return value_; }
  std::optional<WriteOptions>& options() noexcept { return options_; }
  const std::optional<Error>& error() const noexcept { return error_; }

 private:
  template <class V>
  Change(V&& value, std::optional<WriteOptions> options)
      : kind_(Kind::store),
        value_(std::in_place, std::forward<V>(value)),
        options_(std::move(options)) {}

  Kind kind_;
  std::optional<T> value_;
  std::optional<WriteOptions> options_;
  std::optional<Error> error_;
};

/// `return larder::store(value);` in an updater.
template <class T>
Change<std::remove_cvref_t<T>> store(T&& value) {
  return Change<std::remove_cvref_t<T>>::store(std::forward<T>(value));
}
template <class T>
Change<std::remove_cvref_t<T>> store(T&& value, WriteOptions options) {
  return Change<std::remove_cvref_t<T>>::store(std::forward<T>(value), std::move(options));
}

}  // namespace larder
