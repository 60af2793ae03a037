// Tests of the parser by example: each type, replies that come in pieces, limits, broken bytes, and
// what is kept between replies.
//
// Thread safety: a test program.
#include "resp/parser.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

#include "resp/show_test.h"

namespace larder::resp {
namespace {

using std::string_literals::operator""s;
using std::string_view_literals::operator""sv;
using Status = Parser::Status;

// What one parser says of `bytes` at once: a reply as text, "more", or "broken: fault".
std::string answer(Parser& parser, std::string_view bytes) {
  switch (parser.parse(bytes)) {
    case Status::ready:
      EXPECT_EQ(parser.consumed(), bytes.size());
      return show(parser.value());
    case Status::more:
      return "more";
    case Status::broken:
      break;
  }
  return "broken: " + std::string(parser.fault());
}

std::string parsed(std::string_view bytes, const ParserLimits& limits = {}) {
  Parser parser(limits);
  return answer(parser, bytes);
}

double number_of(std::string_view bytes) {
  Parser parser;
  EXPECT_EQ(parser.parse(bytes), Status::ready) << bytes;
  EXPECT_EQ(parser.value().type, Type::number);
  return parser.value().number;
}

// ---- types ----

TEST(Parser, ReadsSimpleStringsAndErrors) {
  EXPECT_EQ(parsed("+OK\r\n"), "status 'OK'");
  EXPECT_EQ(parsed("+\r\n"), "status");
  EXPECT_EQ(parsed("-ERR unknown command\r\n"), "error 'ERR unknown command'");
  EXPECT_EQ(parsed("!14\r\nERR two\r\nlines\r\n"), "error 'ERR two\r\nlines'");
}

TEST(Parser, ReadsBulkStrings) {
  EXPECT_EQ(parsed("$5\r\nhello\r\n"), "text 'hello'");
  EXPECT_EQ(parsed("$0\r\n\r\n"), "text");
  EXPECT_EQ(parsed("$8\r\na\r\n\0$1\r\n\r\n"sv), "text 'a\r\n\0$1\r\n'"sv);
  EXPECT_EQ(parsed("$12\r\nhello, world\r\n"), "text 'hello, world'");
  EXPECT_EQ(parsed("$0003\r\nabc\r\n"), "text 'abc'");
  const std::string large(1'234'567, 'x');
  EXPECT_EQ(parsed("$1234567\r\n" + large + "\r\n"), "text '" + large + "'");
}

TEST(Parser, ReadsVerbatimStringsWithoutTheirFormat) {
  EXPECT_EQ(parsed("=15\r\ntxt:Some string\r\n"), "text 'Some string'");
  EXPECT_EQ(parsed("=4\r\nmkd:\r\n"), "text");
}

TEST(Parser, ReadsIntegers) {
  EXPECT_EQ(parsed(":0\r\n"), "integer");
  EXPECT_EQ(parsed(":-42\r\n"), "integer -42");
  EXPECT_EQ(parsed(":+42\r\n"), "integer 42");
  EXPECT_EQ(parsed(":9223372036854775807\r\n"), "integer 9223372036854775807");
  EXPECT_EQ(parsed(":-9223372036854775808\r\n"), "integer -9223372036854775808");
}

TEST(Parser, ReadsNullsOfBothProtocols) {
  for (const auto bytes : {"_\r\n", "$-1\r\n", "*-1\r\n"}) EXPECT_EQ(parsed(bytes), "null");
  EXPECT_EQ(parsed("*3\r\n_\r\n$-1\r\n*-1\r\n"), "list [null;null;null;]");
}

TEST(Parser, ReadsBooleans) {
  EXPECT_EQ(parsed("#t\r\n"), "boolean 1");
  EXPECT_EQ(parsed("#f\r\n"), "boolean");
}

TEST(Parser, ReadsNumbers) {
  EXPECT_EQ(number_of(",1.25\r\n"), 1.25);
  EXPECT_EQ(number_of(",10\r\n"), 10);
  EXPECT_EQ(number_of(",-1.5e-3\r\n"), -0.0015);
  EXPECT_EQ(number_of(",+2E5\r\n"), 200'000);
  EXPECT_EQ(number_of(",4.9406564584124654e-324\r\n"), std::numeric_limits<double>::denorm_min());
  EXPECT_EQ(number_of(",inf\r\n"), std::numeric_limits<double>::infinity());
  EXPECT_EQ(number_of(",-inf\r\n"), -std::numeric_limits<double>::infinity());
  EXPECT_TRUE(std::isnan(number_of(",nan\r\n")));
  EXPECT_TRUE(std::isnan(number_of(",-nan\r\n")));
  EXPECT_TRUE(std::signbit(number_of(",-0\r\n")));
}

TEST(Parser, KeepsTheDigitsOfNumbers) {
  Parser parser;
  const auto bytes = ",0.10000000000000000555\r\n"sv;
  ASSERT_EQ(parser.parse(bytes), Status::ready);
  EXPECT_EQ(parser.value().text, "0.10000000000000000555");
  EXPECT_EQ(parsed("(-3492890328409238509324850943850943825024385\r\n"),
            "big_number '-3492890328409238509324850943850943825024385'");
  EXPECT_EQ(parsed("(+1\r\n"), "big_number '+1'");
}

TEST(Parser, ReadsLists) {
  EXPECT_EQ(parsed("*2\r\n$3\r\nfoo\r\n:5\r\n"), "list [text 'foo';integer 5;]");
  EXPECT_EQ(parsed("~2\r\n+a\r\n+b\r\n"), "set [status 'a';status 'b';]");
  EXPECT_EQ(parsed("%2\r\n+a\r\n:1\r\n:2\r\n_\r\n"), "map [status 'a';integer 1;integer 2;null;]");
  EXPECT_EQ(parsed(">2\r\n+invalidate\r\n_\r\n"), "push [status 'invalidate';null;]");
  EXPECT_EQ(parsed("*0\r\n"), "list");
  EXPECT_EQ(parsed("~0\r\n"), "set");
  EXPECT_EQ(parsed("%0\r\n"), "map");
  EXPECT_EQ(parsed(">0\r\n"), "push");
}

TEST(Parser, ReadsNestedLists) {
  EXPECT_EQ(parsed("*3\r\n*2\r\n:1\r\n*1\r\n:2\r\n*0\r\n%1\r\n+k\r\n~1\r\n:3\r\n"),
            "list [list [integer 1;list [integer 2;];];list;map [status 'k';set [integer 3;];];]");
}

TEST(Parser, DropsAttributes) {
  EXPECT_EQ(parsed("|1\r\n+ttl\r\n:3600\r\n+OK\r\n"), "status 'OK'");
  EXPECT_EQ(parsed("|0\r\n|1\r\n*1\r\n:1\r\n*1\r\n*1\r\n:2\r\n*1\r\n+x\r\n"), "list [status 'x';]");
  EXPECT_EQ(parsed("*2\r\n:1\r\n|1\r\n+a\r\n*2\r\n:8\r\n:9\r\n:2\r\n"),
            "list [integer 1;integer 2;]");
  EXPECT_EQ(parsed("%1\r\n|1\r\n:1\r\n:2\r\n+k\r\n|1\r\n:3\r\n:4\r\n+v\r\n"),
            "map [status 'k';status 'v';]");
  EXPECT_EQ(parsed("|1\r\n|1\r\n+in\r\n+it\r\n+k\r\n+v\r\n$1\r\nx\r\n"), "text 'x'");
  EXPECT_EQ(parsed("*1\r\n:1\r\n"), "list [integer 1;]");
  EXPECT_EQ(parsed("|1\r\n+k\r\n+v\r\n>1\r\n+p\r\n"), "push [status 'p';]");
}

TEST(Parser, WaitsForTheReplyBehindAnAttribute) {
  EXPECT_EQ(parsed("|1\r\n+ttl\r\n:3600\r\n"), "more");
  EXPECT_EQ(parsed("*1\r\n|0\r\n"), "more");
}

// ---- pieces ----

// Replies of every kind in one stream, with what each shows.
struct Example {
  std::string bytes;
  std::string shown;
};

const std::vector<Example>& examples() {
  static const std::vector<Example> kExamples = {
      {"$5\r\nhello\r\n", "text 'hello'"},
      {"+OK\r\n", "status 'OK'"},
      {"|1\r\n+a\r\n*1\r\n:5\r\n$12\r\nhello, world\r\n", "text 'hello, world'"},
      {"*4\r\n$3\r\nfoo\r\n$-1\r\n*2\r\n:-1\r\n=5\r\ntxt:x\r\n~0\r\n",
       "list [text 'foo';null;list [integer -1;text 'x';];set;]"},
      {"-ERR a\r\n", "error 'ERR a'"},
      {"%1\r\n#t\r\n(12345\r\n", "map [boolean 1;big_number '12345';]"},
      {">2\r\n+message\r\n!3\r\na\r\n\r\n", "push [status 'message';error 'a\r\n';]"},
      {"_\r\n", "null"},
      {":1234567890123456789\r\n", "integer 1234567890123456789"},
      {"*-1\r\n", "null"},
      {"*3\r\n|0\r\n*1\r\n+a\r\n|1\r\n:1\r\n:2\r\n$1\r\nb\r\n*1\r\n*1\r\n:3\r\n",
       "list [list [status 'a';];text 'b';list [list [integer 3;];];]"},
      {"$0\r\n\r\n", "text"},
  };
  return kExamples;
}

// Bytes in memory of just their size, so that a view of an earlier place is noticed.
struct Moved {
  explicit Moved(std::string_view from)
      : bytes(std::make_unique_for_overwrite<char[]>(from.size())), view(bytes.get(), from.size()) {
    from.copy(bytes.get(), from.size());
  }
  std::unique_ptr<char[]> bytes;
  std::string_view view;
};

TEST(Parser, GoesOnAtEverySplit) {
  for (const Example& example : examples()) {
    for (std::size_t split = 0; split < example.bytes.size(); ++split) {
      Parser parser;
      EXPECT_EQ(answer(parser, Moved(example.bytes.substr(0, split)).view), "more") << split;
      const Moved whole(example.bytes);
      EXPECT_EQ(answer(parser, whole.view), example.shown) << split;
    }
  }
}

TEST(Parser, GoesOnByteByByte) {
  Parser parser;
  for (const Example& example : examples()) {
    for (std::size_t size = 0; size < example.bytes.size(); ++size) {
      ASSERT_EQ(answer(parser, Moved(example.bytes.substr(0, size)).view), "more") << size;
    }
    const Moved whole(example.bytes);
    EXPECT_EQ(answer(parser, whole.view), example.shown);
  }
}

TEST(Parser, LeavesWhatFollowsTheReply) {
  std::string stream;
  for (const Example& example : examples()) stream += example.bytes;
  Parser parser;
  std::string_view unread = stream;
  for (const Example& example : examples()) {
    ASSERT_EQ(parser.parse(unread), Status::ready);
    EXPECT_EQ(parser.consumed(), example.bytes.size());
    EXPECT_EQ(show(parser.value()), example.shown);
    unread.remove_prefix(parser.consumed());
  }
  EXPECT_EQ(parser.parse(unread), Status::more);
}

TEST(Parser, PointsIntoTheBytesOfTheLastCall) {
  const std::string bytes = "*2\r\n$3\r\nabc\r\n+de\r\n";
  Parser parser;
  ASSERT_EQ(parser.parse(Moved(bytes.substr(0, 15)).view), Status::more);
  ASSERT_EQ(parser.parse(bytes), Status::ready);
  EXPECT_EQ(parser.value().items[0].text.data(), bytes.data() + 8);
  EXPECT_EQ(parser.value().items[1].text.data(), bytes.data() + 14);
}

// What was read is overwritten: a parser that looked at it again would stumble. (A header that is
// cut off, and the length of a bulk string that is, are read again; all else is not.)
TEST(Parser, ReadsEachByteOnce) {
  const std::string bytes = "*3\r\n$3\r\nabc\r\n%1\r\n+key\r\n+a long line\r\n:12\r\n";
  const std::size_t line = bytes.find("+a long");
  std::string seen = bytes;
  Parser parser;
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    ASSERT_EQ(parser.parse({seen.data(), size}), Status::more) << size;
    if (size <= line) continue;
    seen.replace(0, line, line, '\r');
    const std::size_t line_end = bytes.find('\r', line);
    for (std::size_t i = line + 1; i < std::min(size, line_end); ++i) seen[i] = '\r';
  }
  ASSERT_EQ(parser.parse(seen), Status::ready);
  EXPECT_EQ(parser.consumed(), bytes.size());
  EXPECT_EQ(parser.value().items[1].items[1].text.size(), "a long line"sv.size());
  EXPECT_EQ(parser.value().items[2].integer, 12);
}

// Reading again what came before would be 10^10 steps.
TEST(Parser, ReadsALongListInManyPieces) {
  constexpr std::size_t kItems = 200'000;
  const auto item = "$1\r\nx\r\n"sv;
  std::string bytes = "*" + std::to_string(kItems) + "\r\n";
  for (std::size_t i = 0; i < kItems; ++i) bytes += item;
  Parser parser;
  for (std::size_t size = 0; size < bytes.size(); size += item.size()) {
    ASSERT_EQ(parser.parse({bytes.data(), size}), Status::more);
  }
  ASSERT_EQ(parser.parse(bytes), Status::ready);
  EXPECT_EQ(parser.value().items.size(), kItems);
}

// ---- limits ----

constexpr ParserLimits kSmall = {.depth = 2, .elements = 6, .bulk_bytes = 4, .line_bytes = 3};

TEST(ParserLimitsTest, Depth) {
  EXPECT_EQ(parsed("*1\r\n*1\r\n:1\r\n", kSmall), "list [list [integer 1;];]");
  EXPECT_EQ(parsed("*1\r\n*1\r\n*", kSmall), "more");
  EXPECT_EQ(parsed("*1\r\n*1\r\n*0\r\n", kSmall), "broken: lists are nested deeper than allowed");
  EXPECT_EQ(parsed("|1\r\n|1\r\n|0\r\n", kSmall), "broken: lists are nested deeper than allowed");
  EXPECT_EQ(parsed("*2\r\n*1\r\n:1\r\n*1\r\n:1\r\n", kSmall),
            "list [list [integer 1;];list [integer 1;];]");
  std::string deepest;
  for (std::size_t i = 0; i < ParserLimits{}.depth; ++i) deepest += "*1\r\n";
  EXPECT_EQ(parsed(deepest), "more");
  EXPECT_EQ(parsed(deepest + "*1\r\n"), "broken: lists are nested deeper than allowed");
}

TEST(ParserLimitsTest, Elements) {
  const std::string fault = "broken: a reply has more elements than allowed";
  EXPECT_EQ(parsed("*6\r\n", kSmall), "more");
  EXPECT_EQ(parsed("*7\r\n", kSmall), fault);
  EXPECT_EQ(parsed("%3\r\n", kSmall), "more");
  EXPECT_EQ(parsed("%4\r\n", kSmall), fault);
  EXPECT_EQ(parsed("*2\r\n*4\r\n", kSmall), "more");
  EXPECT_EQ(parsed("*2\r\n*5\r\n", kSmall), fault);
  EXPECT_EQ(parsed("|2\r\n", kSmall), "more");
  EXPECT_EQ(parsed("|3\r\n", kSmall), fault);
  EXPECT_EQ(parsed("|0\r\n|0\r\n|0\r\n|0\r\n|0\r\n|0\r\n", kSmall), "more");
  EXPECT_EQ(parsed("|0\r\n|0\r\n|0\r\n|0\r\n|0\r\n|0\r\n|0\r\n", kSmall), fault);
  EXPECT_EQ(parsed("*9223372036854775807\r\n"), fault);
  EXPECT_EQ(parsed("%9223372036854775807\r\n"), fault);
}

TEST(ParserLimitsTest, ElementsAreCountedPerReply) {
  Parser parser(kSmall);
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(answer(parser, "*4\r\n:1\r\n:2\r\n:3\r\n:4\r\n"),
              "list [integer 1;integer 2;integer 3;integer 4;]");
  }
}

TEST(ParserLimitsTest, BulkBytes) {
  const std::string fault = "broken: a bulk string is longer than allowed";
  EXPECT_EQ(parsed("$4\r\nabcd\r\n", kSmall), "text 'abcd'");
  EXPECT_EQ(parsed("$5\r\n", kSmall), fault);
  EXPECT_EQ(parsed("$5\r\nabcde\r\n", kSmall), fault);
  EXPECT_EQ(parsed("!5\r\n", kSmall), fault);
  EXPECT_EQ(parsed("=5\r\n", kSmall), fault);
  EXPECT_EQ(parsed("$536870912\r\n"), "more");
  EXPECT_EQ(parsed("$536870913\r\n"), fault);
  EXPECT_EQ(parsed("$9223372036854775807\r\n"), fault);
  EXPECT_EQ(parsed("$4294967297\r\nx\r\n"), fault);
}

TEST(ParserLimitsTest, LineBytes) {
  const std::string fault = "broken: a line is longer than allowed";
  EXPECT_EQ(parsed("+abc\r\n", kSmall), "status 'abc'");
  EXPECT_EQ(parsed("+abc\r", kSmall), "more");
  EXPECT_EQ(parsed("+abc", kSmall), "more");
  EXPECT_EQ(parsed("+abcd", kSmall), fault);
  EXPECT_EQ(parsed("-abcd\r\n", kSmall), fault);
  EXPECT_EQ(parsed("(1234\r\n", kSmall), fault);
  EXPECT_EQ(parsed(",1.25\r\n", kSmall), fault);
}

// ---- broken bytes ----

struct Broken {
  std::string_view bytes;
  std::string_view fault;
};

class ParserRefuses : public testing::TestWithParam<Broken> {};

TEST_P(ParserRefuses, WithItsFault) {
  Parser parser;
  EXPECT_EQ(parser.parse(GetParam().bytes), Status::broken);
  EXPECT_NE(parser.fault().find(GetParam().fault), std::string_view::npos) << parser.fault();
}

// The same behind a list's header, where no fast way is.
TEST_P(ParserRefuses, InsideOfAList) {
  const std::string bytes = "*1\r\n" + std::string(GetParam().bytes);
  Parser parser;
  EXPECT_EQ(parser.parse(bytes), Status::broken);
  EXPECT_NE(parser.fault().find(GetParam().fault), std::string_view::npos) << parser.fault();
}

// What has a fault keeps it when the bytes come one by one.
TEST_P(ParserRefuses, ByteByByte) {
  Parser parser;
  Status status = Status::more;
  for (std::size_t size = 0; size <= GetParam().bytes.size() && status == Status::more; ++size) {
    status = parser.parse(Moved(GetParam().bytes.substr(0, size)).view);
  }
  EXPECT_EQ(status, Status::broken);
  EXPECT_NE(parser.fault().find(GetParam().fault), std::string_view::npos) << parser.fault();
}

INSTANTIATE_TEST_SUITE_P(
    Bytes, ParserRefuses,
    testing::Values(
        Broken{"HTTP/1.1 400 Bad Request\r\n", "no type"}, Broken{"\r\n", "no type"},
        Broken{";4\r\n", "no type"}, Broken{"\0"sv, "no type"}, Broken{"+a\rb\r\n", "CR alone"},
        Broken{":1\rx", "CR alone"}, Broken{"$3\rabc", "CR alone"},
        Broken{":\r\n", "something else"}, Broken{":-\r\n", "something else"},
        Broken{":1a\r\n", "something else"}, Broken{": 1\r\n", "something else"},
        Broken{":--1\r\n", "something else"}, Broken{":1\n", "something else"},
        Broken{":9223372036854775808\r\n", "64 bits"},
        Broken{":-9223372036854775809\r\n", "64 bits"}, Broken{":10000000000000000000", "64 bits"},
        Broken{"$18446744073709551619\r\nabc\r\n", "64 bits"}, Broken{"$?\r\n", "something else"},
        Broken{"*?\r\n", "something else"}, Broken{"$\r\n", "something else"},
        Broken{"$3\nabc\r\n", "something else"}, Broken{"$-2\r\n", "negative"},
        Broken{"*-2\r\n", "negative"}, Broken{"!-1\r\n", "negative"}, Broken{"=-1\r\n", "negative"},
        Broken{"%-1\r\n", "negative"}, Broken{"~-1\r\n", "negative"}, Broken{">-1\r\n", "negative"},
        Broken{"|-1\r\n", "negative"}, Broken{"$3\r\nabcd\r\n", "length says"},
        Broken{"$3\r\nabc\rx", "length says"}, Broken{"$0\r\n+OK\r\n", "length says"},
        Broken{"=3\r\nabc\r\n", "no format"}, Broken{"=5\r\nabcde\r\n", "no format"},
        Broken{"_x\r\n", "a null holds"}, Broken{"#\r\n", "neither t nor f"},
        Broken{"#T\r\n", "neither t nor f"}, Broken{"#tt\r\n", "neither t nor f"},
        Broken{",\r\n", "something else"}, Broken{",1.5x\r\n", "something else"},
        Broken{",+-1\r\n", "something else"}, Broken{",++1\r\n", "something else"},
        Broken{",nan(1)\r\n", "something else"}, Broken{",1,5\r\n", "something else"},
        Broken{",1e400\r\n", "range"}, Broken{",1e-400\r\n", "range"},
        Broken{"(\r\n", "something else"}, Broken{"(-\r\n", "something else"},
        Broken{"(1.5\r\n", "something else"}, Broken{"(1-\r\n", "something else"}));

TEST(Parser, RefusesAPushInsideOfAReply) {
  EXPECT_EQ(parsed("*1\r\n>1\r\n+x\r\n"), "broken: a push inside of a reply");
  EXPECT_EQ(parsed("|1\r\n>1\r\n+x\r\n"), "broken: a push inside of a reply");
}

TEST(Parser, StaysBrokenUntilReset) {
  Parser parser;
  EXPECT_EQ(parser.parse("*2\r\n:1\r\nx"), Status::broken);
  EXPECT_EQ(parser.parse("+OK\r\n"), Status::broken);
  EXPECT_EQ(parser.parse("$2\r\nOK\r\n"), Status::broken);
  EXPECT_NE(parser.fault(), "");
  parser.reset();
  EXPECT_EQ(parser.fault(), "");
  EXPECT_EQ(answer(parser, "+OK\r\n"), "status 'OK'");
}

TEST(Parser, ForgetsAnUnfinishedReplyAtReset) {
  Parser parser;
  EXPECT_EQ(parser.parse("*2\r\n+long line\r\n+and"), Status::more);
  parser.reset();
  EXPECT_TRUE(parser.value().is_null());
  EXPECT_EQ(answer(parser, "$2\r\nOK\r\n"), "text 'OK'");
  EXPECT_EQ(answer(parser, "*1\r\n:1\r\n"), "list [integer 1;]");
}

TEST(ParserDeathTest, NoticesBytesThatWentBeforeTheyWereConsumed) {
  Parser parser;
  ASSERT_EQ(parser.parse("*2\r\n:1\r\n"), Status::more);
  EXPECT_DEATH(parser.parse("*2\r\n"), "position_ <= unread.size");
}

}  // namespace
}  // namespace larder::resp
