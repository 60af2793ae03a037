// All formats alike: what goes in comes out; types that changed; what is malformed or something
// else is an error that says where.
#include "codec/format.h"

#include <bit>
#include <cmath>
#include <limits>
#include <rapidcheck.h>
#include <stdexcept>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "codec/codec_test.h"
#include "codec/types_test.h"

namespace larder::codec::testing {
namespace {

// Two releases of one type.
struct Before {
  std::string kept = "kept";
  std::vector<Address> dropped;
  int also_kept = 0;
};
struct After {
  std::string added = "default";
  int also_kept = 0;
  std::string kept;
  std::optional<Address> also_added = Address{"default", 1};
};
// The same names, other types.
template <class Number>
struct Home {
  Number number{};
};
template <class Number>
struct Person {
  Home<Number> home;
};
struct Naughty {
  int value = 0;
};
struct Throwing {
  int value = 0;
};
struct Miscounting {
  int value = 0;
};

}  // namespace
}  // namespace larder::codec::testing

namespace larder {

template <>
struct Codec<codec::testing::Before> : Record<codec::testing::Before, "releases"> {
  static constexpr auto fields() {
    using T = codec::testing::Before;
    return larder::fields(field("kept", &T::kept), field("dropped", &T::dropped),
                          field("also_kept", &T::also_kept));
  }
};
template <>
struct Codec<codec::testing::After> : Record<codec::testing::After, "releases"> {
  static constexpr auto fields() {
    using T = codec::testing::After;
    return larder::fields(field("added", &T::added), field("also_kept", &T::also_kept),
                          field("kept", &T::kept), field("also_added", &T::also_added));
  }
};
template <class Number>
struct Codec<codec::testing::Home<Number>> : Record<codec::testing::Home<Number>, "home"> {
  static constexpr auto fields() {
    return larder::fields(field("number", &codec::testing::Home<Number>::number));
  }
};
template <class Number>
struct Codec<codec::testing::Person<Number>> : Record<codec::testing::Person<Number>, "person"> {
  static constexpr auto fields() {
    return larder::fields(field("home", &codec::testing::Person<Number>::home));
  }
};
// Refuses, without a word, what it wrote itself.
template <>
struct Codec<codec::testing::Naughty> {
  static constexpr std::string_view name() { return "naughty"; }
  static constexpr std::uint32_t schema_version() { return 1; }
  static void write(const codec::testing::Naughty& value, FieldWriter& to) {
    if (value.value < 0) to.fail("negative values are not written");
    to.integer(value.value);
  }
  static bool read(codec::testing::Naughty&, FieldReader&) { return false; }
};
template <>
struct Codec<codec::testing::Throwing> {
  static constexpr std::string_view name() { return "throwing"; }
  static constexpr std::uint32_t schema_version() { return 1; }
  static void write(const codec::testing::Throwing& value, FieldWriter& to) {
    if (value.value < 0) throw std::runtime_error("no write");
    to.integer(value.value);
  }
  static bool read(codec::testing::Throwing&, FieldReader&) { throw std::runtime_error("no read"); }
};
// Says that two values follow; writes as many as `value`.
template <>
struct Codec<codec::testing::Miscounting> {
  static constexpr std::string_view name() { return "miscounting"; }
  static constexpr std::uint32_t schema_version() { return 1; }
  static void write(const codec::testing::Miscounting& value, FieldWriter& to) {
    if (!to.begin_list(2)) return;
    for (int i = 0; i < value.value; ++i) to.null();
    to.end_list();
  }
  static bool read(codec::testing::Miscounting&, FieldReader& from) { return from.skip(); }
};

}  // namespace larder

