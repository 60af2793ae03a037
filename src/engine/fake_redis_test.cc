// The fake server on Asio, with a thread of its own; and a test of the fake itself.
#include "engine/fake_redis.h"

#include <array>
#include <atomic>
#include <set>
#include <string_view>
#include <thread>
#include <utility>

#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/write.hpp>
#include <gtest/gtest.h>

#include "resp/parser.h"
#include "resp/writer.h"
#include "sync/event.h"

namespace larder::engine {

namespace asio = boost::asio;
using boost::system::error_code;
using Socket = asio::generic::stream_protocol::socket;

class FakeRedis::Impl {
 public:
  Impl(Answerer answerer, std::string unix_path)
      : answerer_(std::move(answerer)),
        unix_path_(std::move(unix_path)),
        tcp_(context_),
        local_(context_) {
    listen();
    thread_ = std::thread([this] { context_.run(); });
  }
  ~Impl() {
    context_.stop();
    thread_.join();
  }

  // Runs `task` on the server's thread and waits for it.
  void call(const std::function<void()>& task) {
    sync::Event done;
    asio::post(context_, [&] {
      task();
      done.set();
    });
    done.wait();
  }

  void listen() {
    if (!unix_path_.empty()) {
      local_ = asio::local::stream_protocol::acceptor(context_, {unix_path_});
      return accept(local_);
    }
    tcp_ = asio::ip::tcp::acceptor(context_, {asio::ip::address_v4::loopback(), port_}, true);
    port_ = tcp_.local_endpoint().port();
    accept(tcp_);
  }

  void stop() {
    tcp_.close();
    drop();
  }

  void drop() {
    for (const auto& peer : std::exchange(peers_, {})) peer->socket.close();
  }

  void say(const std::string& bytes) {
    for (const auto& peer : peers_) send(peer, bytes);
  }

  std::atomic<std::uint16_t> port_{0};
  std::atomic<std::size_t> accepted_{0};
  std::atomic<std::size_t> received_{0};
  std::string hello_;

 private:
  struct Peer {
    explicit Peer(Socket with) : socket(std::move(with)) {}
    Socket socket;
    resp::Parser parser;
    std::array<char, 65'536> room;
    std::string unread;
    std::string unsent;
    bool is_sending = false;
  };
  using PeerPtr = std::shared_ptr<Peer>;

  template <class Acceptor>
  void accept(Acceptor& acceptor) {
    acceptor.async_accept([this, &acceptor](const error_code& fault, auto socket) {
      if (fault) return;
      ++accepted_;
      const auto peer = std::make_shared<Peer>(Socket(std::move(socket)));
      peers_.insert(peer);
      read(peer);
      accept(acceptor);
    });
  }

  void read(const PeerPtr& peer) {
    peer->socket.async_read_some(asio::buffer(peer->room),
                                 [this, peer](const error_code& fault, std::size_t size) {
                                   if (fault) {
                                     peers_.erase(peer);
                                     return;
                                   }
                                   peer->unread.append(peer->room.data(), size);
                                   answer_all(peer);
                                   read(peer);
                                 });
  }

  void answer_all(const PeerPtr& peer) {
    std::string answers;
    std::size_t at = 0;
    while (at < peer->unread.size()) {
      const std::string_view rest = std::string_view(peer->unread).substr(at);
      if (peer->parser.parse(rest) != resp::Parser::Status::ready) break;
      Command command;
      for (const resp::Value& item : peer->parser.value().items) command.emplace_back(item.text);
      at += peer->parser.consumed();
      answers += answer(command);
    }
    peer->unread.erase(0, at);
    if (!answers.empty()) send(peer, answers);
  }

  std::string answer(const Command& command) {
    if (command[0] == "HELLO") {
      return hello_.empty() ? "%1\r\n$5\r\nproto\r\n:3\r\n" : hello_;
    }
    if (command[0] == "CLIENT" || command[0] == "SELECT") return "+OK\r\n";
    if (command[0] == "PING") return "+PONG\r\n";
    ++received_;
    return answerer_(command);
  }

  void send(const PeerPtr& peer, const std::string& bytes) {
    peer->unsent += bytes;
    if (!peer->is_sending) write(peer);
  }

  void write(const PeerPtr& peer) {
    peer->is_sending = true;
    const auto bytes = std::make_shared<std::string>(std::exchange(peer->unsent, {}));
    asio::async_write(peer->socket, asio::buffer(*bytes),
                      [this, peer, bytes](const error_code& fault, std::size_t) {
                        peer->is_sending = false;
                        if (!fault && !peer->unsent.empty()) write(peer);
                      });
  }

  const Answerer answerer_;
  const std::string unix_path_;
  asio::io_context context_{1};
  asio::executor_work_guard<asio::io_context::executor_type> work_{context_.get_executor()};
  asio::ip::tcp::acceptor tcp_;
  asio::local::stream_protocol::acceptor local_;
  std::set<PeerPtr> peers_;
  std::thread thread_;
};

FakeRedis::FakeRedis(Answerer answerer, std::string unix_path)
    : impl_(std::make_unique<Impl>(std::move(answerer), std::move(unix_path))) {}

FakeRedis::~FakeRedis() = default;

std::uint16_t FakeRedis::port() const noexcept { return impl_->port_; }

std::string FakeRedis::url() const { return "redis://127.0.0.1:" + std::to_string(port()); }

std::size_t FakeRedis::accepted() const noexcept { return impl_->accepted_; }

std::size_t FakeRedis::received() const noexcept { return impl_->received_; }

void FakeRedis::drop() {
  impl_->call([this] { impl_->drop(); });
}

void FakeRedis::stop() {
  impl_->call([this] { impl_->stop(); });
}

void FakeRedis::start() {
  impl_->call([this] { impl_->listen(); });
}

void FakeRedis::say(std::string bytes) {
  impl_->call([&] { impl_->say(bytes); });
}

void FakeRedis::set_hello(std::string answer) {
  impl_->call([&] { impl_->hello_ = std::move(answer); });
}

namespace {

TEST(FakeRedis, AnswersAPipelineAndComesBack) {
  FakeRedis server([](const FakeRedis::Command& command) {
    return command.at(1) == "quiet" ? "" : "+" + command.at(1) + "\r\n";
  });
  asio::io_context context;
  for (int round = 0; round < 2; ++round) {
    asio::ip::tcp::socket socket(context);
    socket.connect({asio::ip::address_v4::loopback(), server.port()});
    std::string wire;
    resp::append_command(wire, "GET", "one");
    resp::append_command(wire, "GET", "quiet");
    resp::append_command(wire, "PING");
    asio::write(socket, asio::buffer(wire));
    std::array<char, 13> answer;
    asio::read(socket, asio::buffer(answer));
    EXPECT_EQ(std::string_view(answer.data(), answer.size()), "+one\r\n+PONG\r\n");
    server.stop();
    error_code fault;
    asio::read(socket, asio::buffer(answer), fault);
    EXPECT_TRUE(fault);
    asio::ip::tcp::socket refused(context);
    refused.connect({asio::ip::address_v4::loopback(), server.port()}, fault);
    EXPECT_EQ(fault, asio::error::connection_refused);
    server.start();
  }
  EXPECT_EQ(server.accepted(), 2U);
  EXPECT_EQ(server.received(), 4U);
}

}  // namespace
}  // namespace larder::engine
