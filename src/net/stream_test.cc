// Streams against acceptors in the same loop: TCP, unix sockets, names, TLS with good and bad
// certificates; what is refused, what ends, what is closed in the middle.
#include "net/stream.h"

#include <cstdio>
#include <cstdlib>
#include <functional>
#include <string>
#include <unistd.h>
#include <vector>

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/ssl.hpp>
#include <boost/asio/write.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include "net/loop_impl.h"

namespace larder::net {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using testing::HasSubstr;

// Runs the loop until `done`, for ten seconds at most.
bool run_until(Loop& loop, const std::function<bool()>& done) {
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(10);
  while (!done() && std::chrono::steady_clock::now() < end) {
    loop.impl().context.run_one_for(std::chrono::milliseconds(100));
  }
  return done();
}

// Remembers what it is told; keeps receiving into `room`.
class Client final : public StreamOwner {
 public:
  explicit Client(Loop& loop) : stream(loop, *this) {}

  void on_open() noexcept override {
    is_open = true;
    stream.receive(room);
  }
  void on_received(std::size_t size) noexcept override {
    received.append(room.data(), size);
    stream.receive(room);
  }
  void on_sent(std::size_t size) noexcept override { sent += size; }
  void on_failed(const Error& reason) noexcept override {
    EXPECT_EQ(reason, Errc::unavailable);
    EXPECT_TRUE(failure.empty());
    failure = reason.message();
    is_open = false;
  }

  Stream stream;
  std::string room = std::string(1'000, '\0');
  bool is_open = false;
  std::size_t sent = 0;
  std::string received;
  std::string failure;
};

// Accepts one connection after the other and sends back what comes, until its socket is closed.
template <class Protocol>
class Echo {
 public:
  Echo(Loop& loop, const typename Protocol::endpoint& at)
      : acceptor(loop.impl().context, at), socket(loop.impl().context) {
    accept();
  }
  void accept() {
    acceptor.async_accept(socket, [this](const boost::system::error_code& fault) {
      if (fault) return;
      ++accepted;
      read();
    });
  }
  void read() {
    socket.async_read_some(asio::buffer(room),
                           [this](const boost::system::error_code& fault, std::size_t size) {
                             if (fault) return;
                             bytes += size;
                             asio::write(socket, asio::buffer(room, size));
                             read();
                           });
  }
  void drop() {
    socket.close();
    accept();
  }

