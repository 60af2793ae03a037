// The endpoints. Every check of the input comes before any effect.
#include "service/session_api.h"

#include <cstdint>
#include <exception>
#include <optional>
#include <utility>

#include <boost/json.hpp>

#include "service/errors.h"
#include "service/session_json.h"

namespace larder::service {
namespace {

namespace json = boost::json;

Response unknown_session() {
  return to_response({404, "unknown_session", "no live session has this token"});
}

Response ok(const json::value& body, unsigned status = 200) {
  return {.status = status, .body = json::serialize(body)};
}

Response with_session(Response response, std::string_view token) {
  response.session_id = token_id(token);
  return response;
}

Response method_not_allowed(const RouteMatch& match) {
  Response response =
      to_response({405, "method_not_allowed", "this path accepts the methods " + match.allow});
  response.allow = match.allow;
  return response;
}

json::value health_json(const CacheHealth& cache) {
  json::array reasons;
  for (const std::string& reason : cache.health.reasons) reasons.emplace_back(reason);
  constexpr std::string_view kNames[] = {"up", "degraded", "down"};
  return {{"name", cache.name},
          {"provider", cache.provider},
          {"state", kNames[static_cast<std::size_t>(cache.health.state)]},
          {"reasons", std::move(reasons)}};
}

}  // namespace

SessionApi::SessionApi(const Manager& manager, SessionStore store, MetricsText metrics)
    : manager_(&manager), store_(std::move(store)), metrics_(std::move(metrics)) {}

boost::asio::awaitable<Response> SessionApi::handle(const Request& request) const {
  co_return answer(request);
}

Response SessionApi::answer(const Request& request) const {
  const RouteMatch match = match_route(request.method, request.target);
  Response response;
  try {
    response = dispatch(match, request);
  } catch (const std::exception&) {  // out of memory, in practice
    response = to_response({500, "internal", "internal error"});
  }
  response.route = match.pattern;
  return response;
}

Response SessionApi::dispatch(const RouteMatch& match, const Request& request) const {
  switch (match.route) {
    case Route::create_session:
      return create(request.body);
    case Route::get_session:
      return with_session(get(match.parameter), match.parameter);
    case Route::erase_session:
      return with_session(erase(match.parameter), match.parameter);
    case Route::touch_session:
      return with_session(touch(match.parameter), match.parameter);
    case Route::list_subject:
      return list(match.parameter);
    case Route::erase_subject:
      return erase_subject(match.parameter);
    case Route::healthz:
      return ok({{"status", "up"}});
    case Route::readyz:
      return ready(request.draining);
    case Route::metrics:
      return {.body = metrics_(), .content_type = "text/plain; version=0.0.4; charset=utf-8"};
    case Route::unknown_path:
      break;
    case Route::wrong_method:
      return method_not_allowed(match);
    case Route::malformed_path:
      return to_response(
          {400, "malformed_path", "a percent sign in a path stands before two hexadecimal digits"});
  }
  return to_response({404, "unknown_path", "there is no such path"});
}

Response SessionApi::create(std::string_view body) const {
  const auto subject = read_subject(body);
  if (!subject) return to_response(subject.error());
  Result<SessionView> created = store_.create(*subject);
  if (!created) return to_response(from_cache(created.error()));
  return with_session(ok(session_json(*created), 201), created->token);
}

Response SessionApi::get(std::string_view token) const {
  const Lookup<SessionView> session = store_.get(token);
  if (session.failed()) return to_response(from_cache(session.error()));
  return session ? ok(session_json(*session)) : unknown_session();
}

Response SessionApi::erase(std::string_view token) const {
  const Result<bool> erased = store_.erase(token);
  if (!erased.ok()) return to_response(from_cache(erased.error()));
  return *erased ? Response{.status = 204} : unknown_session();
}

Response SessionApi::touch(std::string_view token) const {
  const Lookup<SessionView> session = store_.touch(token);
  if (session.failed()) return to_response(from_cache(session.error()));
  return session ? ok(session_json(*session)) : unknown_session();
}

Response SessionApi::list(std::string_view subject) const {
  if (const auto problem = check_subject(subject)) return to_response(*problem);
  const Result<SessionList> found = store_.list(subject);
  if (!found) return to_response(from_cache(found.error()));
  json::array sessions;
  for (const SessionView& session : found->sessions) sessions.push_back(session_json(session));
  return ok({{"subject", subject}, {"total", found->total}, {"sessions", std::move(sessions)}});
}

Response SessionApi::erase_subject(std::string_view subject) const {
  if (const auto problem = check_subject(subject)) return to_response(*problem);
  const Result<std::size_t> revoked = store_.erase_subject(subject);
  if (!revoked) return to_response(from_cache(revoked.error()));
  return ok({{"subject", subject}, {"revoked", *revoked}});
}

Response SessionApi::ready(bool draining) const {
  if (draining) return to_response({503, "draining", "the service is about to end"});
  bool is_ready = true;
  json::array caches;
  for (const CacheHealth& cache : manager_->health()) {
    is_ready = is_ready && cache.health.state != Health::State::down;
    caches.push_back(health_json(cache));
  }
  return is_ready ? ok({{"status", "ready"}, {"caches", std::move(caches)}})
                  : to_response({503, "not_ready", "a cache is down"});
}

}  // namespace larder::service