namespace larder::codec::testing {
namespace {

using ::testing::HasSubstr;

constexpr double kInfinity = std::numeric_limits<double>::infinity();

class FormatTest : public ::testing::TestWithParam<Format> {};

INSTANTIATE_TEST_SUITE_P(All, FormatTest, ::testing::ValuesIn(kFormats),
                         [](const auto& info) { return std::string(to_string(info.param)); });

TEST(FormatsTest, EveryKindOfValueComesBack) {
  expect_round_trip(make_everything());
  expect_round_trip(Everything{});
  expect_round_trip(make_tree(20));
}

TEST(FormatsTest, IntegersAreExactAtTheirBounds) {
  for (const std::int64_t value :
       {std::numeric_limits<std::int64_t>::min(), std::int64_t{-1} << 53, std::int64_t{-129},
        std::int64_t{-128}, std::int64_t{-33}, std::int64_t{-17}, std::int64_t{-16},
        std::int64_t{-1}, std::int64_t{0}, std::int64_t{127}, std::int64_t{128},
        (std::int64_t{1} << 53) + 1, std::numeric_limits<std::int64_t>::max()}) {
    expect_round_trip(std::vector{value});
  }
  for (unsigned bit = 0; bit < 64; ++bit) {
    const std::uint64_t value = std::uint64_t{1} << bit;
    expect_round_trip(std::vector{value - 1, value, value + 1, ~value});
  }
}

TEST(FormatsTest, AnyNumberComesBackToTheBit) {
  for (const double value :
       {0.0, -0.0, 0.1, 1e22, 1e-308, 5e-324, 1.7976931348623157e308, kInfinity, -kInfinity,
        123456789012345680.0, 9007199254740993.0, 0.5, 3.4028234663852886e38, 1e39}) {
    for (const Format format : kFormats) {
      const auto back = decoded<double>(format, encoded(format, value));
      ASSERT_TRUE(back.ok());
      EXPECT_EQ(std::bit_cast<std::uint64_t>(*back), std::bit_cast<std::uint64_t>(value))
          << to_string(format) << " of " << value;
    }
  }
  rc::check("all bit patterns", [](std::uint64_t bits) {
    const auto value = std::bit_cast<double>(bits);
    for (const Format format : kFormats) {
      const auto back = decoded<double>(format, encoded(format, value));
      RC_ASSERT(back.ok());
      RC_ASSERT(
          (std::isnan(value) ? std::isnan(*back) : std::bit_cast<std::uint64_t>(*back) == bits));
    }
  });
  rc::check("floats", [](std::uint32_t bits) {
    const auto value = std::bit_cast<float>(bits);
    for (const Format format : kFormats) {
      const auto back = decoded<float>(format, encoded(format, value));
      RC_ASSERT(back.ok());
      RC_ASSERT((std::isnan(value) ? std::isnan(*back) : *back == value));
    }
  });
}

TEST(FormatsTest, AnyBytesInATextComeBack) {
  rc::check("texts", [](const std::string& text) {
    for (const Format format : kFormats) {
      const auto back = decoded<std::string>(format, encoded(format, text));
      RC_ASSERT(back.ok());
      RC_ASSERT(*back == text);
    }
  });
  rc::check("keys and bytes", [](const std::map<std::string, std::vector<unsigned char>>& map) {
    for (const Format format : kFormats) {
      const auto back =
          decoded<std::map<std::string, std::vector<unsigned char>>>(format, encoded(format, map));
      RC_ASSERT(back.ok());
      RC_ASSERT(*back == map);
    }
  });
}

TEST(FormatsTest, EmptyAndAbsentAreNotTheSame) {
  using Nested = std::optional<std::optional<std::optional<int>>>;
  for (const Nested& value :
       {Nested(), Nested(std::in_place), Nested(std::in_place, std::in_place), Nested(5)}) {
    expect_round_trip(std::vector{value});
  }
  expect_round_trip(std::optional<std::monostate>());
  expect_round_trip(std::optional<std::monostate>(std::in_place));
  expect_round_trip(std::vector<std::string>{});
  expect_round_trip(std::vector<std::vector<std::byte>>{{}});
  expect_round_trip(std::tuple<>());
}

TEST(FormatsTest, LongTextsAndListsComeBack) {
  for (const std::size_t size : {15U, 16U, 31U, 32U, 63U, 64U, 127U, 128U, 255U, 256U, 65536U}) {
    expect_round_trip(std::string(size, 'x'));
    expect_round_trip(std::vector<std::byte>(size));
    expect_round_trip(std::vector<int>(size, -7));
    expect_round_trip(std::map<std::string, bool>{{std::string(size, 'k'), true}});
  }
}

// ---- types that changed

TEST_P(FormatTest, AddedFieldsKeepTheirDefaultsAndDroppedOnesAreSkipped) {
  const Before before{.kept = "k", .dropped = {{"x", 1}, {"y", 2}}, .also_kept = 7};
  const auto after = decoded<After>(GetParam(), encoded(GetParam(), before));
  ASSERT_TRUE(after.ok()) << after.error().message();
  EXPECT_EQ(after->kept, "k");
  EXPECT_EQ(after->also_kept, 7);
  EXPECT_EQ(after->added, "default");
  EXPECT_EQ(after->also_added, (Address{"default", 1}));

  const auto again = decoded<Before>(GetParam(), encoded(GetParam(), After{.kept = "new"}));
  ASSERT_TRUE(again.ok()) << again.error().message();
  EXPECT_EQ(again->kept, "new");
  EXPECT_TRUE(again->dropped.empty());
}

TEST_P(FormatTest, ManyRecordsOfSeveralReleasesAreReadAlike) {
  std::vector<std::pair<Before, After>> values(40);
  for (int i = 0; i < 40; ++i) {
    values[i].first.also_kept = i;
    values[i].second.also_kept = -i;
    values[i].second.kept = "k";
  }
  using Swapped = std::vector<std::pair<After, Before>>;
  const auto back = decoded<Swapped>(GetParam(), encoded(GetParam(), values));
  ASSERT_TRUE(back.ok()) << back.error().message();
  for (int i = 0; i < 40; ++i) {
    EXPECT_EQ((*back)[i].first.also_kept, i);
    EXPECT_EQ((*back)[i].first.kept, "kept");
    EXPECT_EQ((*back)[i].second.also_kept, -i);
  }
}

TEST_P(FormatTest, AnyValueOfAnUnknownFieldIsSkipped) {
  const std::pair<Everything, int> value{make_everything(), 5};
  const auto back = decoded<std::pair<Before, int>>(GetParam(), encoded(GetParam(), value));
  ASSERT_TRUE(back.ok()) << back.error().message();
  EXPECT_EQ(back->first.kept, "kept");
  EXPECT_EQ(back->second, 5);
}

TEST_P(FormatTest, AnIntegerMayBecomeWiderAndANumber) {
  const std::string bytes = encoded(GetParam(), std::vector<std::int8_t>{-5, 5});
  EXPECT_EQ(*decoded<std::vector<std::int64_t>>(GetParam(), bytes),
            (std::vector<std::int64_t>{-5, 5}));
  EXPECT_EQ(*decoded<std::vector<double>>(GetParam(), bytes), (std::vector<double>{-5, 5}));
  EXPECT_EQ(*decoded<std::set<short>>(GetParam(), bytes), (std::set<short>{-5, 5}));
  const std::string largest =
      encoded(GetParam(), std::vector{std::numeric_limits<std::int64_t>::min(),
                                      std::numeric_limits<std::int64_t>::max()});
  EXPECT_EQ(*decoded<std::vector<double>>(GetParam(), largest),
            (std::vector<double>{-0x1p63, 0x1p63}));
}

// ---- errors

template <class Wrong, class Right>
std::string mistaken(Format format, const Right& value) {
  return fault_of<Wrong>(format, encoded(format, value));
}

TEST_P(FormatTest, AnotherTypeIsAnErrorThatSaysWhere) {
  const Format f = GetParam();
  const std::string format(to_string(f));
  EXPECT_EQ(mistaken<std::string>(f, true), format + ": a text was expected");
  EXPECT_EQ(mistaken<bool>(f, std::string("x")), format + ": a boolean was expected");
  EXPECT_EQ(mistaken<std::vector<int>>(f, std::string("x")), format + ": a list was expected");
  EXPECT_EQ(mistaken<std::vector<int>>(f, std::vector<std::string>{"x"}),
            format + ": an integer was expected");
  EXPECT_EQ(mistaken<std::vector<int>>(f, std::vector<double>{1.5}),
            format + ": an integer was expected");
  EXPECT_EQ(mistaken<double>(f, std::string("x")), format + ": a number was expected");
  EXPECT_EQ(mistaken<std::vector<std::byte>>(f, false), format + ": bytes were expected");
  EXPECT_EQ((mistaken<std::map<std::string, int>>(f, false)), format + ": a map was expected");
  EXPECT_EQ(mistaken<Address>(f, std::string("x")), format + ": a record was expected");
  EXPECT_EQ(mistaken<std::monostate>(f, false), format + ": null expected");
  EXPECT_EQ((mistaken<std::pair<int, int>>(f, std::vector{1, 2, 3})),
            format + ": a list has another size than its type");
  EXPECT_EQ((mistaken<std::array<int, 4>>(f, std::vector{1, 2, 3})),
            format + ": a list has another size than its type");
  EXPECT_EQ((mistaken<std::array<std::byte, 2>>(f, std::vector<std::byte>(3))),
            format + ": a list has another size than its type");
}

TEST_P(FormatTest, AFailureNamesItsFields) {
  const Format f = GetParam();
  const std::vector<Person<int>> people(2);
  EXPECT_EQ(mistaken<std::vector<Person<std::string>>>(f, people),
            std::string(to_string(f)) + ": in field 'home.number': a text was expected");
  EXPECT_EQ(mistaken<std::vector<Person<std::int64_t>>>(f, people), "");
}

TEST_P(FormatTest, IntegersOutOfRangeAreErrors) {
  const Format f = GetParam();
  EXPECT_THAT(mistaken<std::vector<std::int8_t>>(f, std::vector{128}),
              HasSubstr("out of the range"));
  EXPECT_THAT(mistaken<std::vector<std::int8_t>>(f, std::vector{-129}),
              HasSubstr("out of the range"));
  EXPECT_THAT(mistaken<std::vector<unsigned>>(f, std::vector{-1}), HasSubstr("negative"));
  EXPECT_THAT(mistaken<std::vector<std::int64_t>>(
                  f, std::vector{std::numeric_limits<std::uint64_t>::max()}),
              HasSubstr("too large"));
  EXPECT_THAT(mistaken<std::optional<Colour>>(f, std::optional<int>(256)),
              HasSubstr("out of the range"));
  EXPECT_THAT(mistaken<float>(f, 1e39), HasSubstr("out of the range"));
  EXPECT_THAT((mistaken<std::variant<int, bool>>(f, std::vector{2, 0})),
              HasSubstr("no such alternative"));
}

TEST_P(FormatTest, WhatIsCutOffOrHasATailIsAnError) {
  const std::string bytes = encoded(GetParam(), make_everything());
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    EXPECT_FALSE(decoded<Everything>(GetParam(), bytes.substr(0, size)).ok()) << size;
  }
  EXPECT_THAT(fault_of<Everything>(GetParam(), bytes + '\x01'),
              ::testing::AnyOf(HasSubstr("tail"), HasSubstr("malformed")));
}

TEST_P(FormatTest, NestingIsBounded) {
  const Format f = GetParam();
  // A record and a list per node.
  expect_round_trip(make_tree(kMaxFieldDepth / 2));
  const Tree deep = make_tree(kMaxFieldDepth);
  std::string out = "before";
  const auto refused = encode(f, kValueOps<Tree>, &deep, out);
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error(), Errc::serialization);
  EXPECT_THAT(std::string(refused.error().message()), HasSubstr("too deep"));
  EXPECT_EQ(out, "before");
}

