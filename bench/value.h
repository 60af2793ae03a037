// The values of the workloads: plain bytes of a fixed size, or strings. Each carries its key's id
// at both ends, so that a hit is checked at the price of two loads, and a count of updates.
//
// Thread safety: values.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>

#include "bench/random.h"

namespace larder::bench {

template <std::size_t N>
using Bytes = std::array<std::byte, N>;

// Makes and checks values of a T. Layout: a word of the id, a count of updates, filling, and in
// values of 16 bytes and more another word of the id at the end.
template <class T>
class Values {
 public:
  // `bytes` is the size of strings, 8 or more; arrays have their own.
  explicit Values(std::size_t bytes) noexcept : bytes_(bytes) {}

  [[nodiscard]] T make(std::uint32_t id) const {
    T value = blank(id);
    put(value, 0, mix32(id));
    put(value, 4, 0U);
    if (value.size() >= 16) put(value, value.size() - 8, mix64(id));
    return value;
  }
  [[nodiscard]] bool matches(const T& value, std::uint32_t id) const noexcept {
    if constexpr (std::is_same_v<T, std::string>) {
      if (value.size() != bytes_) return false;
    }
    const bool head = load<std::uint32_t>(value, 0) == mix32(id);
    if (value.size() < 16) return head;
    return head && load<std::uint64_t>(value, value.size() - 8) == mix64(id);
  }
  // One more update.
  void count(T& value) const noexcept { put(value, 4, updates(value) + 1); }
  [[nodiscard]] std::uint32_t updates(const T& value) const noexcept {
    return load<std::uint32_t>(value, 4);
  }

 private:
  T blank(std::uint32_t id) const {
    if constexpr (std::is_same_v<T, std::string>) {
      return T(bytes_, static_cast<char>(id));
    } else {
      T value;
      value.fill(static_cast<std::byte>(id));
      return value;
    }
  }
  template <class Word>
  static void put(T& value, std::size_t at, Word word) noexcept {
    std::memcpy(value.data() + at, &word, sizeof(word));
  }
  template <class Word>
  static Word load(const T& value, std::size_t at) noexcept {
    Word word;
    std::memcpy(&word, value.data() + at, sizeof(word));
    return word;
  }

  std::size_t bytes_;
};

}  // namespace larder::bench
