// The parts of the service put together.
#include "service/serve.h"

#include <chrono>
#include <memory>
#include <utility>

#include <sys/resource.h>

#include "larder/manager.h"
#include "service/http_server.h"
#include "service/metrics_exporter.h"
#include "service/session_api.h"
#include "service/session_store.h"

namespace larder::service {
namespace {

constexpr std::chrono::seconds kCloseTimeout{5};

int fail(Log& log, std::string_view event, const Error& error) {
  log.event(spdlog::level::err, event,
            {{"code", to_string(error.code())}, {"reason", error.message()}});
  return 1;
}

// Every connection is a descriptor: takes as many as the system lets this process have.
void raise_descriptor_limit() {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  static_cast<void>(setrlimit(RLIMIT_NOFILE, &limit));
}

std::string url_of(const std::string& address, std::uint16_t port) {
  const bool v6 = address.find(':') != std::string::npos;
  return "http://" + (v6 ? "[" + address + "]" : address) + ":" + std::to_string(port);
}

}  // namespace

int serve(const ServeOptions& options, std::ostream& out) {
  Log log(options.log_level, options.log_format);
  raise_descriptor_limit();
  Manager manager;
  Result<SessionStore> store = SessionStore::open(manager, options.sessions);
  if (!store) return fail(log, "open_failed", store.error());

  HttpMetrics http_metrics;
  const Cache<Session> cache = store->cache();
  const MetricsExporter exporter(options.version,
                                 {std::make_shared<CacheCollector>(
                                      CacheSource{.name = cache.name(),
                                                  .stats = [cache] { return cache.stats(); },
                                                  .metrics = [cache] { return cache.metrics(); }}),
                                  http_metrics.registry()});
  const SessionApi api(manager, *std::move(store), [&exporter] { return exporter.text(); });
  HttpServer server({.options = options.server,
                     .handler = [&api](const Request& request) { return api.handle(request); },
                     .metrics = http_metrics,
                     .log = log});
  if (Result<void> listening = server.listen(); !listening) {
    return fail(log, "listen_failed", listening.error());
  }
  const std::string url = url_of(options.server.address, server.port());
  log.event(spdlog::level::info, "listening",
            {{"url", url}, {"threads", options.server.threads}, {"version", options.version}});
  out << "larder serve: listening on " << url << std::endl;

  server.run();
  if (Result<void> closed = manager.close(kCloseTimeout); !closed) {
    return fail(log, "close_failed", closed.error());
  }
  log.event(spdlog::level::info, "ended");
  return 0;
}

}  // namespace larder::service
