// ValueOps: the one table through which everything below `Cache<T>` handles a `T` that it does
// not know; and `Cacheable`, the concept that says which types may be cached.
// Thread safety: the tables are constants. The functions touch only what they are handed.
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <limits>
#include <memory>
#include <new>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

#include "larder/codec.h"
#include "larder/wipe.h"

namespace larder {

namespace detail {
template <class T>
inline constexpr bool is_view = std::is_same_v<T, std::string_view>;
template <class T, std::size_t N>
inline constexpr bool is_view<std::span<T, N>> = true;
template <class T>
inline constexpr bool is_view<std::reference_wrapper<T>> = true;
template <class T>
inline constexpr bool is_mutable_share = false;
template <class X>
inline constexpr bool is_mutable_share<std::shared_ptr<X>> = !std::is_const_v<X>;
}  // namespace detail

/// Types that can be cached: complete object types, nothrow movable and destructible, that own
/// what they hold. `shared_ptr<X>` only as `shared_ptr<const X>`: nobody may edit a cached value
/// behind the cache. Copying is needed only by the operations that hand out copies.
template <class T>
concept Cacheable =
    std::is_object_v<T> && std::same_as<T, std::remove_cv_t<T>> && !std::is_array_v<T> &&
    !std::is_pointer_v<T> && !detail::is_view<T> && !detail::is_mutable_share<T> &&
    std::is_nothrow_move_constructible_v<T> && std::is_nothrow_destructible_v<T>;

/// A signed step of a counter: magnitude and direction, so that no step overflows by itself.
struct Delta {
  std::uint64_t magnitude = 0;
  bool negative = false;
};

/// What the library can do with a value it does not know. One constant table per `T`.
struct ValueOps {
  std::size_t size_bytes;
  std::size_t align_bytes;
  /// Builds a copy at `to`; may throw what `T` throws. Null: `T` cannot be copied.
  void (*copy)(void* to, const void* from);
  /// Builds at `to` from `from`, which stays a moved-from object.
  void (*move)(void* to, void* from) noexcept;
  void (*destroy)(void* value) noexcept;
  /// Zeroes what the value reaches (before `destroy`). Null: nothing known to reach.
  void (*wipe)(void* value) noexcept;
  /// Bytes the value owns outside itself, as far as known; 0 for types that do not tell.
  std::size_t (*owned_bytes)(const void* value) noexcept;
  /// Adds a step in place; false, and unchanged, if the result leaves the range of `T`.
  /// Null: `T` is no counter.
  bool (*add)(void* value, Delta step) noexcept;
  /// Builds a zero at `to`. Null: `T` is no counter.
  void (*zero)(void* to) noexcept;
  /// A copy is a plain byte copy of `size_bytes`.
  bool trivial;
  /// `T` counts: as bytes it is its decimal text, whatever the format.
  bool textual_integer;
  /// Takes the value apart; what went wrong is in the writer. Null: `T` has no Codec.
  void (*encode)(const void* value, FieldWriter& to);
  /// Builds a T at `to`; false, and nothing is built, where the reader failed. Null: no Codec.
  bool (*decode)(void* to, FieldReader& from);
  /// Codec<T>::name() and schema_version(); empty and 0: no Codec.
  std::string_view wire_name;
  std::uint32_t schema_version;
};

namespace detail {

/// `T`s that `increment` accepts.
template <class T>
concept Counter = std::integral<T> && !std::same_as<T, bool> && !std::same_as<T, char> &&
                  !std::same_as<T, wchar_t> && !std::same_as<T, char8_t> &&
                  !std::same_as<T, char16_t> && !std::same_as<T, char32_t>;

/// The magnitude and direction of a step of any integral type.
template <class D>
constexpr Delta delta_of(D step, bool negate) noexcept {
  const bool negative = std::is_signed_v<D> && step < D{0};
  const auto image = static_cast<std::uint64_t>(step);
  return Delta{negative ? std::uint64_t{0} - image : image, negative != negate};
}

template <Counter T>
bool add_in_range(T& value, Delta step) noexcept {
  constexpr auto kMax = std::numeric_limits<T>::max();
  constexpr auto kMin = std::numeric_limits<T>::min();
  // Room towards the bound, computed in the unsigned image, where it cannot overflow.
  const auto image = [](T v) { return static_cast<std::uint64_t>(v); };
  const std::uint64_t room =
      step.negative ? image(value) - image(kMin) : image(kMax) - image(value);
  if (step.magnitude > room) return false;
  value =
      static_cast<T>(step.negative ? image(value) - step.magnitude : image(value) + step.magnitude);
  return true;
}

template <class T>
std::size_t owned_bytes(const T& value) noexcept {
  if constexpr (requires {
                  { value.capacity() } -> std::convertible_to<std::size_t>;
                  typename T::value_type;
                  { value.data() };
                }) {
    const auto* data = reinterpret_cast<const std::byte*>(value.data());
    const auto* self = reinterpret_cast<const std::byte*>(&value);
    const bool inside = data >= self && data < self + sizeof(T);
    return inside ? 0 : value.capacity() * sizeof(typename T::value_type);
  } else {
    return 0;
  }
}

template <class T>
bool decode(void* to, FieldReader& from) {
  // Built in place: a temporary would leave a copy of what must be wiped.
  struct Guard {
    T* value;
    ~Guard() {
      if (value == nullptr) return;
      wipe_value(*value);
      std::destroy_at(value);
    }
  } guard{::new (to) T()};
  if (!Codec<T>::read(*guard.value, from) || !from.ok()) return false;
  guard.value = nullptr;
  return true;
}

template <Cacheable T>
constexpr ValueOps make_value_ops() noexcept {
  ValueOps ops{};
  ops.size_bytes = sizeof(T);
  ops.align_bytes = alignof(T);
  if constexpr (std::is_copy_constructible_v<T>) {
    ops.copy = [](void* to, const void* from) { ::new (to) T(*static_cast<const T*>(from)); };
  }
  ops.move = [](void* to, void* from) noexcept { ::new (to) T(std::move(*static_cast<T*>(from))); };
  ops.destroy = [](void* value) noexcept { std::destroy_at(static_cast<T*>(value)); };
  if constexpr (Wipeable<T>) {
    ops.wipe = [](void* value) noexcept { wipe_value(*static_cast<T*>(value)); };
  }
  ops.owned_bytes = [](const void* v) noexcept { return owned_bytes(*static_cast<const T*>(v)); };
  if constexpr (Counter<T>) {
    ops.add = [](void* v, Delta step) noexcept { return add_in_range(*static_cast<T*>(v), step); };
    ops.zero = [](void* to) noexcept { ::new (to) T(0); };
  }
  ops.trivial = std::is_trivially_copyable_v<T>;
  ops.textual_integer = Counter<T>;
  if constexpr (Encodable<T>) {
    ops.encode = [](const void* v, FieldWriter& to) {
      Codec<T>::write(*static_cast<const T*>(v), to);
    };
    ops.decode = decode<T>;
    ops.wire_name = Codec<T>::name();
    ops.schema_version = Codec<T>::schema_version();
  }
  return ops;
}

}  // namespace detail

/// The table of `T`.
template <Cacheable T>
inline constexpr ValueOps kValueOps = detail::make_value_ops<T>();

/// The registered name of a type: how `find<T>` tells types apart. Specialise it to give a type
/// a stable name of your own; the default is the compiler's spelling.
template <class T>
struct TypeName {
  static constexpr std::string_view value() noexcept {
    constexpr std::string_view kSpelling = __PRETTY_FUNCTION__;
    constexpr std::size_t kFrom = kSpelling.find("T = ") + 4;
    constexpr std::size_t kSemicolon = kSpelling.find(';', kFrom);
    constexpr std::size_t kEnd =
        kSemicolon != std::string_view::npos ? kSemicolon : kSpelling.rfind(']');
    return kSpelling.substr(kFrom, kEnd - kFrom);
  }
};

}  // namespace larder
