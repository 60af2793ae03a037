// ApiError: every failure that the service tells its clients about, in one shape:
// {"error":{"code":"...","message":"..."}}.
// Thread safety: values.
#pragma once

#include <string>

#include "larder/error.h"
#include "service/message.h"

namespace larder::service {

struct ApiError {
  unsigned status;      // of HTTP
  std::string code;     // for programs; stable
  std::string message;  // for people
};

// What a failure of the cache is to a client.
ApiError from_cache(const Error& error);

Response to_response(const ApiError& error);

}  // namespace larder::service
