// The small client: against bytes that a test sends it, and against a real server.
#include "servers/resp_client.h"

#include <cstring>

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "servers/redis_server.h"
#include "servers/server_error.h"

namespace larder::servers {
namespace {

using namespace std::chrono_literals;  // NOLINT(google-build-using-namespace): durations in tests
using Kind = Reply::Kind;

// The other end of a client's connection, in the test's hands.
class Peer {
 public:
  Peer() : listener_(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_un name{};
    name.sun_family = AF_UNIX;
    std::memcpy(name.sun_path, path().data(), path().size());
    if (::bind(listener_.get(), reinterpret_cast<const sockaddr*>(&name), sizeof name) != 0 ||
        ::listen(listener_.get(), 1) != 0) {
      throw ServerError("cannot listen at " + path());
    }
    client_.emplace(RespClient::to_socket(path(), 50ms));
    socket_ = FileHandle(::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC));
  }

  [[nodiscard]] RespClient& client() { return *client_; }
  Reply read(const std::string& bytes) {
    send(bytes);
    return client_->read();
  }
  void send(const std::string& bytes) const {
    EXPECT_EQ(::send(socket_.get(), bytes.data(), bytes.size(), 0),
              static_cast<ssize_t>(bytes.size()));
  }
  void hang_up() { socket_.reset(); }
  [[nodiscard]] std::string received() const {
    std::string bytes(1'000, '\0');
    bytes.resize(static_cast<std::size_t>(::recv(socket_.get(), bytes.data(), bytes.size(), 0)));
    return bytes;
  }

 private:
  [[nodiscard]] std::string path() const { return folder_.file("peer"); }

  TempDir folder_;
  FileHandle listener_;
  FileHandle socket_;
  std::optional<RespClient> client_;
};

TEST(RespClientTest, writes_commands) {
  Peer peer;
  peer.client().send(std::vector<std::string>{"SET", "", "a\r\nb"});
  EXPECT_EQ(peer.received(), "*3\r\n$3\r\nSET\r\n$0\r\n\r\n$4\r\na\r\nb\r\n");
}

TEST(RespClientTest, reads_the_types_of_resp2) {
  Peer peer;
  EXPECT_EQ(peer.read("+OK\r\n"), (Reply{.kind = Kind::status, .text = "OK"}));
  EXPECT_EQ(peer.read("-ERR no\r\n"), (Reply{.kind = Kind::error, .text = "ERR no"}));
  EXPECT_EQ(peer.read(":-12\r\n"), (Reply{.kind = Kind::integer, .integer = -12}));
  EXPECT_EQ(peer.read("$4\r\n\r\n\r\n\r\n"), (Reply{.kind = Kind::text, .text = "\r\n\r\n"}));
  EXPECT_EQ(peer.read("$-1\r\n"), Reply{});
  EXPECT_EQ(peer.read("*-1\r\n"), Reply{});
  EXPECT_EQ(peer.read("*2\r\n*0\r\n$1\r\nx\r\n").to_string(), "[[], x]");
}

TEST(RespClientTest, reads_the_types_of_resp3) {
  Peer peer;
  EXPECT_EQ(peer.read("_\r\n"), Reply{});
  EXPECT_EQ(peer.read("#t\r\n").integer, 1);
  EXPECT_EQ(peer.read("#f\r\n"), (Reply{.kind = Kind::integer, .integer = 0}));
  EXPECT_EQ(peer.read(",1.5\r\n").text, "1.5");
  EXPECT_EQ(peer.read("(123456789012345678901234567890\r\n").text,
            "123456789012345678901234567890");
  EXPECT_EQ(peer.read("!3\r\nERR\r\n").kind, Kind::error);
  EXPECT_EQ(peer.read("=6\r\ntxt:ab\r\n").text, "ab");
  EXPECT_EQ(peer.read("~2\r\n:1\r\n:2\r\n").to_string(), "[1, 2]");
  const Reply map = peer.read("|1\r\n+a\r\n+b\r\n%1\r\n+k\r\n*1\r\n:1\r\n");
  EXPECT_EQ(map.kind, Kind::map);
  EXPECT_EQ(map.to_string(), "[k, [1]]");
  EXPECT_EQ(peer.read(">1\r\n+x\r\n").kind, Kind::push);
}

TEST(RespClientTest, reads_answers_one_by_one) {
  Peer peer;
  EXPECT_EQ(peer.read("+a\r\n+b\r\n$1\r\n").text, "a");
  EXPECT_EQ(peer.client().read().text, "b");
  EXPECT_EQ(peer.read("c\r\n").text, "c");
}

TEST(RespClientTest, refuses_nonsense) {
  for (const char* const bytes : {"?\r\n", ":1x\r\n", ":\r\n", "$1\r\nxyz", "+a\rb\r\n"}) {
    Peer peer;
    EXPECT_THROW(peer.read(bytes), ServerError) << bytes;
  }
  std::string deep;
  for (int i = 0; i < 40; ++i) deep += "*1\r\n";
  Peer peer;
  EXPECT_THROW(peer.read(deep), ServerError);
}

TEST(RespClientTest, waits_no_longer_than_its_patience) {
  Peer peer;
  EXPECT_THROW(peer.read("$3\r\nab"), ServerError);
}

TEST(RespClientTest, tells_of_a_lost_connection) {
  Peer peer;
  peer.hang_up();
  EXPECT_THROW(peer.client().read(), ServerError);
  EXPECT_THROW(RespClient::to_socket("/no/such/socket"), ServerError);
  EXPECT_THROW(RespClient::to_socket(std::string(200, 'x')), ServerError);
}

TEST(RespClientTest, speaks_both_protocols_with_a_server) {
  if (!missing_redis().empty()) GTEST_SKIP() << missing_redis();
  RedisServer server;
  RespClient client = RespClient::to_port(server.port());
  EXPECT_EQ(client.call({"HSET", "h", "a", "1"}).integer, 1);
  EXPECT_EQ(client.call({"HGETALL", "h"}).kind, Kind::list);
  EXPECT_EQ(client.call({"HELLO", "3"}).kind, Kind::map);
  EXPECT_EQ(client.call({"HGETALL", "h"}).kind, Kind::map);
  EXPECT_EQ(client.call({"GET", "none"}), Reply{});
  EXPECT_EQ(client.call({"DEBUG", "PROTOCOL", "attrib"}).kind, Kind::text);
  const std::string big(3'000'000, 'x');
  EXPECT_EQ(client.call({"ECHO", big}).text, big);
}

}  // namespace
}  // namespace larder::servers
