// Room is made by moving the unread bytes to the front where half of the block is free, by a larger
// block otherwise: each byte is moved a bounded number of times on average.
#include "redis/byte_buffer.h"

#include <algorithm>
#include <cstring>

#include "base/check.h"
#include "base/secure.h"

namespace larder::redis {

std::span<char> ByteBuffer::space(std::size_t size) {
  if (begin_ == end_) begin_ = end_ = 0;
  if (capacity_ - end_ < size) make_room(size);
  return {block_.get() + end_, size};
}

void ByteBuffer::commit(std::size_t size) noexcept {
  CHECK_LE(size, capacity_ - end_);
  end_ += size;
}

void ByteBuffer::append(std::string_view bytes) {
  bytes.copy(space(bytes.size()).data(), bytes.size());
  end_ += bytes.size();
}

void ByteBuffer::consume(std::size_t size, bool wipe) noexcept {
  CHECK_LE(size, end_ - begin_);
  if (wipe) base::secure_zero(block_.get() + begin_, size);
  begin_ += size;
  if (begin_ == end_ && capacity_ > kKeptBytes) {
    block_.reset();
    capacity_ = begin_ = end_ = 0;
  }
}

void ByteBuffer::clear() noexcept { consume(end_ - begin_, true); }

void ByteBuffer::make_room(std::size_t size) {
  const std::size_t unread = end_ - begin_;
  if (unread + size <= capacity_ && begin_ >= unread) {
    std::memcpy(block_.get(), block_.get() + begin_, unread);
    base::secure_zero(block_.get() + begin_, unread);
  } else {
    const std::size_t wanted = std::max({kFirstBytes, capacity_ * 2, unread + size});
    auto larger = std::make_unique_for_overwrite<char[]>(wanted);
    if (unread > 0) {
      std::memcpy(larger.get(), block_.get() + begin_, unread);
      base::secure_zero(block_.get() + begin_, unread);
    }
    block_ = std::move(larger);
    capacity_ = wanted;
  }
  begin_ = 0;
  end_ = unread;
}

}  // namespace larder::redis
