// Tests of the glob dialect: the rules one by one, what is refused, agreement with a naive matcher
// on generated patterns, and the bound on work.
//
// Thread safety: a test program.
#include "base/glob.h"

#include <bitset>
#include <rapidcheck.h>
#include <string>

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace larder::base {
namespace {

using std::string_view_literals::operator""sv;

bool matches(std::string_view pattern, std::string_view text) {
  auto glob = Glob::compile(pattern);
  EXPECT_TRUE(glob.has_value()) << pattern;
  return glob.has_value() && glob->matches(text);
}

TEST(Glob, LiteralsMatchThemselves) {
  EXPECT_TRUE(matches("user:1", "user:1"));
  EXPECT_FALSE(matches("user:1", "user:10"));
  EXPECT_FALSE(matches("user:1", "user:"));
  EXPECT_FALSE(matches("user:1", "xuser:1"));
  EXPECT_TRUE(matches("a]-^!b", "a]-^!b"));
}

TEST(Glob, StarMatchesAnyRun) {
  EXPECT_TRUE(matches("*", ""));
  EXPECT_TRUE(matches("*", "a/b:c\n\0"sv));
  EXPECT_TRUE(matches("user:*", "user:"));
  EXPECT_TRUE(matches("user:*:x", "user:a:x:b:x"));
  EXPECT_FALSE(matches("user:*:x", "user:a:x:b"));
  EXPECT_TRUE(matches("*a*b*", "xxaxxbxx"));
  EXPECT_FALSE(matches("*a*b*", "xxbxxaxx"));
  EXPECT_TRUE(matches("a*z", "a/b:c/z"));
  EXPECT_TRUE(matches("***", "abc"));
  EXPECT_TRUE(matches("a**", "a"));
}

TEST(Glob, QuestionMarkMatchesOneByte) {
  EXPECT_TRUE(matches("a?c", "abc"));
  EXPECT_TRUE(matches("a?c", "a\0c"sv));
  EXPECT_FALSE(matches("a?c", "ac"));
  EXPECT_FALSE(matches("a?c", "abbc"));
  EXPECT_FALSE(matches("?", "\xc3\xa4"));  // two bytes
  EXPECT_TRUE(matches("??", "\xc3\xa4"));
  EXPECT_TRUE(matches("*?", "x"));
  EXPECT_FALSE(matches("*?", ""));
}

TEST(Glob, ClassesMatchTheirMembers) {
  EXPECT_TRUE(matches("[abc]", "b"));
  EXPECT_FALSE(matches("[abc]", "d"));
  EXPECT_FALSE(matches("[abc]", ""));
  EXPECT_TRUE(matches("[a-cx-z]", "y"));
  EXPECT_TRUE(matches("[a-cx-z]", "c"));
  EXPECT_TRUE(matches("[a-cx-z]", "z"));
  EXPECT_FALSE(matches("[a-cx-z]", "m"));
  EXPECT_TRUE(matches("[\x80-\xff]", "\x90"));
  EXPECT_FALSE(matches("[\x80-\xff]", "a"));
  EXPECT_TRUE(matches("[a-a]", "a"));
}

TEST(Glob, CaretNegatesInTheFirstPlaceOnly) {
  EXPECT_TRUE(matches("[^a-c]", "d"));
  EXPECT_FALSE(matches("[^a-c]", "b"));
  EXPECT_TRUE(matches("[^a]", "\0"sv));
  EXPECT_FALSE(matches("[^a]", ""));
  EXPECT_TRUE(matches("[a^]", "^"));
  EXPECT_TRUE(matches("[\\^a]", "^"));
  EXPECT_FALSE(matches("[\\^a]", "b"));
  EXPECT_FALSE(matches("[^^]", "^"));
}

TEST(Glob, ExclamationMarkIsAnOrdinaryMember) {
  EXPECT_TRUE(matches("[!a]", "!"));
  EXPECT_TRUE(matches("[!a]", "a"));
  EXPECT_FALSE(matches("[!a]", "b"));
}

TEST(Glob, HyphenIsAMemberAtTheEndsAndAfterARange) {
  EXPECT_TRUE(matches("[-a]", "-"));
  EXPECT_TRUE(matches("[a-]", "-"));
  EXPECT_FALSE(matches("[a-]", "b"));
  EXPECT_TRUE(matches("[a-c-e]", "-"));
  EXPECT_TRUE(matches("[a-c-e]", "e"));
  EXPECT_FALSE(matches("[a-c-e]", "d"));
  EXPECT_TRUE(matches("[a\\-c]", "-"));
  EXPECT_FALSE(matches("[a\\-c]", "b"));
}

TEST(Glob, SpecialBytesAreOrdinaryInsideClasses) {
  EXPECT_TRUE(matches("[*?[]", "*"));
  EXPECT_TRUE(matches("[*?[]", "?"));
  EXPECT_TRUE(matches("[*?[]", "["));
  EXPECT_FALSE(matches("[*?[]", "a"));
}

TEST(Glob, BackslashTakesTheNextByteAsItIs) {
  EXPECT_TRUE(matches("\\*", "*"));
  EXPECT_FALSE(matches("\\*", "a"));
  EXPECT_TRUE(matches("\\\\", "\\"));
  EXPECT_TRUE(matches("\\n", "n"));
  EXPECT_TRUE(matches("[\\]]", "]"));
  EXPECT_TRUE(matches("[\\a-\\c]", "b"));
  EXPECT_TRUE(matches("[+-\\]]", "A"));  // a range up to an escaped end
}

struct Refused {
  std::string_view pattern;
  std::string_view reason;
};

class GlobRefuses : public testing::TestWithParam<Refused> {};

TEST_P(GlobRefuses, WithItsReason) {
  const auto glob = Glob::compile(GetParam().pattern);
  ASSERT_FALSE(glob.has_value());
  EXPECT_NE(glob.error().find(GetParam().reason), std::string_view::npos) << glob.error();
}

INSTANTIATE_TEST_SUITE_P(
    Malformed, GlobRefuses,
    testing::Values(Refused{"", "empty"}, Refused{"[", "closing"}, Refused{"[a", "closing"},
                    Refused{"[^", "closing"}, Refused{"[^a", "closing"}, Refused{"a[b-", "closing"},
                    Refused{"[a-z", "closing"}, Refused{"[a\\]", "closing"},
                    Refused{"[]", "no members"}, Refused{"[^]", "no members"},
                    Refused{"[]a]", "no members"}, Refused{"[z-a]", "backwards"},
                    Refused{"[b-\\a]", "backwards"}, Refused{"[a--]", "backwards"},
                    Refused{"abc\\", "backslash"}, Refused{"\\", "backslash"},
                    Refused{"[a\\", "backslash"}, Refused{"[a-\\", "backslash"}));

TEST(Glob, LengthIsBounded) {
  EXPECT_TRUE(Glob::compile(std::string(kMaxPatternBytes, 'x')).has_value());
  EXPECT_FALSE(Glob::compile(std::string(kMaxPatternBytes + 1, 'x')).has_value());
}

TEST(Glob, KnowsItsLiteralParts) {
  const auto literal = Glob::compile("a\\*b").value();
  EXPECT_TRUE(literal.is_literal());
  EXPECT_EQ(literal.literal(), "a*b");
  EXPECT_EQ(literal.literal_prefix(), "a*b");
  for (const auto pattern : {"ab\\?*c", "ab\\??", "ab\\?[x]"}) {
    const auto glob = Glob::compile(pattern).value();
    EXPECT_FALSE(glob.is_literal());
    EXPECT_EQ(glob.literal_prefix(), "ab?");
  }
  EXPECT_EQ(Glob::compile("*").value().literal_prefix(), "");
}

TEST(GlobDeathTest, HasNoLiteralWhereSpecial) {
  const auto glob = Glob::compile("a*").value();
  EXPECT_DEATH((void)glob.literal(), "is_literal");
}

TEST(Glob, WorkIsBoundedByStepsTimesBytes) {
  std::string pattern;
  for (int i = 0; i < 200; ++i) pattern += "*a";
  pattern += "*b";
  // Exponential backtracking would never come back from this.
  EXPECT_FALSE(matches(pattern, std::string(20'000, 'a')));
  EXPECT_TRUE(matches(pattern, std::string(20'000, 'a') + "b"));
}

// ---- against a naive matcher ----

// One element of a pattern, in the spelling and in the meaning that the generator gave it.
struct Element {
  std::string spelling;
  bool is_star = false;
  std::bitset<256> members;
};

// The plain recursive definition.
bool naive(const std::vector<Element>& elements, std::size_t i, std::string_view text) {
  if (i == elements.size()) return text.empty();
  if (elements[i].is_star) {
    return naive(elements, i + 1, text) || (!text.empty() && naive(elements, i, text.substr(1)));
  }
  return !text.empty() && elements[i].members[static_cast<unsigned char>(text[0])] &&
         naive(elements, i + 1, text.substr(1));
}

// A small alphabet, so that texts often match, with all special bytes in it.
constexpr std::string_view kAlphabet = "ab*?[]^-\\!\x01\xff";

std::string escaped(char byte) { return {'\\', byte}; }

rc::Gen<char> any_letter() { return rc::gen::elementOf(std::string(kAlphabet)); }

Element single(char byte, bool escape) {
  Element element;
  element.members.set(static_cast<unsigned char>(byte));
  const bool special = std::string_view("*?[\\").find(byte) != std::string_view::npos;
  element.spelling = special || escape ? escaped(byte) : std::string(1, byte);
  return element;
}

Element bracketed(bool negated, const std::vector<std::pair<char, char>>& ranges) {
  Element element;
  element.spelling = negated ? "[^" : "[";
  for (auto [low, high] : ranges) {
    if (static_cast<unsigned char>(low) > static_cast<unsigned char>(high)) std::swap(low, high);
    element.spelling += escaped(low);
    if (low != high) element.spelling += "-" + escaped(high);
    for (int byte = static_cast<unsigned char>(low); byte <= static_cast<unsigned char>(high);
         ++byte) {
      element.members.set(static_cast<std::size_t>(byte));
    }
  }
  element.spelling += "]";
  if (negated) element.members.flip();
  return element;
}

Element generate_element() {
  switch (*rc::gen::inRange(0, 5)) {
    case 0:
      return {.spelling = "*", .is_star = true, .members = {}};
    case 1:
      return {.spelling = "?", .is_star = false, .members = std::bitset<256>().set()};
    case 2:
      return bracketed(*rc::gen::arbitrary<bool>(),
                       *rc::gen::nonEmpty(rc::gen::resize(
                           3, rc::gen::container<std::vector<std::pair<char, char>>>(
                                  rc::gen::pair(any_letter(), any_letter())))));
    default:
      return single(*any_letter(), *rc::gen::arbitrary<bool>());
  }
}

RC_GTEST_PROP(GlobProperty, AgreesWithTheNaiveMatcher, ()) {
  std::vector<Element> elements;
  std::string pattern;
  const int count = *rc::gen::inRange(1, 8);
  for (int i = 0; i < count; ++i) {
    elements.push_back(generate_element());
    pattern += elements.back().spelling;
  }
  const auto glob = Glob::compile(pattern);
  RC_ASSERT(glob.has_value());
  for (int i = 0; i < 20; ++i) {
    // Half of the texts follow the pattern, so that matches are common.
    std::string text;
    if (*rc::gen::arbitrary<bool>()) {
      text = *rc::gen::resize(8, rc::gen::container<std::string>(any_letter()));
    } else {
      for (const Element& element : elements) {
        const int repeat = element.is_star ? *rc::gen::inRange(0, 3) : 1;
        for (int n = 0; n < repeat; ++n) text += *any_letter();
      }
    }
    RC_ASSERT(glob->matches(text) == naive(elements, 0, text));
    if (glob->matches(text)) RC_ASSERT(text.starts_with(glob->literal_prefix()));
  }
}

RC_GTEST_PROP(GlobProperty, TakesOrRefusesAnyBytesAndNeverCrashes, ()) {
  const auto pattern =
      *rc::gen::container<std::string>(rc::gen::oneOf(any_letter(), rc::gen::arbitrary<char>()));
  const auto text = *rc::gen::container<std::string>(any_letter());
  if (const auto glob = Glob::compile(pattern)) {
    glob->matches(text);
    if (glob->is_literal()) RC_ASSERT(glob->matches(glob->literal()));
  }
}

RC_GTEST_PROP(GlobProperty, AnEscapedKeyMatchesThatKeyAlone, ()) {
  const auto key = *rc::gen::nonEmpty(rc::gen::container<std::string>(rc::gen::arbitrary<char>()));
  const auto other = *rc::gen::container<std::string>(rc::gen::arbitrary<char>());
  std::string pattern;
  for (const char byte : key) pattern += escaped(byte);
  const auto glob = Glob::compile(pattern);
  RC_ASSERT(glob.has_value());
  RC_ASSERT(glob->is_literal());
  RC_ASSERT(glob->literal() == key);
  RC_ASSERT(glob->matches(key));
  RC_ASSERT(glob->matches(other) == (other == key));
}

}  // namespace
}  // namespace larder::base
