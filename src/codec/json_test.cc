// JSON as others see it: the texts that are written, and texts that others may have written.
#include <rapidcheck.h>

#include <gtest/gtest.h>

#include "codec/base64.h"
#include "codec/codec_test.h"
#include "codec/json_parser.h"
#include "codec/types_test.h"
#include "codec/utf8.h"

namespace larder::codec::testing {
namespace {

template <class T>
std::string json(const T& value) {
  return encoded(Format::json, value);
}
template <class T>
Result<T> from_json(std::string_view text) {
  return decoded<T>(Format::json, text);
}

TEST(JsonTest, WhatIsWrittenIsLegible) {
  EXPECT_EQ(json(Address{"High \"Street\"", 7}), R"({"street":"High \"Street\"","number":7})");
  EXPECT_EQ(json(std::map<std::string, bool>{{"a", true}, {"b", false}}),
            R"({"a":true,"b":false})");
  EXPECT_EQ(json(std::map<int, bool>{{1, true}}), "[[1,true]]");
  EXPECT_EQ(json(std::vector<std::optional<int>>{1, {}}), "[1,null]");
  EXPECT_EQ(json(std::vector{std::byte{0}, std::byte{16}}), R"("ABA=")");
  EXPECT_EQ(json(std::vector{0.0, -0.0, 0.5, -7.0, 1e300}), "[0.0,-0.0,0.5,-7.0,1e+300]");
  EXPECT_EQ(json(std::vector{std::numeric_limits<double>::infinity(),
                             -std::numeric_limits<double>::infinity(),
                             std::numeric_limits<double>::quiet_NaN()}),
            R"(["Infinity","-Infinity","NaN"])");
  EXPECT_EQ(json(std::string("\b\f\n\r\t\x01\x1f\x7f/")), "\"\\b\\f\\n\\r\\t\\u0001\\u001f\x7f/\"");
  EXPECT_EQ(json(std::string("Zürich 日本 🦆")), "\"Zürich 日本 🦆\"");
  EXPECT_EQ(json(std::string("nul\0!", 5)), R"("nul\u0000!")");
}

TEST(JsonTest, BytesThatAreNoTextAreSpelledReversibly) {
  EXPECT_EQ(json(std::string("a\xff\xc3z")), R"("a\uefff\uefc3z")");
  // Too long, a surrogate, beyond Unicode, a lone tail, cut off.
  EXPECT_EQ(json(std::string("\xc0\x80")), R"("\uefc0\uef80")");
  EXPECT_EQ(json(std::string("\xed\xa0\x80")), R"("\uefed\uefa0\uef80")");
  EXPECT_EQ(json(std::string("\xf4\x90\x80\x80")), R"("\ueff4\uef90\uef80\uef80")");
  EXPECT_EQ(json(std::string("\xe2\x82")), R"("\uefe2\uef82")");
  // The spelling itself, in a text.
  EXPECT_EQ(json(std::string("\xee\xbf\xbf")), R"("\uefee\uefbf\uefbf")");
  EXPECT_EQ(json(std::string("\xee\xbd\xbf")), "\"\xee\xbd\xbf\"");  // just below
  EXPECT_EQ(*from_json<std::string>(R"("a\uefff\uefc3z")"), "a\xff\xc3z");
  EXPECT_EQ(*from_json<std::string>("\"\xee\xbf\xbf\""), "\xff");
  using Map = std::map<std::string, int>;
  EXPECT_EQ(json(Map{{"\xff", 1}}), R"({"\uefff":1})");
  EXPECT_EQ(*from_json<Map>(R"({"\uefff":1})"), (Map{{"\xff", 1}}));
}

TEST(JsonTest, WhatOthersMayHaveWrittenIsRead) {
  const auto address = from_json<Address>(
      " {\r\n\t\"number\" : 7 , \"more\" : [ { } , null , -1.5e3 ] , "
      "\"street\":\"\\u00e9\\/\\ud83e\\udd86\" } ");
  ASSERT_TRUE(address.ok()) << address.error().message();
  EXPECT_EQ(*address, (Address{"é/🦆", 7}));
  EXPECT_EQ(*from_json<std::vector<double>>("[1,-0,1.0,1E2,1e-2,9007199254740993.0]"),
            (std::vector<double>{1, 0, 1, 100, 0.01, 9007199254740992}));
  EXPECT_EQ(*from_json<std::vector<int>>("[-0]"), (std::vector{0}));
  // A field that comes twice: the later one counts. A key that comes twice: the first.
  EXPECT_EQ(from_json<Address>(R"({"number":1,"number":2})")->number, 2);
  EXPECT_EQ((*from_json<std::map<std::string, int>>(R"({"a":1,"a":2})"))["a"], 1);
}

TEST(JsonTest, WhatIsNoJsonIsAnError) {
  for (const char* text : {"",
                           " ",
                           "nul",
                           "[1",
                           "[1,]",
                           "[,1]",
                           "{\"street\"}",
                           "{\"street\":}",
                           "{street:\"x\"}",
                           "[01]",
                           "[+1]",
                           "[.5]",
                           "[1.]",
                           "[1e]",
                           "['x']",
                           "[\"\t\"]",
                           "[\"\\x\"]",
                           "[\"\\ud800\"]",
                           "[\"\xff\"]",
                           "[1] 2",
                           "[1]]",
                           "[NaN]",
                           "[Infinity]",
                           "// c\n[1]",
                           "[1e400]"}) {
    EXPECT_FALSE(from_json<std::vector<double>>(text).ok()) << text;
    EXPECT_FALSE(from_json<std::vector<std::string>>(text).ok()) << text;
    EXPECT_FALSE(from_json<Address>(text).ok()) << text;
  }
  for (const char* text : {R"("A")", R"("AA")", R"("AA=A")", R"("A===")", R"("AB==")", R"("AAB=")",
                           R"("AA-_")", R"("AA==AA==")", R"("AAAA ")", R"("=")"}) {
    EXPECT_FALSE(from_json<std::vector<std::byte>>(text).ok()) << text;
  }
  for (const char* text : {R"(["nan"])", R"(["inf"])", R"(["1"])", "[null]", "[true]"}) {
    EXPECT_FALSE(from_json<std::vector<double>>(text).ok()) << text;
  }
  EXPECT_FALSE(from_json<std::vector<int>>("[1.0]").ok());
  EXPECT_FALSE(from_json<std::vector<std::uint64_t>>("[18446744073709551616]").ok());
}

TEST(JsonTest, NestingIsBoundedWhereItIsSkippedToo) {
  const auto nested = [](std::size_t depth) {
    return R"({"more":)" + std::string(depth, '[') + std::string(depth, ']') + "}";
  };
  EXPECT_TRUE(from_json<Address>(nested(kMaxFieldDepth - 1)).ok());
  EXPECT_EQ(fault_of<Address>(Format::json, nested(kMaxFieldDepth)),
            "json: containers are nested too deep");
  EXPECT_FALSE(from_json<Address>(std::string(1'000'000, '[')).ok());
}

TEST(JsonTest, NumbersOfManyDigitsAreReadExactly) {
  rc::check("decimal texts", [](std::uint64_t whole, std::uint64_t part, int exponent) {
    const std::string digits =
        std::to_string(whole) + "." + std::to_string(part) + "e" + std::to_string(exponent % 290);
    const auto value = from_json<std::vector<double>>("[" + digits + "]");
    RC_ASSERT(value.ok());
    RC_ASSERT(value->front() == std::strtod(digits.c_str(), nullptr));
  });
  const std::string third = "0." + std::string(5000, '3');
  EXPECT_EQ(from_json<std::vector<double>>("[" + third + "]")->front(), 0.333333333333333333);
}

TEST(Utf8Test, AgreesWithTheParserOnEveryText) {
  rc::check("validity", [](const std::string& text) {
    bool valid = true;
    for (std::size_t at = 0; valid && at < text.size();) {
      const std::size_t length = utf8_length(std::string_view(text).substr(at));
      valid = length != 0;
      at += length;
    }
    // Characters that JSON escapes are not what is compared here.
    std::string quoted = "\"";
    for (const char c : text) {
      quoted += static_cast<unsigned char>(c) < 0x20 || c == '"' || c == '\\' ? 'x' : c;
    }
    Tape tape(Wiping::off);
    RC_ASSERT((parse_json(quoted + '"', tape) == nullptr) == valid);
  });
}

// Every sequence of up to three bytes above ASCII, and of four where the last one matters least.
TEST(Utf8Test, AgreesWithTheParserOnEveryShortSequence) {
  const auto check = [](std::string_view bytes) {
    std::size_t at = 0;
    while (at < bytes.size()) {
      const std::size_t length = utf8_length(bytes.substr(at));
      if (length == 0) break;
      at += length;
    }
    Tape tape(Wiping::off);
    const bool accepted = parse_json('"' + std::string(bytes) + '"', tape) == nullptr;
    ASSERT_EQ(accepted, at == bytes.size()) << ::testing::PrintToString(std::string(bytes));
  };
  for (int a = 0x80; a < 0x100; ++a) {
    for (int b = 0x70; b < 0x100; ++b) {
      const char two[] = {static_cast<char>(a), static_cast<char>(b)};
      check({two, 1});
      check({two, 2});
      for (const int c : {0x7F, 0x80, 0x9F, 0xA0, 0xBF, 0xC0}) {
        const char four[] = {two[0], two[1], static_cast<char>(c), '\xBF'};
        check({four, 3});
        check({four, 4});
      }
    }
  }
}

TEST(Base64Test, AnyBytesComeBack) {
  rc::check("bytes", [](const std::string& bytes) {
    std::string text;
    Sink sink(text, Wiping::off);
    to_base64(bytes, sink);
    RC_ASSERT(text.size() == (bytes.size() + 2) / 3 * 4);
    std::string back;
    RC_ASSERT(from_base64(text, back));
    RC_ASSERT(back == bytes);
  });
  std::string text;
  Sink sink(text, Wiping::off);
  to_base64("foobar", sink);
  to_base64("fooba", sink);
  to_base64("foob", sink);
  EXPECT_EQ(text, "Zm9vYmFyZm9vYmE=Zm9vYg==");
}

}  // namespace
}  // namespace larder::codec::testing
