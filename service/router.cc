// The table of endpoints and the search in it.
#include "service/router.h"

#include <array>
#include <cstddef>

namespace larder::service {
namespace {

struct Endpoint {
  std::string_view method;
  std::string_view pattern;
  Route route;
};

// Segments in braces take any text that is not empty.
constexpr std::array kEndpoints = {
    Endpoint{"POST", "/v1/sessions", Route::create_session},
    Endpoint{"GET", "/v1/sessions/{token}", Route::get_session},
    Endpoint{"DELETE", "/v1/sessions/{token}", Route::erase_session},
    Endpoint{"POST", "/v1/sessions/{token}/touch", Route::touch_session},
    Endpoint{"GET", "/v1/subjects/{subject}/sessions", Route::list_subject},
    Endpoint{"DELETE", "/v1/subjects/{subject}/sessions", Route::erase_subject},
    Endpoint{"GET", "/healthz", Route::healthz},
    Endpoint{"GET", "/readyz", Route::readyz},
    Endpoint{"GET", "/metrics", Route::metrics},
};

// The path of a target: without the query, and without the origin that proxies may send.
std::string_view path_of(std::string_view target) {
  constexpr std::string_view kScheme = "http://";
  if (target.starts_with(kScheme)) {
    const std::size_t slash = target.find('/', kScheme.size());
    target = slash == std::string_view::npos ? "/" : target.substr(slash);
  }
  return target.substr(0, target.find('?'));
}

// Takes the first segment off a path: "/a/b" gives "a" and leaves "/b".
std::string_view take_segment(std::string_view& path) {
  path.remove_prefix(1);
  const std::string_view segment = path.substr(0, path.find('/'));
  path.remove_prefix(segment.size());
  return segment;
}

// Whether `path` has the pattern's form; `parameter` is what stands for the braces, encoded.
bool matches(std::string_view path, std::string_view pattern, std::string_view& parameter) {
  while (path.starts_with('/') && pattern.starts_with('/')) {
    const std::string_view wanted = take_segment(pattern);
    const std::string_view segment = take_segment(path);
    if (wanted.starts_with('{')) {
      if (segment.empty()) return false;
      parameter = segment;
    } else if (segment != wanted) {
      return false;
    }
  }
  return path.empty() && pattern.empty();
}

void allow(std::string& methods, std::string_view method) {
  methods.append(methods.empty() ? "" : ", ").append(method);
  if (method == "GET") methods.append(", HEAD");
}

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

}  // namespace

RouteMatch match_route(std::string_view method, std::string_view target) {
  const std::string_view path = path_of(target);
  const std::string_view wanted = method == "HEAD" ? "GET" : method;
  RouteMatch match;
  for (const Endpoint& endpoint : kEndpoints) {
    std::string_view parameter;
    if (!matches(path, endpoint.pattern, parameter)) continue;
    match.pattern = endpoint.pattern;
    if (endpoint.method != wanted) {
      match.route = Route::wrong_method;
      allow(match.allow, endpoint.method);
      continue;
    }
    std::optional<std::string> decoded = percent_decode(parameter);
    match.route = decoded ? endpoint.route : Route::malformed_path;
    if (decoded) match.parameter = *std::move(decoded);
    return match;
  }
  return match;
}

std::optional<std::string> percent_decode(std::string_view text) {
  std::string decoded;
  decoded.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      decoded.push_back(text[i]);
      continue;
    }
    if (text.size() - i < 3) return std::nullopt;
    const int high = hex_digit(text[i + 1]);
    const int low = hex_digit(text[i + 2]);
    if (high < 0 || low < 0) return std::nullopt;
    decoded.push_back(static_cast<char>(high * 16 + low));
    i += 2;
  }
  return decoded;
}

}  // namespace larder::service