  typename Protocol::acceptor acceptor;
  typename Protocol::socket socket;
  std::array<char, 4'096> room;
  int accepted = 0;
  std::size_t bytes = 0;
};

tcp::endpoint local() { return {asio::ip::address_v4::loopback(), 0}; }

class StreamTest : public testing::Test {
 protected:
  Loop loop;
};

TEST_F(StreamTest, CarriesBytesOverTcp) {
  Echo<tcp> echo(loop, local());
  Client client(loop);
  client.stream.open({.host = "127.0.0.1", .port = echo.acceptor.local_endpoint().port()}, nullptr,
                     1);
  EXPECT_FALSE(client.is_open) << "never from within the call";
  ASSERT_TRUE(run_until(loop, [&] { return client.is_open; })) << client.failure;
  client.stream.send("hello");
  ASSERT_TRUE(run_until(loop, [&] { return client.received == "hello"; }));
  EXPECT_EQ(client.sent, 5U);
  echo.drop();
  ASSERT_TRUE(run_until(loop, [&] { return !client.failure.empty(); }));
  EXPECT_EQ(client.failure, "the server closed the connection");
  EXPECT_TRUE(client.stream.is_closed());

  client.failure.clear();
  client.stream.open({.host = "127.0.0.1", .port = echo.acceptor.local_endpoint().port()}, nullptr,
                     2);
  ASSERT_TRUE(run_until(loop, [&] { return client.is_open; })) << "it opens again";
  EXPECT_TRUE(run_until(loop, [&] { return echo.accepted == 2; }));
}

TEST_F(StreamTest, ResolvesNames) {
  Echo<tcp> echo(loop, local());
  for (std::uint64_t attempt = 0; attempt < 3; ++attempt) {
    Client client(loop);
    client.stream.open({.host = "localhost", .port = echo.acceptor.local_endpoint().port()},
                       nullptr, attempt);
    EXPECT_TRUE(loop.is_resolving());
    ASSERT_TRUE(run_until(loop, [&] { return client.is_open; })) << client.failure;
    EXPECT_FALSE(loop.is_resolving());
    client.stream.close();
    echo.drop();
  }
}

TEST_F(StreamTest, SaysWhatWentWrong) {
  std::uint16_t free_port = 0;
  {
    tcp::acceptor acceptor(loop.impl().context, local());
    free_port = acceptor.local_endpoint().port();
  }
  Client refused(loop);
  refused.stream.open({.host = "127.0.0.1", .port = free_port}, nullptr, 1);
  ASSERT_TRUE(run_until(loop, [&] { return !refused.failure.empty(); }));
  EXPECT_EQ(refused.failure, "Connection refused");
  Client nobody(loop);
  nobody.stream.open({.host = "no-such-host.invalid", .port = 1}, nullptr, 1);
  ASSERT_TRUE(run_until(loop, [&] { return !nobody.failure.empty(); }));
  EXPECT_THAT(nobody.failure, HasSubstr("the name cannot be resolved"));
  Client no_socket(loop);
  no_socket.stream.open({.path = "/nowhere/redis.sock"}, nullptr, 1);
  ASSERT_TRUE(run_until(loop, [&] { return !no_socket.failure.empty(); }));
  EXPECT_EQ(no_socket.failure, "No such file or directory");
}

std::string temporary_folder() {
  std::string name = testing::TempDir() + "larder-net-XXXXXX";
  EXPECT_NE(::mkdtemp(name.data()), nullptr);
  return name;
}

TEST_F(StreamTest, CarriesBytesOverAUnixSocket) {
  const std::string folder = temporary_folder();
  const std::string path = folder + "/socket";
  {
    Echo<asio::local::stream_protocol> echo(loop, {path});
    Client client(loop);
    client.stream.open({.path = path}, nullptr, 1);
    ASSERT_TRUE(run_until(loop, [&] { return client.is_open; })) << client.failure;
    client.stream.send("over there");
    EXPECT_TRUE(run_until(loop, [&] { return client.received == "over there"; }));
  }
  ::unlink(path.c_str());
  ::rmdir(folder.c_str());
}

TEST_F(StreamTest, AClosedStreamTellsNothing) {
  Echo<tcp> echo(loop, local());
  const Address address{.host = "127.0.0.1", .port = echo.acceptor.local_endpoint().port()};
  auto client = std::make_unique<Client>(loop);
  client->stream.open(address, nullptr, 1);
  client->stream.close();
  client->stream.open({.host = "localhost", .port = address.port}, nullptr, 1);
  client->stream.close();
  client->stream.open(address, nullptr, 1);
  ASSERT_TRUE(run_until(loop, [&] { return client->is_open; }));
  client->stream.send("never answered");
  client->stream.close();
  client->stream.close();
  EXPECT_TRUE(client->stream.is_closed());
  client.reset();  // handlers are still on their way to it
  loop.post([&] { loop.stop(); });
  loop.run();
  SUCCEED();
}

TEST_F(StreamTest, SendsAsMuchAsTheSocketTakes) {
  Echo<tcp> echo(loop, local());
  Client client(loop);
  client.stream.open({.host = "127.0.0.1", .port = echo.acceptor.local_endpoint().port()}, nullptr,
                     1);
  ASSERT_TRUE(run_until(loop, [&] { return client.is_open; }));
  const std::string large(50'000'000, 'x');
  client.stream.send(large);
  ASSERT_TRUE(run_until(loop, [&] { return client.sent > 0; }));
  EXPECT_LT(client.sent, large.size()) << "a part: the rest is for the next send";
  ASSERT_TRUE(run_until(loop, [&] { return client.received.size() == client.sent; }));
}

// ---- TLS

struct Freed {
  void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
  void operator()(X509* certificate) const { X509_free(certificate); }
};

// A certificate that vouches for itself, for `name`, in two files.
struct Certificate {
  Certificate(const std::string& folder, const std::string& name)
      : certificate_file(folder + "/" + name + ".crt"), key_file(folder + "/" + name + ".key") {
    const std::unique_ptr<EVP_PKEY, Freed> key(EVP_EC_gen("P-256"));
    const std::unique_ptr<X509, Freed> certificate(X509_new());
    X509_set_version(certificate.get(), 2);
    ASN1_INTEGER_set(X509_get_serialNumber(certificate.get()), 1);
    X509_gmtime_adj(X509_getm_notBefore(certificate.get()), -3'600);
    X509_gmtime_adj(X509_getm_notAfter(certificate.get()), 3'600);
    X509_set_pubkey(certificate.get(), key.get());
    X509_NAME* subject = X509_get_subject_name(certificate.get());
    X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC,
                               reinterpret_cast<const unsigned char*>(name.c_str()), -1, -1, 0);
    X509_set_issuer_name(certificate.get(), subject);
    const std::string names = (name[0] == '1' ? "IP:" : "DNS:") + name;
    X509_EXTENSION* extension =
        X509V3_EXT_conf_nid(nullptr, nullptr, NID_subject_alt_name, names.c_str());
    X509_add_ext(certificate.get(), extension, -1);
    X509_EXTENSION_free(extension);
    X509_sign(certificate.get(), key.get(), EVP_sha256());
    std::FILE* file = std::fopen(certificate_file.c_str(), "w");
    PEM_write_X509(file, certificate.get());
    std::fclose(file);
    file = std::fopen(key_file.c_str(), "w");
    PEM_write_PrivateKey(file, key.get(), nullptr, nullptr, 0, nullptr, nullptr);
    std::fclose(file);
  }
  ~Certificate() {
    ::unlink(certificate_file.c_str());
    ::unlink(key_file.c_str());
  }

  std::string certificate_file;
  std::string key_file;
};

// Accepts one connection, shakes hands, sends back what comes.
class TlsEcho {
 public:
  TlsEcho(Loop& loop, const Certificate& certificate, const Certificate* client = nullptr)
      : context(asio::ssl::context::tls_server), acceptor(loop.impl().context, local()) {
    context.use_certificate_chain_file(certificate.certificate_file);
    context.use_private_key_file(certificate.key_file, asio::ssl::context::pem);
    if (client != nullptr) {
      context.set_verify_mode(asio::ssl::verify_peer | asio::ssl::verify_fail_if_no_peer_cert);
      context.load_verify_file(client->certificate_file);
    }
    stream.emplace(loop.impl().context, context);
    acceptor.async_accept(stream->lowest_layer(), [this](const boost::system::error_code& fault) {
      if (fault) return;
      stream->async_handshake(
          asio::ssl::stream_base::server, [this](const boost::system::error_code& result) {
            const char* name =
                SSL_get_servername(stream->native_handle(), TLSEXT_NAMETYPE_host_name);
            asked_for = name == nullptr ? "" : name;
            if (!result) read();
          });
    });
  }
  void read() {
    stream->async_read_some(asio::buffer(room),
                            [this](const boost::system::error_code& fault, std::size_t size) {
                              if (fault) return;
                              back.append(room.data(), size);
                              if (!is_writing) write();
                              read();
                            });
  }
  void write() {
    is_writing = true;
    stream->async_write_some(asio::buffer(back),
                             [this](const boost::system::error_code& fault, std::size_t size) {
                               is_writing = false;
                               if (fault) return;
                               back.erase(0, size);
                               if (!back.empty()) write();
                             });
  }
  [[nodiscard]] Address address(std::string host = "127.0.0.1") const {
    return {.host = std::move(host), .port = acceptor.local_endpoint().port()};
  }

