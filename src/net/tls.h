// TLS: what a stream needs to speak it. Made once by a client, used by all of its streams.
//
// Thread safety: constant after construction; may be shared by loops.
#pragma once

#include <memory>
#include <string>

#include "larder/result.h"

namespace larder::net {

struct TlsOptions {
  bool verify = true;     // the server's certificate: its authority, its dates and its name
  std::string ca_file{};  // PEM; empty: the system's authorities
  std::string
      cert_file{};         // PEM: the client's certificate and those that vouch for it; empty: none
  std::string key_file{};  // PEM, not encrypted
  std::string
      server_name{};  // for SNI and the check of the name; empty: the host that is connected
};

// TLS 1.2 or later, with OpenSSL's defaults otherwise.
class TlsContext {
 public:
  // `invalid_config` names the file that cannot be used.
  static Result<std::shared_ptr<const TlsContext>> create(TlsOptions options);
  ~TlsContext();
  TlsContext(const TlsContext&) = delete;
  TlsContext& operator=(const TlsContext&) = delete;

  // For this folder: the OpenSSL side.
  struct Impl;
  [[nodiscard]] Impl& impl() const noexcept { return *impl_; }

 private:
  explicit TlsContext(std::unique_ptr<Impl> impl) noexcept;

  const std::unique_ptr<Impl> impl_;  // constant after construction
};

}  // namespace larder::net
