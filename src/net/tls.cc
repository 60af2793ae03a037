// Loading of certificates and keys.
#include "net/tls.h"

#include <utility>

#include "net/tls_impl.h"

namespace larder::net {
namespace {

using boost::system::error_code;

Error cannot_use(std::string_view what, const std::string& file, const error_code& fault) {
  return Error(Errc::invalid_config, std::string(what) + ": cannot use '" + file +
                                         "', a file in PEM is needed: " + fault.message());
}

}  // namespace

TlsContext::TlsContext(std::unique_ptr<Impl> impl) noexcept : impl_(std::move(impl)) {}

TlsContext::~TlsContext() = default;

Result<std::shared_ptr<const TlsContext>> TlsContext::create(TlsOptions options) {
  namespace ssl = boost::asio::ssl;
  auto impl = std::make_unique<Impl>();
  ssl::context& context = impl->context;
  error_code fault;
  SSL_CTX_set_min_proto_version(context.native_handle(), TLS1_2_VERSION);
  context.set_verify_mode(options.verify ? ssl::verify_peer : ssl::verify_none, fault);
  if (!options.ca_file.empty()) {
    context.load_verify_file(options.ca_file, fault);
    if (fault) return cannot_use("ca_file", options.ca_file, fault);
  } else if (options.verify) {
    context.set_default_verify_paths(fault);
    if (fault) return cannot_use("ca_file", "the system's", fault);
  }
  if (!options.cert_file.empty()) {
    // An encrypted key would ask the terminal for its password.
    context.set_password_callback([](std::size_t, auto) { return std::string(); }, fault);
    context.use_certificate_chain_file(options.cert_file, fault);
    if (fault) return cannot_use("cert_file", options.cert_file, fault);
    context.use_private_key_file(options.key_file, ssl::context::pem, fault);
    if (fault) return cannot_use("key_file", options.key_file, fault);
    if (SSL_CTX_check_private_key(context.native_handle()) != 1) {
      return Error(Errc::invalid_config, "key_file: does not belong to cert_file");
    }
  }
  impl->options = std::move(options);
  return std::shared_ptr<const TlsContext>(new TlsContext(std::move(impl)));
}

}  // namespace larder::net
