// The proxy between the small client and a real server.
#include "servers/fault_proxy.h"

#include <future>
#include <memory>
#include <vector>

#include <gtest/gtest.h>

#include "servers/redis_server.h"
#include "servers/server_error.h"

namespace larder::servers {
namespace {

using namespace std::chrono_literals;  // NOLINT(google-build-using-namespace): durations in tests

constexpr auto kShort = 50ms;

class FaultProxyTest : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!missing_redis().empty()) GTEST_SKIP() << missing_redis();
    server_ = std::make_unique<RedisServer>();
    proxy_ = std::make_unique<FaultProxy>(server_->port());
  }

  [[nodiscard]] RespClient client(std::chrono::milliseconds patience = 10s) const {
    return RespClient::to_port(proxy_->port(), patience);
  }
  [[nodiscard]] bool loses(RespClient client) const {
    try {
      client.call({"PING"});
      return false;
    } catch (const ServerError&) {
      return true;
    }
  }

  std::unique_ptr<RedisServer> server_;
  std::unique_ptr<FaultProxy> proxy_;
};

TEST_F(FaultProxyTest, passes_everything_on_and_counts) {
  const std::string big(5'000'000, 'x');
  {
    RespClient one = client();
    RespClient two = client();
    EXPECT_EQ(one.call({"SET", "k", big}).text, "OK");
    EXPECT_EQ(two.call({"GET", "k"}).text, big);
    EXPECT_EQ(proxy_->counts().open, 2U);
  }
  EXPECT_TRUE(proxy_->wait_for([](const ProxyCounts& counts) { return counts.open == 0; }));
  const ProxyCounts counts = proxy_->counts();
  EXPECT_EQ(counts.accepted, 2U);
  EXPECT_GT(counts.bytes_to_server, big.size());
  EXPECT_GT(counts.bytes_to_client, big.size());
  EXPECT_EQ(counts.cuts + counts.corrupted_bytes + counts.lost_bytes, 0U);
}

TEST_F(FaultProxyTest, cuts_a_reply_at_every_byte) {
  const std::string reply = "$5\r\nvalue\r\n";
  server_->command({"SET", "k", "value"});
  for (const bool reset : {false, true}) {
    for (std::size_t at = 0; at < reply.size(); ++at) {
      const std::uint64_t before = proxy_->counts().cuts;
      RespClient one = client();
      proxy_->set(Way::to_client, {.cut_after = at, .reset = reset, .times = 1});
      EXPECT_THROW(one.call({"GET", "k"}), ServerError) << at;
      EXPECT_EQ(proxy_->counts().cuts, before + 1);
      EXPECT_EQ(client().call({"GET", "k"}).text, "value");
    }
  }
  RespClient one = client();
  proxy_->set(Way::to_client, {.cut_after = reply.size()});
  EXPECT_EQ(one.call({"GET", "k"}).text, "value");
  EXPECT_THROW(one.call({"GET", "k"}), ServerError);
}

TEST_F(FaultProxyTest, cuts_a_request_before_the_server_has_all_of_it) {
  const std::vector<std::string> request{"SET", "k", "v"};
  const std::size_t size = to_wire(request).size();
  for (std::size_t at = 0; at <= size; ++at) {
    server_->command({"DEL", "k"});
    RespClient one = client();
    proxy_->set(Way::to_server, {.cut_after = at, .times = 1});
    EXPECT_THROW(one.call(request), ServerError);
    if (at < size) {
      EXPECT_EQ(server_->command({"EXISTS", "k"}), "0");
    }
  }
}

TEST_F(FaultProxyTest, corrupts_a_value_on_its_way) {
  server_->command({"SET", "k", "a value"});
  proxy_->set(Way::to_client, {.corrupt_text = "value"});
  EXPECT_EQ(client().call({"GET", "k"}).text, "a valud");
  proxy_->set(Way::to_client, {.corrupt_at = 4});
  EXPECT_EQ(client().call({"GET", "k"}).text, "` value");
  EXPECT_EQ(proxy_->counts().corrupted_bytes, 2U);
  proxy_->clear();
  EXPECT_EQ(client().call({"GET", "k"}).text, "a value");
}

TEST_F(FaultProxyTest, a_black_hole_answers_nobody) {
  RespClient one = client(kShort);
  proxy_->set(Way::to_server, {.black_hole = true});
  EXPECT_THROW(one.call({"SET", "k", "v"}), ServerError);
  EXPECT_TRUE(loses(client(kShort)));
  EXPECT_EQ(proxy_->counts().lost_bytes, proxy_->counts().bytes_to_server);
  proxy_->clear();
  EXPECT_EQ(server_->command({"DBSIZE"}), "0");
  proxy_->set(Way::to_client, {.black_hole = true});
  RespClient two = client(kShort);
  EXPECT_THROW(two.call({"SET", "k", "v"}), ServerError);
  EXPECT_EQ(server_->command({"DBSIZE"}), "1");
}

