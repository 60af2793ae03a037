// ByteBuffer: bytes that come in at the end and go out at the front, in one piece. Used by the Link
// for what it receives and sends.
//
// Thread safety: an object belongs to one thread at a time.
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string_view>

namespace larder::redis {

// A block of `capacity_` bytes of which [begin_, end_) are unread. Grows by doubling, so that its
// size is below twice the most unread bytes it ever held; gives a large block back when it is
// empty. What leaves the block for another, and what clear() drops, is overwritten; what consume()
// drops, where it is asked to.
class ByteBuffer {
 public:
  static constexpr std::size_t kFirstBytes = std::size_t{4} << 10;
  static constexpr std::size_t kKeptBytes = std::size_t{1} << 20;  // larger blocks are given back

  ByteBuffer() noexcept = default;
  ~ByteBuffer() { clear(); }
  ByteBuffer(const ByteBuffer&) = delete;
  ByteBuffer& operator=(const ByteBuffer&) = delete;

  [[nodiscard]] std::string_view unread() const noexcept {
    return {block_.get() + begin_, end_ - begin_};
  }
  [[nodiscard]] bool empty() const noexcept { return begin_ == end_; }
  [[nodiscard]] std::size_t size() const noexcept { return end_ - begin_; }
  [[nodiscard]] std::size_t capacity() const noexcept { return capacity_; }

  // Room for `size` bytes behind the unread ones, which may move. commit() makes them unread.
  std::span<char> space(std::size_t size);
  void commit(std::size_t size) noexcept;

  void append(std::string_view bytes);

  // Drops the first `size` unread bytes.
  void consume(std::size_t size, bool wipe) noexcept;

  // Drops all, and overwrites what was unread.
  void clear() noexcept;

 private:
  void make_room(std::size_t size);

  std::unique_ptr<char[]> block_;
  std::size_t capacity_ = 0;
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
};

}  // namespace larder::redis
