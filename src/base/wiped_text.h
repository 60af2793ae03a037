// Bytes of keys and terms that overwrite themselves when they go. Used wherever the library keeps
// copies of them, so that no list that grows or shrinks leaves one behind.
//
// Thread safety: a value.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "base/secure.h"

namespace larder::base {

// The bytes lie in the heap however few they are: moving one moves a pointer, and leaves nothing.
class WipedText {
 public:
  WipedText() noexcept = default;
  WipedText(std::string_view text)
      : bytes_(text.empty() ? nullptr : std::make_unique_for_overwrite<char[]>(text.size())),
        size_(text.size()) {
    text.copy(bytes_.get(), size_);
    clear_registers();
  }
  WipedText(const std::string& text) : WipedText(std::string_view(text)) {}
  WipedText(const WipedText& other) : WipedText(other.view()) {}
  WipedText(WipedText&& other) noexcept
      : bytes_(std::move(other.bytes_)), size_(std::exchange(other.size_, 0)) {}
  WipedText& operator=(WipedText other) noexcept {
    std::swap(bytes_, other.bytes_);
    std::swap(size_, other.size_);
    return *this;
  }
  ~WipedText() { secure_zero(bytes_.get(), size_); }

  [[nodiscard]] std::string_view view() const noexcept { return {bytes_.get(), size_}; }
  operator std::string_view() const noexcept { return view(); }
  [[nodiscard]] bool empty() const noexcept { return size_ == 0; }
  friend bool operator==(const WipedText& a, const WipedText& b) noexcept {
    return a.view() == b.view();
  }
  friend bool operator==(const WipedText& a, std::string_view b) noexcept { return a.view() == b; }

 private:
  std::unique_ptr<char[]> bytes_;  // null: empty
  std::size_t size_ = 0;
};

}  // namespace larder::base
