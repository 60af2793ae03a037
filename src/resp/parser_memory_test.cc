// Tests of what parser and writer ask of the allocator: nothing in steady state, and what a huge
// reply needed is given back.
//
// Thread safety: a test program; allocations are counted per thread.
#include <cstddef>
#include <cstdlib>
#include <new>
#include <string>

#include <gtest/gtest.h>

#include "resp/parser.h"
#include "resp/writer.h"

namespace {

thread_local std::size_t allocations = 0;
thread_local std::size_t releases = 0;

void release(void* memory) noexcept {
  releases += memory != nullptr ? 1 : 0;
  std::free(memory);
}

}  // namespace

// The whole program allocates here; the forms for arrays call these.
void* operator new(std::size_t size) {
  ++allocations;
  if (void* const memory = std::malloc(size != 0 ? size : 1)) return memory;
  throw std::bad_alloc();
}
void operator delete(void* memory) noexcept { release(memory); }
void operator delete(void* memory, std::size_t) noexcept { release(memory); }

namespace larder::resp {
namespace {

using Status = Parser::Status;

constexpr int kManyTimes = 1000;

// Reads all replies of the stream; how many there were.
int read_all(Parser& parser, std::string_view stream) {
  int replies = 0;
  for (; parser.parse(stream) == Status::ready; ++replies) {
    stream.remove_prefix(parser.consumed());
  }
  return replies;
}

std::string list_of(int count) {
  std::string bytes = "*" + std::to_string(count) + "\r\n";
  for (int i = 0; i < count; ++i) bytes += "$1\r\nx\r\n";
  return bytes;
}

TEST(ParserMemory, CountsItself) {
  const std::size_t before = allocations;
  const std::string text(100, 'x');
  EXPECT_GT(allocations, before);
}

TEST(ParserMemory, AllocatesNothingInSteadyState) {
  const std::string stream =
      list_of(500) +
      "$5\r\nhello\r\n%1\r\n+k\r\n*1\r\n*1\r\n:1\r\n|1\r\n+a\r\n~2\r\n:1\r\n:2\r\n+OK\r\n,1.5\r\n";
  Parser parser;
  ASSERT_EQ(read_all(parser, stream), 5);
  const std::size_t before = allocations;
  for (int i = 0; i < kManyTimes; ++i) {
    ASSERT_EQ(read_all(parser, {stream.data(), stream.size()}), 5);
  }
  EXPECT_EQ(allocations, before);
}

TEST(ParserMemory, AllocatesNothingForARefusedAnnouncement) {
  Parser parser;
  ASSERT_EQ(parser.parse("*0\r\n"), Status::ready);
  const std::size_t before = allocations;
  EXPECT_EQ(parser.parse("*10000000\r\n"), Status::more);
  EXPECT_EQ(parser.parse("*10000000\r\n*10000000\r\n"), Status::broken);
  EXPECT_EQ(allocations, before);
}

TEST(ParserMemory, GivesBackWhatAHugeReplyNeeded) {
  const std::string huge = list_of(100'000);
  for (const std::string_view next : {"", "$1\r\nx\r\n", "+x\r\n"}) {
    Parser parser;
    ASSERT_EQ(parser.parse(huge), Status::ready);
    const std::size_t before = releases;
    parser.parse(next);
    const std::size_t after_next = releases;
    parser.parse("$1\r\nx\r\n");
    EXPECT_EQ(after_next - before, 3U);  // the stack, the nodes, the values
    EXPECT_EQ(releases, after_next);
  }
}

TEST(ParserMemory, KeepsWhatAReplyOfCommonSizeNeeded) {
  const std::string common = list_of(10'000);
  Parser parser;
  ASSERT_EQ(read_all(parser, common), 1);
  const std::size_t before = releases;
  ASSERT_EQ(read_all(parser, common), 1);
  EXPECT_EQ(releases, before);
}

TEST(WriterMemory, AllocatesNothingInSteadyState) {
  std::string out;
  const std::string key(40, 'k');
  const std::string value(1000, 'v');
  for (int i = 0; i < 10; ++i) append_command(out, "SET", key, value, "PX", 1500);
  const std::size_t before = allocations;
  for (int i = 0; i < kManyTimes; ++i) {
    out.clear();
    append_command(out, "SET", key, value, "PX", 1500);
  }
  EXPECT_EQ(allocations, before);
}

}  // namespace
}  // namespace larder::resp
