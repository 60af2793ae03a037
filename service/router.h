// The router: which endpoint a method and a target mean, and the parameter in the path.
// Thread safety: pure functions of their arguments.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace larder::service {

enum class Route : std::uint8_t {
  create_session,
  get_session,
  erase_session,
  touch_session,
  list_subject,
  erase_subject,
  healthz,
  readyz,
  metrics,
  unknown_path,   // 404
  wrong_method,   // 405: the path exists
  malformed_path  // 400: a percent sign without two hexadecimal digits
};

struct RouteMatch {
  Route route = Route::unknown_path;
  std::string parameter{};     // the token or the subject, percent-decoded
  std::string_view pattern{};  // "/v1/sessions/{token}"; empty where no path matched
  std::string allow{};         // of wrong_method: "GET, HEAD, DELETE"
};

// HEAD is answered wherever GET is. A query is ignored.
RouteMatch match_route(std::string_view method, std::string_view target);

// Each %XX as its byte; nothing if a percent sign stands without two hexadecimal digits.
std::optional<std::string> percent_decode(std::string_view text);

}  // namespace larder::service
