// What the two faces require of T, each with one clear sentence, and the wiping of typed arguments.
// Thread safety: compile-time checks; a Wiper belongs to one call.
#pragma once

#include <memory>
#include <type_traits>

#include "larder/detail/answers.h"
#include "larder/value_ops.h"

namespace larder::detail {

template <class T>
constexpr bool require_cacheable() {
  static_assert(!std::is_pointer_v<T>,
                "larder: a cache cannot hold raw pointers; store the value or a "
                "shared_ptr<const X>");
  static_assert(!is_view<T>,
                "larder: a cache cannot hold views or reference wrappers; store what they see");
  static_assert(!is_mutable_share<T>,
                "larder: a cache holds shared_ptr<const X> only, so that nobody edits a cached "
                "value behind the cache");
  static_assert(is_view<T> || is_mutable_share<T> || Cacheable<T>,
                "larder: a cached type is a complete object type without const, nothrow movable "
                "and destructible");
  return true;
}

template <class T>
constexpr void require_copyable() {
  static_assert(std::is_copy_constructible_v<T>,
                "larder: this operation hands out copies and T cannot be copied; use get_ref or "
                "get_or_set_ref");
}

template <class T>
constexpr void require_counter() {
  static_assert(Counter<T>, "larder: only integral types other than bool and characters count");
}

/// Zeroes a typed argument at the end of the call where the cache says so.
template <class T>
class Wiper {
 public:
  Wiper(bool wipes, T& value) noexcept : value_(wipes ? &value : nullptr) {}
  Wiper(const Wiper&) = delete;
  Wiper& operator=(const Wiper&) = delete;
  ~Wiper() {
    if (value_ != nullptr) wipe_value(*value_);
  }

 private:
  T* value_;
};

}  // namespace larder::detail
