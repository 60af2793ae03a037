// SessionApi: the endpoints of the session service, from a request to its response. Used by the
// serve command as the handler of the HTTP server.
// Thread safety: every member may be called from any thread at any time.
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>

#include "larder/manager.h"
#include "service/message.h"
#include "service/router.h"
#include "service/session_store.h"

namespace larder::service {

class SessionApi {
 public:
  // Writes the metrics of the process in the text format of Prometheus.
  using MetricsText = std::function<std::string()>;

  // `manager` outlives the API.
  SessionApi(const Manager& manager, SessionStore store, MetricsText metrics);

  // As a Handler. The operations of an engine in this process end inline, so that nothing waits
  // here.
  boost::asio::awaitable<Response> handle(const Request& request) const;

  // The same for callers without a coroutine.
  [[nodiscard]] Response answer(const Request& request) const;

 private:
  [[nodiscard]] Response dispatch(const RouteMatch& match, const Request& request) const;
  [[nodiscard]] Response create(std::string_view body) const;
  [[nodiscard]] Response get(std::string_view token) const;
  [[nodiscard]] Response erase(std::string_view token) const;
  [[nodiscard]] Response touch(std::string_view token) const;
  [[nodiscard]] Response list(std::string_view subject) const;
  [[nodiscard]] Response erase_subject(std::string_view subject) const;
  [[nodiscard]] Response ready(bool draining) const;

  // constant after construction
  const Manager* manager_;
  SessionStore store_;
  MetricsText metrics_;
};

}  // namespace larder::service
