// ServerError: what the helpers of this folder throw when a server cannot be started, reached or
// told something. A test lets it pass: GoogleTest reports it.
// Thread safety: values.
#pragma once

#include <stdexcept>

namespace larder::servers {

class ServerError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

}  // namespace larder::servers
