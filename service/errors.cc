// The failures of the cache as HTTP statuses, and their JSON.
#include "service/errors.h"

#include <boost/json.hpp>

namespace larder::service {
namespace {

unsigned status_of(Errc code) {
  switch (code) {
    case Errc::closed:
    case Errc::unavailable:
    case Errc::overloaded:
    case Errc::cache_full:
    case Errc::cancelled:
    case Errc::deadline_exceeded:
    case Errc::outcome_unknown:
      return 503;
    case Errc::vetoed:
      return 403;
    case Errc::too_large:
      return 413;
    default:
      return 500;
  }
}

}  // namespace

ApiError from_cache(const Error& error) {
  const unsigned status = status_of(error.code());
  // What went wrong inside is for the log, not for clients.
  const std::string message = status == 500 ? "internal error" : std::string(error.message());
  return {status, std::string(to_string(error.code())), message};
}

Response to_response(const ApiError& error) {
  const boost::json::value body = {{"error", {{"code", error.code}, {"message", error.message}}}};
  return {.status = error.status, .body = boost::json::serialize(body)};
}

}  // namespace larder::service