  asio::ssl::context context;
  tcp::acceptor acceptor;
  std::optional<asio::ssl::stream<tcp::socket>> stream;
  std::array<char, 20'000> room;
  std::string back;
  bool is_writing = false;
  std::string asked_for;
};

class TlsTest : public StreamTest {
 protected:
  ~TlsTest() override { ::rmdir(folder.c_str()); }

  static std::shared_ptr<const TlsContext> context(TlsOptions options) {
    auto made = TlsContext::create(std::move(options));
    EXPECT_TRUE(made) << made.error().message();
    return made ? *made : nullptr;
  }
  // The failure's words; empty: it opened and echoed.
  std::string attempt(TlsEcho& echo, TlsOptions options, const std::string& host = "127.0.0.1") {
    Client client(loop);
    client.stream.open(echo.address(host), context(std::move(options)), 1);
    const bool told = run_until(loop, [&] { return client.is_open || !client.failure.empty(); });
    if (!told) return "silence";
    if (!client.is_open) return client.failure;
    client.stream.send("ping");
    run_until(loop, [&] { return client.received == "ping" || !client.failure.empty(); });
    return client.received == "ping" ? "" : "open, then: " + client.failure;
  }

  // Lives as long as the handlers that refer to it may run.
  TlsEcho& serve(const Certificate& certificate, const Certificate* client = nullptr) {
    echoes.push_back(std::make_unique<TlsEcho>(loop, certificate, client));
    return *echoes.back();
  }

