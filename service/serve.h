// serve: the session service as a whole: cache, API, metrics and HTTP server, from start to drained
// end. Called by the command `larder serve`.
// Thread safety: called once, from the main thread.
#pragma once

#include <ostream>
#include <string>

#include "larder/options.h"
#include "service/log.h"
#include "service/server_options.h"

namespace larder::service {

struct ServeOptions {
  ServerOptions server;
  CacheSettings sessions;
  Log::Level log_level = spdlog::level::info;
  LogFormat log_format = LogFormat::text;
  std::string version;
};

// Serves until SIGTERM or SIGINT has drained it. Says on `out` where it listens. The exit status:
// 0, or 1 if it could not begin or end.
int serve(const ServeOptions& options, std::ostream& out);

}  // namespace larder::service