TEST_F(FaultProxyTest, holds_and_delivers_later) {
  RespClient one = client();
  proxy_->set(Way::to_server, {.hold = true});
  auto answer = std::async(std::launch::async, [&] { return one.call({"SET", "k", "v"}).text; });
  EXPECT_EQ(answer.wait_for(kShort), std::future_status::timeout);
  EXPECT_EQ(server_->command({"DBSIZE"}), "0");
  proxy_->clear();
  EXPECT_EQ(answer.get(), "OK");
}

TEST_F(FaultProxyTest, a_held_end_comes_when_it_is_lifted) {
  {
    RespClient one = client();
    EXPECT_EQ(one.call({"PING"}).text, "PONG");
    proxy_->set(Way::to_server, {.hold = true});
  }
  EXPECT_FALSE(
      proxy_->wait_for([](const ProxyCounts& counts) { return counts.open == 0; }, kShort));
  proxy_->clear();
  EXPECT_TRUE(proxy_->wait_for([](const ProxyCounts& counts) { return counts.open == 0; }));
}

TEST_F(FaultProxyTest, delays_each_way) {
  for (const Way way : {Way::to_server, Way::to_client}) {
    proxy_->clear();
    proxy_->set(way, {.delay = 30ms});
    RespClient one = client();
    const auto start = std::chrono::steady_clock::now();
    EXPECT_EQ(one.call({"PING"}).text, "PONG");
    EXPECT_GE(std::chrono::steady_clock::now() - start, 30ms);
  }
  EXPECT_EQ(proxy_->counts().delayed_chunks, 2U);
}

TEST_F(FaultProxyTest, slices_to_single_bytes) {
  server_->command({"SET", "k", "value"});
  proxy_->set(Way::to_server, {.slice = 1});
  proxy_->set(Way::to_client, {.delay = 10us, .slice = 1});
  EXPECT_EQ(client().call({"GET", "k"}).text, "value");
  EXPECT_EQ(proxy_->counts().slices, to_wire(std::vector<std::string>{"GET", "k"}).size() + 11);
}

TEST_F(FaultProxyTest, refuses_connections_and_takes_them_again) {
  RespClient open = client();
  EXPECT_EQ(open.call({"PING"}).text, "PONG");
  proxy_->refuse(true);
  EXPECT_THROW(static_cast<void>(client()), ServerError);
  EXPECT_EQ(open.call({"PING"}).text, "PONG");
  proxy_->refuse(false);
  EXPECT_EQ(client().call({"PING"}).text, "PONG");
}

TEST_F(FaultProxyTest, cuts_all_that_is_open) {
  for (const bool reset : {false, true}) {
    RespClient one = client();
    RespClient two = client();
    EXPECT_EQ(one.call({"PING"}).text, "PONG");
    EXPECT_EQ(two.call({"PING"}).text, "PONG");
    proxy_->cut_all(reset);
    EXPECT_THROW(one.call({"PING"}), ServerError);
    EXPECT_THROW(two.call({"PING"}), ServerError);
    EXPECT_EQ(proxy_->counts().open, 0U);
  }
  EXPECT_EQ(proxy_->counts().cuts, 4U);
}

TEST_F(FaultProxyTest, goes_elsewhere_when_told) {
  RedisServer other;
  other.command({"SET", "where", "other"});
  RespClient old = client();
  EXPECT_EQ(old.call({"GET", "where"}).kind, Reply::Kind::null);
  proxy_->set_target(other.port());
  EXPECT_EQ(client().call({"GET", "where"}).text, "other");
  EXPECT_EQ(old.call({"GET", "where"}).kind, Reply::Kind::null);
}

TEST_F(FaultProxyTest, a_server_that_is_away_ends_the_connection) {
  RespClient one = client();
  EXPECT_EQ(one.call({"PING"}).text, "PONG");
  server_->kill9();
  EXPECT_THROW(one.call({"PING"}), ServerError);
  EXPECT_TRUE(loses(client()));
  server_->start();
  EXPECT_EQ(client().call({"PING"}).text, "PONG");
}

TEST_F(FaultProxyTest, serves_many_at_once) {
  constexpr int kCallers = 16;
  constexpr int kCalls = 200;
  std::vector<std::future<int>> callers;
  for (int i = 0; i < kCallers; ++i) {
    callers.push_back(std::async(std::launch::async, [this, i] {
      RespClient one = client();
      int right = 0;
      for (int call = 0; call < kCalls; ++call) {
        const std::string text = std::to_string(i) + ":" + std::to_string(call);
        right += one.call({"ECHO", text}).text == text ? 1 : 0;
      }
      return right;
    }));
  }
  for (std::future<int>& caller : callers) EXPECT_EQ(caller.get(), kCalls);
}

}  // namespace
}  // namespace larder::servers
