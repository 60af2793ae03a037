// Tests of the JSON of sessions and subjects.
#include "service/session_json.h"

#include <chrono>
#include <string>

#include <boost/json.hpp>
#include <gtest/gtest.h>

namespace larder::service {
namespace {

using std::chrono::milliseconds;

std::string body_of(const std::string& subject) { return R"({"subject":")" + subject + "\"}"; }

std::string code_of(const std::string& body) {
  const auto subject = read_subject(body);
  return subject ? "" : subject.error().code;
}

TEST(SessionJsonTest, subjects_are_read) {
  EXPECT_EQ(read_subject(R"({"subject":"alice"})").value(), "alice");
  EXPECT_EQ(read_subject(" { \"subject\" : \"a\\u00e9\\u0000\" } ").value(),
            std::string("a\xc3\xa9\0", 4));
  EXPECT_EQ(read_subject(body_of(std::string(kMaxSubjectBytes, 'a'))).value().size(),
            kMaxSubjectBytes);
}

TEST(SessionJsonTest, what_is_no_json_is_malformed) {
  for (const char* body :
       {"", "{", "{\"subject\":\"a\"", "{\"subject\":\"a\"} x", "subject=a", "{'subject':'a'}",
        "{\"subject\":\"\xff\"}", "nul", "[[[[[[[[[[[[[[[[[[[["}) {
    EXPECT_EQ(code_of(body), "malformed_json") << body;
  }
}

TEST(SessionJsonTest, other_bodies_and_fields_are_refused) {
  for (const char* body :
       {"null", "[]", "\"alice\"", "1", R"({"subject":"a","ttl":1})", R"({"Subject":"a"})"}) {
    EXPECT_EQ(code_of(body), "invalid_body") << body;
  }
}

TEST(SessionJsonTest, subjects_out_of_range_are_refused_with_the_range) {
  for (const char* body : {"{}", R"({"subject":""})", R"({"subject":null})", R"({"subject":1})",
                           R"({"subject":["a"]})"}) {
    EXPECT_EQ(code_of(body), "invalid_subject") << body;
  }
  const auto refused = read_subject(body_of(std::string(kMaxSubjectBytes + 1, 'a')));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().status, 400U);
  EXPECT_EQ(refused.error().message, "subject: 257 bytes; accepted are 1 to 256");
}

TEST(SessionJsonTest, utf8_is_told_from_other_bytes) {
  for (const char* good : {"", "abc", "\xc2\x80", "\xdf\xbf", "\xe0\xa0\x80", "\xed\x9f\xbf",
                           "\xef\xbf\xbf", "\xf0\x90\x80\x80", "\xf4\x8f\xbf\xbf"}) {
    EXPECT_TRUE(is_utf8(good)) << good;
  }
  for (const char* bad :
       {"\x80", "\xc0\x80", "\xc1\xbf", "\xc2", "\xc2z", "\xe0\x9f\xbf", "\xe0\xa0", "\xed\xa0\x80",
        "\xf0\x8f\xbf\xbf", "\xf4\x90\x80\x80", "\xf8\x88\x80\x80\x80", "\xff"}) {
    EXPECT_FALSE(is_utf8(bad)) << bad;
  }
}

TEST(SessionJsonTest, instants_are_those_of_rfc_3339) {
  EXPECT_EQ(timestamp_text(Timestamp()), "1970-01-01T00:00:00.000Z");
  EXPECT_EQ(timestamp_text(Timestamp(milliseconds(1'709'251'199'999))), "2024-02-29T23:59:59.999Z");
  EXPECT_EQ(timestamp_text(Timestamp(milliseconds(-1))), "1969-12-31T23:59:59.999Z");
}

TEST(SessionJsonTest, a_session_shows_all_of_itself) {
  const SessionView session{.token = "t",
                            .subject = "a\"b",
                            .created_at = Timestamp(milliseconds(1)),
                            .expires_at = std::nullopt};
  EXPECT_EQ(boost::json::serialize(session_json(session)),
            R"({"token":"t","subject":"a\"b","created_at":"1970-01-01T00:00:00.001Z",)"
            R"("expires_at":null})");
}

}  // namespace
}  // namespace larder::service
