// Tests of the owning copy: it is deep, and its views survive moves.
//
// Thread safety: a test program.
#include "resp/reply.h"

#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "resp/parser.h"
#include "resp/show_test.h"

namespace larder::resp {
namespace {

using std::string_literals::operator""s;
using std::string_view_literals::operator""sv;

// The reply of these bytes, which are gone when it is there.
Reply parsed(std::string bytes) {
  Parser parser;
  EXPECT_EQ(parser.parse(bytes), Parser::Status::ready) << bytes;
  Reply reply(parser.value());
  bytes.assign(bytes.size(), '!');
  return reply;
}

TEST(Reply, IsNullWhenEmpty) { EXPECT_TRUE(Reply().value().is_null()); }

TEST(Reply, KeepsScalars) {
  EXPECT_EQ(show(parsed("+OK\r\n").value()), "status 'OK'");
  EXPECT_EQ(show(parsed("$3\r\na\0b\r\n"s).value()), "text 'a\0b'"sv);
  EXPECT_EQ(show(parsed("$0\r\n\r\n").value()), "text");
  EXPECT_EQ(show(parsed(":-5\r\n").value()), "integer -5");
  EXPECT_EQ(parsed(",1.5\r\n").value().number, 1.5);
  EXPECT_EQ(show(parsed("_\r\n").value()), "null");
}

constexpr std::string_view kTree =
    "%2\r\n+name\r\n*3\r\n$1\r\nx\r\n*0\r\n*1\r\n:7\r\n$4\r\nsets\r\n~2\r\n#t\r\n-ERR no\r\n";
constexpr std::string_view kShownTree =
    "map [status 'name';list [text 'x';list;list [integer 7;];];text 'sets';"
    "set [boolean 1;error 'ERR no';];]";

TEST(Reply, KeepsTrees) { EXPECT_EQ(show(parsed(std::string(kTree)).value()), kShownTree); }

TEST(Reply, CanBeCopiedFromAReply) {
  Reply second;
  {
    const Reply first = parsed(std::string(kTree));
    second = Reply(first.value());
  }
  EXPECT_EQ(show(second.value()), kShownTree);
}

TEST(Reply, SurvivesMoves) {
  Reply first = parsed(std::string(kTree));
  Reply second = std::move(first);
  EXPECT_TRUE(first.value().is_null());  // NOLINT: what a moved-from reply shows is documented
  std::vector<Reply> replies;
  replies.push_back(std::move(second));
  for (int i = 0; i < 10; ++i) replies.push_back(parsed("+short\r\n"));
  EXPECT_EQ(show(replies.front().value()), kShownTree);
  EXPECT_EQ(show(replies.back().value()), "status 'short'");
  replies.back() = std::move(replies.front());
  EXPECT_EQ(show(replies.back().value()), kShownTree);
  EXPECT_TRUE(replies.front().value().is_null());
}

TEST(Reply, MovesToItself) {
  Reply reply = parsed(std::string(kTree));
  Reply& same = reply;
  reply = std::move(same);
  EXPECT_EQ(show(reply.value()), kShownTree);
}

}  // namespace
}  // namespace larder::resp
