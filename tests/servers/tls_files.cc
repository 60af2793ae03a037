// Calls of the openssl command.
#include "servers/tls_files.h"

#include <sstream>
#include <vector>

#include "servers/child_process.h"
#include "servers/server_error.h"

namespace larder::servers {
namespace {

constexpr const char* kConfig = R"([req]
distinguished_name = name
[name]
[authority]
basicConstraints = critical, CA:TRUE
keyUsage = critical, keyCertSign
[signed]
basicConstraints = CA:FALSE
subjectAltName = DNS:localhost, IP:127.0.0.1
)";

std::vector<std::string> words(const std::string& text) {
  std::istringstream in(text);
  std::vector<std::string> out{"openssl"};
  for (std::string word; in >> word;) out.push_back(word);  // bound: the words
  return out;
}

}  // namespace

TlsFiles::TlsFiles() {
  write_file(folder_.file("config"), kConfig);
  make_authority();
  make_signed("server");
  make_signed("client");
}

void TlsFiles::openssl(const std::string& arguments) const {
  const std::string file = find_program("openssl");
  if (file.empty()) throw ServerError("no openssl command here (package openssl)");
  const RunResult result =
      run_program({.file = file, .arguments = words(arguments), .folder = folder_.path()});
  if (result.exit_code != 0) throw ServerError("openssl " + arguments + ": " + result.output);
}

void TlsFiles::make_authority() const {
  openssl(
      "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 3650"
      " -subj /CN=authority -config config -extensions authority -keyout ca.key -out ca.crt");
}

void TlsFiles::make_signed(const std::string& name) const {
  openssl("req -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -subj /CN=" + name +
          " -config config -keyout " + name + ".key -out " + name + ".csr");
  openssl("x509 -req -in " + name + ".csr -CA ca.crt -CAkey ca.key -CAcreateserial -days 3650" +
          " -extfile config -extensions signed -out " + name + ".crt");
}

}  // namespace larder::servers
