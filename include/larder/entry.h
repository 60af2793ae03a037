// What an entry is to its users: versions, metadata, pinned views, and what updates and pages
// answer.
// Thread safety: values. A Ref may be moved to and released on any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "larder/time.h"

namespace larder {

/// Names one write of one entry. Opaque: compare for equality only. Unique per write and never
/// reused, not even after erase, re-creation or failover.
class Version {
 public:
  constexpr Version() noexcept = default;
  /// For engines: any two words that no other write ever had. (0, 0) means absent.
  constexpr Version(std::uint64_t high, std::uint64_t low) noexcept : high_(high), low_(low) {}
  /// The version of a key that is not there: `compare_and_set` creates with it.
  static constexpr Version absent() noexcept { return {}; }

  [[nodiscard]] constexpr bool is_absent() const noexcept { return high_ == 0 && low_ == 0; }
  [[nodiscard]] constexpr std::uint64_t high() const noexcept { return high_; }
  [[nodiscard]] constexpr std::uint64_t low() const noexcept { return low_; }
  friend constexpr bool operator==(Version, Version) noexcept = default;

 private:
  std::uint64_t high_ = 0;
  std::uint64_t low_ = 0;
};

/// A value with the version it was read at and its expiry (absent: never).
template <class T>
struct Entry {
  T value;
  Version version;
  std::optional<Timestamp> expires_at;
};

/// What is known of an entry beside its value.
struct EntryMetadata {
  std::string key;
  Timestamp created_at;                 ///< start of the entry (SPEC rule 4)
  std::optional<Timestamp> expires_at;  ///< absent: never
  std::size_t size_bytes = 0;           ///< key, value and bookkeeping as accounted
  std::vector<std::string> tags;        ///< sorted, distinct
  Version version;
  std::optional<Timestamp> last_accessed;     ///< with access tracking, after the first read
  std::optional<std::uint64_t> access_count;  ///< with access tracking
};

/// An owning, type-erased hold on one immutable value. Engines make it; `Ref<T>` is its face.
class Pin {
 public:
  /// Gives the hold back; called once, from any thread.
  using Release = void (*)(void* owner, const void* value) noexcept;

  Pin() noexcept = default;
  Pin(const void* value, void* owner, Release release, Version version) noexcept
      : value_(value), owner_(owner), release_(release), version_(version) {}
  Pin(Pin&& other) noexcept
      : value_(std::exchange(other.value_, nullptr)),
        owner_(other.owner_),
        release_(other.release_),
        version_(other.version_) {}
  Pin& operator=(Pin&& other) noexcept {
    if (this != &other) {
      reset();
      value_ = std::exchange(other.value_, nullptr);
      owner_ = other.owner_;
      release_ = other.release_;
      version_ = other.version_;
    }
    return *this;
  }
  ~Pin() { reset(); }

  void reset() noexcept {
    if (const void* value = std::exchange(value_, nullptr)) release_(owner_, value);
  }
  [[nodiscard]] const void* value() const noexcept { return value_; }
  [[nodiscard]] Version version() const noexcept { return version_; }
  [[nodiscard]] explicit operator bool() const noexcept { return value_ != nullptr; }

 private:
  const void* value_ = nullptr;
  void* owner_ = nullptr;
  Release release_ = nullptr;
  Version version_;
};

/// A pinned read-only view of a value: no copy in process. It stays valid, and its value
/// unchanged, whatever happens to the entry, the cache or the manager, until it is released.
/// Movable across threads; `*` and `->` need a non-empty Ref.
template <class T>
class Ref {
 public:
  Ref() noexcept = default;
  explicit Ref(Pin pin) noexcept : pin_(std::move(pin)) {}

  const T& operator*() const noexcept { return *get(); }
  const T* operator->() const noexcept { return get(); }
  [[nodiscard]] const T* get() const noexcept { return static_cast<const T*>(pin_.value()); }
  [[nodiscard]] Version version() const noexcept { return pin_.version(); }
  [[nodiscard]] explicit operator bool() const noexcept { return static_cast<bool>(pin_); }
  void reset() noexcept { pin_.reset(); }

 private:
  Pin pin_;
};

/// What an update did.
template <class T>
struct Updated {
  enum class Action : std::uint8_t { stored, kept, erased };
  Action action;
  std::optional<T> value;  ///< what lives now: absent after erase, or keep of nothing
  Version version;         ///< `Version::absent()` when nothing lives
};

/// One page of a listing. Pass `cursor` on; an empty cursor ends the listing.
struct Page {
  std::vector<std::string> items;
  std::string cursor;
};

}  // namespace larder

template <>
struct std::hash<larder::Version> {
  std::size_t operator()(larder::Version v) const noexcept {
    return static_cast<std::size_t>(v.high() * 0x9E3779B97F4A7C15U ^ v.low());
  }
};