TEST_P(FormatTest, ACodecThatRefusesOrThrowsIsAnError) {
  const Format f = GetParam();
  EXPECT_THAT(fault_of<Naughty>(f, encoded(f, Naughty{1})), HasSubstr("the Codec refused"));
  const auto thrown = decoded<Throwing>(f, encoded(f, Throwing{1}));
  EXPECT_EQ(thrown.error(), Errc::callback_failed);
  std::string out;
  const Naughty naughty{-1};
  const auto refused = encode(f, kValueOps<Naughty>, &naughty, out);
  EXPECT_EQ(refused.error(), Errc::serialization);
  const Throwing throwing{-1};
  EXPECT_EQ(encode(f, kValueOps<Throwing>, &throwing, out).error(), Errc::callback_failed);
  EXPECT_EQ(out, "");
}

TEST_P(FormatTest, ACodecThatMiscountsIsAnError) {
  for (const int count : {0, 1, 3}) {
    std::string out;
    const std::pair<Miscounting, int> value{{count}, 1};
    const auto refused = encode(GetParam(), kValueOps<std::pair<Miscounting, int>>, &value, out);
    ASSERT_FALSE(refused.ok()) << count;
    EXPECT_THAT(std::string(refused.error().message()), HasSubstr("more or fewer values"));
    EXPECT_EQ(out, "");
  }
  EXPECT_TRUE(decoded<Miscounting>(GetParam(), encoded(GetParam(), Miscounting{2})).ok());
}

