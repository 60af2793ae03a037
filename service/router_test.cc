// Tests of the router.
#include "service/router.h"

#include <gtest/gtest.h>

namespace larder::service {
namespace {

TEST(RouterTest, every_endpoint_is_found) {
  EXPECT_EQ(match_route("POST", "/v1/sessions").route, Route::create_session);
  EXPECT_EQ(match_route("GET", "/v1/sessions/t").route, Route::get_session);
  EXPECT_EQ(match_route("DELETE", "/v1/sessions/t").route, Route::erase_session);
  EXPECT_EQ(match_route("POST", "/v1/sessions/t/touch").route, Route::touch_session);
  EXPECT_EQ(match_route("GET", "/v1/subjects/s/sessions").route, Route::list_subject);
  EXPECT_EQ(match_route("DELETE", "/v1/subjects/s/sessions").route, Route::erase_subject);
  EXPECT_EQ(match_route("GET", "/healthz").route, Route::healthz);
  EXPECT_EQ(match_route("GET", "/readyz").route, Route::readyz);
  EXPECT_EQ(match_route("GET", "/metrics").route, Route::metrics);
  EXPECT_EQ(match_route("HEAD", "/healthz").route, Route::healthz);
}

TEST(RouterTest, the_parameter_is_decoded_and_the_pattern_never_holds_it) {
  const RouteMatch match = match_route("GET", "/v1/subjects/a%2Fb%20%c3%a9+/sessions?x=1");
  EXPECT_EQ(match.route, Route::list_subject);
  EXPECT_EQ(match.parameter, "a/b \xc3\xa9+");
  EXPECT_EQ(match.pattern, "/v1/subjects/{subject}/sessions");
}

TEST(RouterTest, other_paths_are_unknown) {
  for (const char* target :
       {"", "/", "*", "v1/sessions", "/v1", "/v1/", "/v1/sessions/", "/v1/sessions//touch",
        "/v1/sessions/t/", "/v1/sessions/t/touch/", "/v1/sessions/t/tough", "/v1/subjects/s",
        "/v1/subjects//sessions", "/healthz/", "/HEALTHZ", "//healthz", "/v1/sessionsx",
        "/v1%2Fsessions", "/v1/sessions/a/b"}) {
    EXPECT_EQ(match_route("GET", target).route, Route::unknown_path) << target;
  }
}

TEST(RouterTest, another_method_is_told_which_are_accepted) {
  RouteMatch match = match_route("PUT", "/v1/sessions/t");
  EXPECT_EQ(match.route, Route::wrong_method);
  EXPECT_EQ(match.allow, "GET, HEAD, DELETE");
  match = match_route("GET", "/v1/sessions");
  EXPECT_EQ(match.route, Route::wrong_method);
  EXPECT_EQ(match.allow, "POST");
  EXPECT_EQ(match_route("get", "/healthz").route, Route::wrong_method) << "methods have a case";
}

TEST(RouterTest, a_whole_url_is_a_target_too) {
  EXPECT_EQ(match_route("GET", "http://host:1/healthz").route, Route::healthz);
  EXPECT_EQ(match_route("GET", "http://host").route, Route::unknown_path);
}

TEST(RouterTest, malformed_percent_signs_are_refused) {
  for (const char* text : {"%", "%4", "a%", "%zz", "%4g", "%%41"}) {
    EXPECT_FALSE(percent_decode(text)) << text;
    const std::string target = "/v1/sessions/" + std::string(text);
    EXPECT_EQ(match_route("GET", target).route, Route::malformed_path) << text;
  }
  EXPECT_EQ(percent_decode("%00%fF%41"), std::string("\0\xff"
                                                     "A",
                                                     3));
  EXPECT_EQ(percent_decode(""), "");
}

}  // namespace
}  // namespace larder::service
