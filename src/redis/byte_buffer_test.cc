// ByteBuffer against a plain string; its memory stays in proportion; what it drops is overwritten.
#include "redis/byte_buffer.h"

#include <algorithm>
#include <string>

#include <gtest/gtest.h>

#include "base/prng.h"

namespace larder::redis {
namespace {

TEST(ByteBuffer, KeepsOrderAndBytes) {
  base::Prng random(11);
  ByteBuffer buffer;
  std::string model;
  std::size_t most = 0;
  for (int i = 0; i < 20'000; ++i) {
    const std::size_t size = random.below(random.below(20) == 0 ? 9'000 : 60);
    if (random.below(2) == 0) {
      const std::string bytes(size, static_cast<char>('a' + i % 26));
      if (random.below(2) == 0) {
        buffer.append(bytes);
      } else {
        const std::span<char> space = buffer.space(size + 7);
        ASSERT_EQ(space.size(), size + 7);
        std::ranges::copy(bytes, space.begin());
        buffer.commit(size);
      }
      model += bytes;
    } else {
      const std::size_t dropped = std::min(size, model.size());
      buffer.consume(dropped, random.below(2) == 0);
      model.erase(0, dropped);
    }
    most = std::max(most, model.size() + 7);
    ASSERT_EQ(buffer.unread(), model) << i;
    ASSERT_EQ(buffer.size(), model.size());
    ASSERT_LE(buffer.capacity(), std::max(2 * ByteBuffer::kFirstBytes, 4 * most));
  }
}

TEST(ByteBuffer, OverwritesWhatItDrops) {
  ByteBuffer buffer;
  buffer.append("secret and more");
  const char* bytes = buffer.unread().data();
  buffer.consume(6, true);
  EXPECT_EQ(std::string(bytes, 6), std::string(6, '\0'));
  buffer.consume(4, false);
  EXPECT_EQ(std::string(bytes + 6, 4), " and");
  buffer.clear();
  EXPECT_EQ(std::string(bytes + 10, 5), std::string(5, '\0'));
  EXPECT_TRUE(buffer.empty());
}

TEST(ByteBuffer, OverwritesWhatItMoves) {
  ByteBuffer buffer;
  buffer.append(std::string(ByteBuffer::kFirstBytes - 10, 'x'));
  buffer.append("0123456789");
  const char* block = buffer.unread().data();
  buffer.consume(ByteBuffer::kFirstBytes - 10, false);
  buffer.append("moves to the front");
  EXPECT_EQ(buffer.unread(), "0123456789moves to the front");
  EXPECT_EQ(buffer.unread().data(), block) << "the same block";
  EXPECT_EQ(std::string(block + ByteBuffer::kFirstBytes - 10, 10), std::string(10, '\0'));
}

TEST(ByteBuffer, GivesALargeBlockBack) {
  ByteBuffer buffer;
  buffer.append(std::string(ByteBuffer::kKeptBytes + 1, 'x'));
  buffer.consume(ByteBuffer::kKeptBytes, false);
  EXPECT_GT(buffer.capacity(), ByteBuffer::kKeptBytes);
  buffer.consume(1, false);
  EXPECT_EQ(buffer.capacity(), 0U);
  buffer.append("again");
  EXPECT_EQ(buffer.unread(), "again");
}

}  // namespace
}  // namespace larder::redis