TEST_P(FormatTest, ATypeWithoutCodecIsNotSupported) {
  struct Plain {
    int value = 0;
  };
  Plain plain;
  std::string out;
  EXPECT_EQ(encode(GetParam(), kValueOps<Plain>, &plain, out).error(), Errc::not_supported);
  EXPECT_EQ(decode(GetParam(), kValueOps<Plain>, "", &plain).error(), Errc::not_supported);
}

// ---- counters

TEST_P(FormatTest, CountersAreDecimalTextWhateverTheFormat) {
  EXPECT_EQ(encoded(GetParam(), std::int64_t{-42}), "-42");
  EXPECT_EQ(encoded(GetParam(), std::numeric_limits<std::uint64_t>::max()), "18446744073709551615");
  EXPECT_EQ(*decoded<std::int64_t>(GetParam(), "-9223372036854775808"),
            std::numeric_limits<std::int64_t>::min());
  EXPECT_EQ(*decoded<std::uint8_t>(GetParam(), "255"), 255);
  for (const char* text : {"", "-", "+1", "01", "-0", "1 ", " 1", "1.0", "1e3", "x", "256", "-1",
                           "18446744073709551616", "0x1"}) {
    EXPECT_FALSE(decoded<std::uint8_t>(GetParam(), text).ok()) << text;
  }
  EXPECT_FALSE(kValueOps<bool>.textual_integer);
  EXPECT_FALSE(kValueOps<char>.textual_integer);
  EXPECT_EQ(*decoded<char>(GetParam(), encoded(GetParam(), 'x')), 'x');
}

// Damage to any byte gives an error or some value: never more than that.
TEST_P(FormatTest, DamagedBytesDoNoHarm) {
  const std::string bytes = encoded(GetParam(), make_everything());
  for (std::size_t at = 0; at < bytes.size(); ++at) {
    for (unsigned bit = 0; bit < 8; ++bit) {
      std::string damaged = bytes;
      damaged[at] = static_cast<char>(damaged[at] ^ (1U << bit));
      const auto value = decoded<Everything>(GetParam(), damaged);
      if (value.ok()) static_cast<void>(encoded(GetParam(), *value));
    }
  }
}

}  // namespace
}  // namespace larder::codec::testing
