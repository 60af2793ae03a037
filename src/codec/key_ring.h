// The keys of encrypted caches: each known by a number that stands in the open beside what it
// encrypted, one of them active. Rotation adds a key, makes it active, and drops the old one when
// nothing stored lives that long.
//
// Thread safety: constant once it is shared.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace larder::codec {

class KeyRing {
 public:
  static constexpr std::size_t kKeyBytes = 32;
  using Key = std::array<unsigned char, kKeyBytes>;

  KeyRing() = default;
  KeyRing(const KeyRing&) = delete;
  KeyRing& operator=(const KeyRing&) = delete;
  ~KeyRing();

  // Adds a key, or replaces the one of this number. The last key that was added is the active one.
  void add(std::uint32_t id, std::span<const unsigned char, kKeyBytes> key);
  // False: there is no key of this number.
  bool activate(std::uint32_t id) noexcept;

  // The number of the key that new values are encrypted with; nothing: there is no key.
  [[nodiscard]] std::optional<std::uint32_t> active() const noexcept { return active_; }
  // Null: not known.
  [[nodiscard]] const Key* find(std::uint32_t id) const noexcept;

 private:
  struct Entry {
    std::uint32_t id;
    Key key;
  };

  std::vector<Entry> keys_;
  std::optional<std::uint32_t> active_;
};

}  // namespace larder::codec
