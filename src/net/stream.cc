// Stream on Asio's sockets. Each open() makes a Channel, which its handlers keep alive; one that is
// closed has no owner and tells nobody anything.
#include "net/stream.h"

#include <algorithm>
#include <array>
#include <fcntl.h>
#include <optional>
#include <utility>
#include <vector>

#include <boost/asio/buffer.hpp>
#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/ssl/error.hpp>
#include <boost/asio/ssl/host_name_verification.hpp>
#include <boost/asio/ssl/stream.hpp>

#include "base/check.h"
#include "base/secure.h"
#include "net/loop_impl.h"
#include "net/tls_impl.h"

namespace larder::net {
namespace {

namespace asio = boost::asio;
using boost::system::error_code;
using Socket = asio::generic::stream_protocol::socket;
using Endpoint = asio::generic::stream_protocol::endpoint;

std::string describe(const error_code& fault) {
  if (fault == asio::error::eof || fault == asio::ssl::error::stream_truncated) {
    return "the server closed the connection";
  }
  return fault.message();
}

}  // namespace

class Stream::Channel : public std::enable_shared_from_this<Channel> {
 public:
  Channel(Loop& loop, Stream& stream)
      : loop_(loop), owner_(stream.owner_), stream_(&stream), socket_(loop.impl().context) {}

  void open(const Address& address, std::shared_ptr<const TlsContext> tls, std::uint64_t attempt) {
    tls_context_ = std::move(tls);
    host_ = address.host;
    attempt_ = attempt;
    error_code not_literal;
    const auto literal = asio::ip::make_address(address.host, not_literal);
    if (!address.path.empty()) {
      endpoints_ = {Endpoint(asio::local::stream_protocol::endpoint(address.path))};
      connect();
    } else if (!not_literal) {
      endpoints_ = {Endpoint(asio::ip::tcp::endpoint(literal, address.port))};
      connect();
    } else {
      resolve(address);
    }
  }

  void receive(std::span<char> into) {
    if (tls_) {
      const std::size_t size = std::min(into.size(), received_->size());
      tls_->async_read_some(
          asio::buffer(received_->data(), size),
          [self = shared_from_this(), into](const error_code& fault, std::size_t count) {
            if (self->stream_ != nullptr) std::copy_n(self->received_->data(), count, into.data());
            base::secure_zero(self->received_->data(), count);
            self->tell(fault, count, &StreamOwner::on_received);
          });
    } else {
      socket_.async_read_some(
          asio::buffer(into.data(), into.size()),
          [self = shared_from_this()](const error_code& fault, std::size_t count) {
            self->tell(fault, count, &StreamOwner::on_received);
          });
    }
  }

  void send(std::string_view bytes) {
    if (tls_) {
      const std::size_t size = std::min(bytes.size(), sent_->size());
      std::copy_n(bytes.data(), size, sent_->data());
      tls_->async_write_some(
          asio::buffer(sent_->data(), size),
          [self = shared_from_this(), size](const error_code& fault, std::size_t count) {
            base::secure_zero(self->sent_->data(), size);
            self->tell(fault, count, &StreamOwner::on_sent);
          });
    } else {
      socket_.async_write_some(
          asio::buffer(bytes.data(), bytes.size()),
          [self = shared_from_this()](const error_code& fault, std::size_t count) {
            self->tell(fault, count, &StreamOwner::on_sent);
          });
    }
  }

  void close() noexcept {
    stream_ = nullptr;
    if (resolver_) resolver_->cancel();
    error_code ignored;
    socket_.close(ignored);
  }

 private:
  static constexpr std::size_t kRecordBytes = 16'384;  // the most that one TLS record holds

  using Block = std::array<char, kRecordBytes>;

  void resolve(const Address& address) {
    ++loop_.impl().resolving;
    resolver_.emplace(loop_.impl().context);
    resolver_->async_resolve(
        address.host, std::to_string(address.port),
        [self = shared_from_this()](const error_code& fault, const auto& found) {
          --self->loop_.impl().resolving;
          if (self->stream_ == nullptr) return;
          if (fault) return self->fail("the name cannot be resolved: " + fault.message());
          for (const auto& entry : found) self->endpoints_.emplace_back(entry.endpoint());
          const std::size_t first = self->attempt_ % self->endpoints_.size();
          std::ranges::rotate(self->endpoints_,
                              self->endpoints_.begin() + static_cast<std::ptrdiff_t>(first));
          self->connect();
        });
  }

