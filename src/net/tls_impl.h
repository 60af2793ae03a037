// The OpenSSL side of TlsContext. Used inside net/ alone.
//
// Thread safety: as in tls.h; making a stream of the context takes its own lock inside OpenSSL.
#pragma once

#include <boost/asio/ssl/context.hpp>

#include "net/tls.h"

namespace larder::net {

struct TlsContext::Impl {
  TlsOptions options;
  boost::asio::ssl::context context{boost::asio::ssl::context::tls_client};
};

}  // namespace larder::net