  const std::string folder = temporary_folder();
  std::vector<std::unique_ptr<TlsEcho>> echoes;
};

TEST_F(TlsTest, ChecksAuthorityAndName) {
  const Certificate good(folder, "localhost");
  const Certificate other(folder, "other.example");
  {
    TlsEcho& echo = serve(good);
    EXPECT_EQ(attempt(echo, {.ca_file = good.certificate_file}, "localhost"), "");
    EXPECT_EQ(echo.asked_for, "localhost");
  }
  {
    TlsEcho& echo = serve(good);
    EXPECT_EQ(attempt(echo, {.ca_file = good.certificate_file, .server_name = "localhost"}), "");
    EXPECT_EQ(echo.asked_for, "localhost");
  }
  {
    TlsEcho& echo = serve(good);
    EXPECT_THAT(attempt(echo, {.ca_file = other.certificate_file}, "localhost"),
                HasSubstr("self-signed certificate"));
  }
  {
    TlsEcho& echo = serve(good);
    EXPECT_THAT(attempt(echo, {}, "localhost"), HasSubstr("TLS: "))
        << "the system's authorities do not know it";
  }
  {
    TlsEcho& echo = serve(other);
    EXPECT_THAT(attempt(echo, {.ca_file = other.certificate_file}, "localhost"),
                HasSubstr("TLS: "));
  }
  {
    TlsEcho& echo = serve(other);
    EXPECT_EQ(attempt(echo, {.verify = false}), "");
    EXPECT_EQ(echo.asked_for, "") << "no name for an address";
  }
}

TEST_F(TlsTest, ChecksAddresses) {
  const Certificate certificate(folder, "127.0.0.1");
  TlsEcho& echo = serve(certificate);
  EXPECT_EQ(attempt(echo, {.ca_file = certificate.certificate_file}), "");
}

TEST_F(TlsTest, ShowsTheClientsCertificate) {
  const Certificate server(folder, "localhost");
  const Certificate client(folder, "client.example");
  {
    TlsEcho& echo = serve(server, &client);
    EXPECT_EQ(attempt(echo, {.ca_file = server.certificate_file,
                             .cert_file = client.certificate_file,
                             .key_file = client.key_file,
                             .server_name = "localhost"}),
              "");
  }
  {
    TlsEcho& echo = serve(server, &client);
    EXPECT_NE(attempt(echo, {.ca_file = server.certificate_file, .server_name = "localhost"}), "");
  }
}

TEST_F(TlsTest, CarriesManyRecordsBothWays) {
  const Certificate certificate(folder, "localhost");
  TlsEcho& echo = serve(certificate);
  Client client(loop);
  client.stream.open(echo.address(), context({.verify = false}), 1);
  ASSERT_TRUE(run_until(loop, [&] { return client.is_open; })) << client.failure;
  std::string large(3'000'000, '\0');
  for (std::size_t i = 0; i < large.size(); ++i) large[i] = static_cast<char>(i * i >> 7);
  std::size_t started = 0;
  const bool all = run_until(loop, [&] {
    if (client.sent == started && started < large.size()) {
      client.stream.send(std::string_view(large).substr(started));
      started = client.sent;
      // The next one begins where this one ends.
      run_until(loop, [&, before = started] { return client.sent > before; });
      started = client.sent;
    }
    return client.received.size() == large.size();
  });
  EXPECT_TRUE(all);
  EXPECT_EQ(client.received, large);
}

TEST_F(TlsTest, SomethingElseThanTlsIsRefused) {
  Echo<tcp> echo(loop, local());
  Client client(loop);
  client.stream.open({.host = "127.0.0.1", .port = echo.acceptor.local_endpoint().port()},
                     context({.verify = false}), 1);
  ASSERT_TRUE(run_until(loop, [&] { return !client.failure.empty(); }));
  EXPECT_THAT(client.failure, HasSubstr("TLS: "));
}

TEST_F(TlsTest, NamesTheFileThatCannotBeUsed) {
  const Certificate one(folder, "one.example");
  const Certificate two(folder, "two.example");
  const auto refusal = [](TlsOptions options) {
    const auto made = TlsContext::create(std::move(options));
    EXPECT_FALSE(made);
    return made ? "" : std::string(made.error().message());
  };
  EXPECT_THAT(refusal({.ca_file = "/nowhere.pem"}), HasSubstr("ca_file: cannot use"));
  EXPECT_THAT(refusal({.cert_file = "/nowhere.pem", .key_file = one.key_file}),
              HasSubstr("cert_file: "));
  EXPECT_THAT(refusal({.cert_file = one.certificate_file, .key_file = "/nowhere.pem"}),
              HasSubstr("key_file: "));
  EXPECT_THAT(refusal({.cert_file = one.certificate_file, .key_file = two.key_file}),
              HasSubstr("key_file: "));
}

}  // namespace
}  // namespace larder::net
