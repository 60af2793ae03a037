// Tests of session tokens.
#include "service/token.h"

#include <set>
#include <string>

#include <gtest/gtest.h>

namespace larder::service {
namespace {

TEST(TokenTest, tokens_have_their_form_and_differ) {
  std::set<std::string> seen;
  for (int i = 0; i < 1000; ++i) {
    const Result<std::string> token = make_token();
    ASSERT_TRUE(token.ok());
    EXPECT_TRUE(is_token(*token)) << *token;
    EXPECT_TRUE(seen.insert(*token).second) << *token;
  }
}

// Each of the 256 bits must vary: one that stands still shows as a character that never takes
// half of the alphabet.
TEST(TokenTest, every_place_takes_many_characters) {
  std::set<char> seen[kTokenLength];
  for (int i = 0; i < 2000; ++i) {
    const std::string token = make_token().value();
    for (std::size_t place = 0; place < token.size(); ++place) seen[place].insert(token[place]);
  }
  for (std::size_t place = 0; place + 1 < kTokenLength; ++place) {
    EXPECT_EQ(seen[place].size(), 64U) << place;
  }
  EXPECT_EQ(seen[kTokenLength - 1].size(), 16U) << "four bits are left for the last one";
}

TEST(TokenTest, other_texts_are_no_tokens) {
  const std::string token(kTokenLength, 'A');
  EXPECT_TRUE(is_token(token));
  EXPECT_FALSE(is_token(""));
  EXPECT_FALSE(is_token(token + "A"));
  EXPECT_FALSE(is_token(token.substr(1)));
  for (const char c : {'+', '/', '=', ' ', '\0', '\x80'}) {
    std::string other = token;
    other[20] = c;
    EXPECT_FALSE(is_token(other)) << c;
  }
}

TEST(TokenTest, base64url_is_that_of_rfc_4648) {
  EXPECT_EQ(base64url(""), "");
  EXPECT_EQ(base64url("f"), "Zg");
  EXPECT_EQ(base64url("fo"), "Zm8");
  EXPECT_EQ(base64url("foo"), "Zm9v");
  EXPECT_EQ(base64url("foobar"), "Zm9vYmFy");
  EXPECT_EQ(base64url("\xff\xef\xfe"), "_-_-");
}

TEST(TokenTest, ids_tell_tokens_apart_and_show_nothing_of_them) {
  const std::string token(kTokenLength, 'A');
  const std::string id = token_id(token);
  EXPECT_EQ(id.size(), 16U);
  EXPECT_EQ(id.find_first_not_of("0123456789abcdef"), std::string::npos);
  EXPECT_EQ(id, token_id(token));
  EXPECT_NE(id, token_id(std::string(kTokenLength, 'B')));
  EXPECT_EQ(token_id("a"), "af63dc4c8601ec8c") << "FNV-1a";
}

}  // namespace
}  // namespace larder::service