  // Tries the first of `endpoints_`, which are then one fewer.
  void connect() {
    const Endpoint endpoint = endpoints_.front();
    endpoints_.erase(endpoints_.begin());
    error_code fault;
    socket_.close(fault);
    socket_.open(endpoint.protocol(), fault);
    if (fault) {
      // Told later, as everything.
      asio::post(loop_.impl().context,
                 [self = shared_from_this(), fault] { self->on_connected(fault); });
      return;
    }
    ::fcntl(socket_.native_handle(), F_SETFD, FD_CLOEXEC);
    socket_.async_connect(endpoint, [self = shared_from_this()](const error_code& result) {
      self->on_connected(result);
    });
  }

  void on_connected(const error_code& fault) {
    if (stream_ == nullptr) return;
    if (fault) return endpoints_.empty() ? fail(fault.message()) : connect();
    error_code ignored;  // a unix socket has no such option
    socket_.set_option(asio::ip::tcp::no_delay(true), ignored);
    if (tls_context_ == nullptr) return owner_.on_open();
    shake_hands();
  }

  void shake_hands() {
    const TlsContext::Impl& context = tls_context_->impl();
    const std::string& name =
        context.options.server_name.empty() ? host_ : context.options.server_name;
    tls_.emplace(socket_, tls_context_->impl().context);
    received_ = std::make_unique<Block>();
    sent_ = std::make_unique<Block>();
    error_code fault;
    asio::ip::make_address(name, fault);
    if (fault)
      SSL_set_tlsext_host_name(tls_->native_handle(), name.c_str());  // no SNI of addresses
    if (context.options.verify) {
      tls_->set_verify_callback(asio::ssl::host_name_verification(name), fault);
    }
    tls_->async_handshake(
        asio::ssl::stream_base::client,
        [self = shared_from_this()](const error_code& result) { self->on_hands_shaken(result); });
  }

  void on_hands_shaken(const error_code& fault) {
    if (stream_ == nullptr) return;
    if (!fault) return owner_.on_open();
    std::string words = "TLS: " + describe(fault);
    const long verdict = SSL_get_verify_result(tls_->native_handle());
    if (verdict != X509_V_OK) {
      words += std::string(": ") + X509_verify_cert_error_string(verdict);
    }
    fail(words);
  }

  // What came of a receive or a send.
  void tell(const error_code& fault, std::size_t size,
            void (StreamOwner::*told)(std::size_t) noexcept) {
    if (stream_ == nullptr) return;
    if (size > 0) return (owner_.*told)(size);
    fail(describe(fault));
  }

  void fail(const std::string& words) {
    stream_->close();
    owner_.on_failed(Error(Errc::unavailable, words));
  }

  // constant after construction or open()
  Loop& loop_;
  StreamOwner& owner_;
  std::string host_;
  std::uint64_t attempt_ = 0;
  std::shared_ptr<const TlsContext> tls_context_;

  Stream* stream_;  // null: closed, and the owner may be gone
  std::optional<asio::ip::tcp::resolver> resolver_;
  std::vector<Endpoint> endpoints_;  // not tried so far
  Socket socket_;
  std::optional<asio::ssl::stream<Socket&>> tls_;
  // OpenSSL may read or fill the bytes that it was given after the channel is closed: these are
  // its.
  std::unique_ptr<Block> received_;
  std::unique_ptr<Block> sent_;
};

Stream::Stream(Loop& loop, StreamOwner& owner) : loop_(loop), owner_(owner) {}

Stream::~Stream() { close(); }

void Stream::open(const Address& address, std::shared_ptr<const TlsContext> tls,
                  std::uint64_t attempt) {
  CHECK(is_closed());
  channel_ = std::make_shared<Channel>(loop_, *this);
  channel_->open(address, std::move(tls), attempt);
}

void Stream::receive(std::span<char> into) {
  CHECK(!is_closed() && !into.empty());
  channel_->receive(into);
}

void Stream::send(std::string_view bytes) {
  CHECK(!is_closed() && !bytes.empty());
  channel_->send(bytes);
}

void Stream::close() noexcept {
  if (const auto channel = std::exchange(channel_, nullptr)) channel->close();
}

}  // namespace larder::net
