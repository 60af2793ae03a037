// Tests of the writer: the bytes of commands, numbers of every width, and the count of arguments.
//
// Thread safety: a test program.
#include "resp/writer.h"

#include <cstdint>
#include <limits>
#include <stdexcept>
#include <string>
#include <string_view>
#include <type_traits>

#include <gtest/gtest.h>

namespace larder::resp {
namespace {

using std::string_view_literals::operator""sv;

template <class... A>
std::string command(const A&... arguments) {
  std::string out;
  append_command(out, arguments...);
  return out;
}

TEST(Writer, WritesAListOfBulkStrings) {
  EXPECT_EQ(command("PING"), "*1\r\n$4\r\nPING\r\n");
  EXPECT_EQ(command("SET", std::string("key"), "value"sv),
            "*3\r\n$3\r\nSET\r\n$3\r\nkey\r\n$5\r\nvalue\r\n");
}

TEST(Writer, TakesAnyBytes) {
  EXPECT_EQ(command("SET", "a\r\n$1\0\xff"sv, ""sv, std::string_view()),
            "*4\r\n$3\r\nSET\r\n$7\r\na\r\n$1\0\xff\r\n$0\r\n\r\n$0\r\n\r\n"sv);
}

TEST(Writer, WritesNumbersAsTheirDigits) {
  EXPECT_EQ(command(0), "*1\r\n$1\r\n0\r\n");
  EXPECT_EQ(command(-7, 42U, short{12}), "*3\r\n$2\r\n-7\r\n$2\r\n42\r\n$2\r\n12\r\n");
  EXPECT_EQ(command(std::numeric_limits<std::int64_t>::min()),
            "*1\r\n$20\r\n-9223372036854775808\r\n");
  EXPECT_EQ(command(std::numeric_limits<std::int64_t>::max()),
            "*1\r\n$19\r\n9223372036854775807\r\n");
  EXPECT_EQ(command(std::numeric_limits<std::uint64_t>::max()),
            "*1\r\n$20\r\n18446744073709551615\r\n");
}

template <class A>
concept Addable = requires(Writer& writer, A argument) { writer.add(argument); };

TEST(Writer, RefusesWhatHasNoOneSpelling) {
  static_assert(Addable<int> && Addable<std::size_t> && Addable<const char*>);
  static_assert(!Addable<bool> && !Addable<char> && !Addable<double>);
}

TEST(Writer, WritesLongArgumentsAndMany) {
  const std::string value(1'000'000, 'v');
  EXPECT_EQ(command("SET", "k", value),
            "*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$1000000\r\n" + value + "\r\n");

  std::string out;
  Writer writer(out);
  writer.begin(1001);
  writer.add("DEL");
  std::string expected = "*1001\r\n$3\r\nDEL\r\n";
  for (int i = 1000; i < 2000; ++i) {
    writer.add(i);
    expected += "$4\r\n" + std::to_string(i) + "\r\n";
  }
  EXPECT_EQ(out, expected);
}

TEST(Writer, AppendsToWhatIsThere) {
  std::string out = "before";
  Writer writer(out);
  for (const char* name : {"A", "BC"}) {
    writer.begin(1);
    writer.add(name);
  }
  append_command(out, "D");
  EXPECT_EQ(out, "before*1\r\n$1\r\nA\r\n*1\r\n$2\r\nBC\r\n*1\r\n$1\r\nD\r\n");
}

TEST(Writer, GrowsItsStringByFactors) {
  std::string out;
  std::size_t growths = 0;
  for (int i = 0; i < 10'000; ++i) {
    const std::size_t before = out.capacity();
    append_command(out, "GET", "key");
    growths += out.capacity() != before ? 1 : 0;
  }
  EXPECT_LT(growths, 30U);
}

TEST(WriterDeathTest, CountsTheArguments) {
  std::string out;
  EXPECT_DEATH(Writer(out).begin(0), "arguments > 0U");
  EXPECT_DEATH(Writer(out).add("x"), "missing_ > 0U");
  EXPECT_DEATH(
      {
        Writer writer(out);
        writer.begin(1);
        writer.add("x");
        writer.add("y");
      },
      "missing_ > 0U");
  EXPECT_DEATH(
      {
        Writer writer(out);
        writer.begin(2);
        writer.add("x");
        writer.begin(1);
      },
      "missing_ == 0U");
}

TEST(WriterDeathTest, DebugBuildsSeeACommandThatEndsEarly) {
  std::string out;
  EXPECT_DEBUG_DEATH(
      {
        Writer writer(out);
        writer.begin(1);
      },
      "missing_ == 0");
}

TEST(Writer, MayBeLeftByAnException) {
  std::string out;
  const auto leave = [&] {
    Writer writer(out);
    writer.begin(2);
    throw std::runtime_error("no memory");
  };
  EXPECT_THROW(leave(), std::runtime_error);
}

}  // namespace
}  // namespace larder::resp
