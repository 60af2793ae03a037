// Where encoded bytes go: a string of the caller's, which leaves nothing behind when it grows.
// Used by every writer of codec/.
//
// Thread safety: belongs to one call.
#pragma once

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>
#include <utility>

#include "base/secure.h"

namespace larder::codec {

// Whether what held plain text is zeroed before it is given back.
enum class Wiping : bool { off, on };

class Sink {
 public:
  Sink(std::string& out, Wiping wiping) noexcept : out_(out), wipes_(wiping == Wiping::on) {}

  void append(std::string_view bytes) {
    make_room(bytes.size());
    out_.append(bytes);
  }
  void append(char byte) {
    make_room(1);
    out_.push_back(byte);
  }
  // `size` bytes at the end, to be filled in by the caller.
  char* extend(std::size_t size) {
    make_room(size);
    out_.resize(out_.size() + size);
    return out_.data() + out_.size() - size;
  }
  // Gives back the last `size` bytes.
  void shrink(std::size_t size) noexcept {
    if (wipes_) base::secure_zero(out_.data() + out_.size() - size, size);
    out_.resize(out_.size() - size);
  }
  [[nodiscard]] std::size_t size() const noexcept { return out_.size(); }
  // What was appended since the size was `before`; until the next call.
  [[nodiscard]] std::string_view since(std::size_t before) const noexcept {
    return std::string_view(out_).substr(before);
  }

 private:
  void make_room(std::size_t size) {
    if (wipes_ && out_.capacity() - out_.size() < size) [[unlikely]]
      grow(size);
  }
  // The string's own growth would give the old bytes back as they are.
  [[gnu::noinline]] void grow(std::size_t size) {
    std::string larger;
    larger.reserve(std::max(2 * out_.capacity(), out_.size() + size));
    larger.append(out_);
    base::secure_zero(out_.data(), out_.size());
    out_ = std::move(larger);
  }

  std::string& out_;
  const bool wipes_;
};

}  // namespace larder::codec
