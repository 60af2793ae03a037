// TlsFiles: an authority and the certificates that it signs for a server on 127.0.0.1 (and
// `localhost`) and for a client, made by the openssl command in a folder of their own.
// Thread safety: constant after construction.
#pragma once

#include <string>

#include "servers/temp_dir.h"

namespace larder::servers {

class TlsFiles {
 public:
  /// Throws ServerError where the command is missing or fails.
  TlsFiles();

  [[nodiscard]] std::string ca_file() const { return folder_.file("ca.crt"); }
  [[nodiscard]] std::string server_cert_file() const { return folder_.file("server.crt"); }
  [[nodiscard]] std::string server_key_file() const { return folder_.file("server.key"); }
  [[nodiscard]] std::string client_cert_file() const { return folder_.file("client.crt"); }
  [[nodiscard]] std::string client_key_file() const { return folder_.file("client.key"); }

 private:
  void openssl(const std::string& arguments) const;
  void make_authority() const;
  void make_signed(const std::string& name) const;

  TempDir folder_;
};

}  // namespace larder::servers
