// Tests of the endpoints, without a network.
#include "service/session_api.h"

#include <memory>
#include <string>

#include <boost/json.hpp>
#include <gtest/gtest.h>

#include "larder/testing.h"

namespace larder::service {
namespace {

namespace json = boost::json;

class SessionApiTest : public ::testing::Test {
 protected:
  Response ask(const std::string& method, const std::string& target, const std::string& body = {},
               bool draining = false) {
    return api_.answer({.method = method, .target = target, .body = body, .draining = draining});
  }
  std::string create(const std::string& subject) {
    const Response response = ask("POST", "/v1/sessions", R"({"subject":")" + subject + "\"}");
    EXPECT_EQ(response.status, 201U);
    return json::parse(response.body).at("token").as_string().c_str();
  }
  static std::string code_of(const Response& response) {
    return json::parse(response.body).at("error").at("code").as_string().c_str();
  }

  std::shared_ptr<larder::testing::ManualClock> clock_ =
      std::make_shared<larder::testing::ManualClock>();
  Manager manager_;
  SessionStore store_ =
      SessionStore::open(manager_, {.default_ttl = std::chrono::hours(1)}, clock_).value();
  SessionApi api_{manager_, store_, [] { return std::string("# metrics\n"); }};
};

TEST_F(SessionApiTest, a_session_from_its_creation_to_its_end) {
  const std::string token = create("alice");
  Response response = ask("GET", "/v1/sessions/" + token);
  EXPECT_EQ(response.status, 200U);
  EXPECT_EQ(json::parse(response.body), json::parse(R"({"token":")" + token +
                                                    R"(","subject":"alice",)"
                                                    R"("created_at":"2030-01-01T00:00:00.000Z",)"
                                                    R"("expires_at":"2030-01-01T01:00:00.000Z"})"));
  clock_->advance(std::chrono::minutes(30));
  response = ask("POST", "/v1/sessions/" + token + "/touch");
  EXPECT_EQ(response.status, 200U);
  EXPECT_EQ(json::parse(response.body).at("expires_at").as_string(), "2030-01-01T01:30:00.000Z");
  response = ask("DELETE", "/v1/sessions/" + token);
  EXPECT_EQ(response.status, 204U);
  EXPECT_EQ(response.body, "");
  for (const char* method : {"GET", "DELETE"}) {
    response = ask(method, "/v1/sessions/" + token);
    EXPECT_EQ(response.status, 404U);
    EXPECT_EQ(code_of(response), "unknown_session");
  }
  EXPECT_EQ(ask("POST", "/v1/sessions/" + token + "/touch").status, 404U);
}

TEST_F(SessionApiTest, subjects_are_listed_and_revoked) {
  const std::string token = create("a/b");
  create("a/b");
  create("bob");
  Response response = ask("GET", "/v1/subjects/a%2Fb/sessions");
  json::value body = json::parse(response.body);
  EXPECT_EQ(body.at("subject").as_string(), "a/b");
  EXPECT_EQ(body.at("total").as_int64(), 2);
  EXPECT_EQ(body.at("sessions").as_array().size(), 2U);
  response = ask("DELETE", "/v1/subjects/a%2Fb/sessions");
  EXPECT_EQ(response.body, R"({"subject":"a/b","revoked":2})");
  EXPECT_EQ(ask("GET", "/v1/sessions/" + token).status, 404U);
  body = json::parse(ask("GET", "/v1/subjects/nobody/sessions").body);
  EXPECT_EQ(body.at("total").as_int64(), 0);
  EXPECT_TRUE(body.at("sessions").as_array().empty());
}

TEST_F(SessionApiTest, what_is_refused_changes_nothing) {
  const std::string token = create("alice");
  const std::string long_subject(257, 'a');
  const auto stores = store_.cache().stats().stores;
  EXPECT_EQ(ask("POST", "/v1/sessions", "{").status, 400U);
  EXPECT_EQ(ask("POST", "/v1/sessions", R"({"subject":")" + long_subject + "\"}").status, 400U);
  EXPECT_EQ(ask("DELETE", "/v1/subjects/" + long_subject + "/sessions").status, 400U);
  EXPECT_EQ(code_of(ask("GET", "/v1/subjects/%ff/sessions")), "invalid_subject");
  EXPECT_EQ(code_of(ask("GET", "/v1/sessions/%4")), "malformed_path");
  EXPECT_EQ(code_of(ask("GET", "/v1/session")), "unknown_path");
  const Response refused = ask("PATCH", "/v1/sessions/" + token);
  EXPECT_EQ(refused.status, 405U);
  EXPECT_EQ(refused.allow, "GET, HEAD, DELETE");
  EXPECT_EQ(store_.cache().stats().stores, stores);
  EXPECT_EQ(store_.cache().stats().entries, 1U);
  EXPECT_EQ(ask("GET", "/v1/sessions/" + token).status, 200U);
}

TEST_F(SessionApiTest, health_is_that_of_the_caches) {
  EXPECT_EQ(ask("GET", "/healthz").status, 200U);
  const Response ready = ask("GET", "/readyz");
  EXPECT_EQ(ready.status, 200U);
  EXPECT_EQ(json::parse(ready.body).at("caches").at(0).at("name").as_string(), "sessions");
  EXPECT_EQ(code_of(ask("GET", "/readyz", "", true)), "draining");
  EXPECT_EQ(ask("GET", "/healthz", "", true).status, 200U) << "the process is still up";
  EXPECT_EQ(ask("GET", "/metrics").body, "# metrics\n");
}

TEST_F(SessionApiTest, failures_of_the_cache_have_their_statuses) {
  ASSERT_TRUE(manager_.close());
  const Response response = ask("POST", "/v1/sessions", R"({"subject":"alice"})");
  EXPECT_EQ(response.status, 503U);
  EXPECT_EQ(code_of(response), "closed");
}

TEST_F(SessionApiTest, what_is_logged_of_a_session_opens_nothing) {
  const std::string token = create("alice");
  const Response response = ask("GET", "/v1/sessions/" + token);
  EXPECT_EQ(response.route, "/v1/sessions/{token}");
  EXPECT_EQ(response.session_id, token_id(token));
}

}  // namespace
}  // namespace larder::service
