// The client of engine/ against real servers: greeting, passwords, TLS, pauses, kills, restarts.
#include "engine/redis_client.h"

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "resp/writer.h"
#include "servers/redis_server.h"
#include "sync/event.h"

namespace larder::engine {
namespace {

using namespace std::chrono_literals;
using servers::RedisServer;
using testing::HasSubstr;

bool eventually(const std::function<bool()>& done) {
  const auto end = std::chrono::steady_clock::now() + 20s;
  while (!done()) {
    if (std::chrono::steady_clock::now() > end) return false;
    std::this_thread::yield();
  }
  return true;
}

class Asked final : public redis::Request {
 public:
  struct Drop {
    void operator()(Asked* asked) const { asked->unshare(); }
  };
  using Ptr = std::unique_ptr<Asked, Drop>;

  void on_reply(std::uint32_t, const resp::Value& reply) noexcept override {
    answer =
        reply.type == resp::Type::integer ? std::to_string(reply.integer) : std::string(reply.text);
  }
  void on_end(std::optional<Error> error) noexcept override {
    fault = std::move(error);
    over.set();
  }

  sync::Event over;
  std::string answer;
  std::optional<Error> fault;
};

template <class... A>
Asked::Ptr sent(RedisClient& client, const A&... arguments) {
  Asked::Ptr asked(new Asked);
  resp::append_command(asked->wire, arguments...);
  client.send(*asked);
  return asked;
}

// The answer, or the code of the error with "?" where the effect is unknown.
std::string outcome(Asked& asked) {
  if (!asked.over.wait_until(default_clock()->now_ns() + std::chrono::nanoseconds(20s).count(),
                             *default_clock())) {
    return "hangs";
  }
  if (!asked.fault) return asked.answer;
  return std::string(to_string(asked.fault->code())) +
         (asked.fault->effect() == Effect::no ? "" : "?");
}

template <class... A>
std::string ask(RedisClient& client, const A&... arguments) {
  return outcome(*sent(client, arguments...));
}

class RealRedisClient : public testing::Test {
 protected:
  void SetUp() override {
    if (!servers::missing_redis().empty()) GTEST_SKIP() << servers::missing_redis();
  }

  static RedisClientOptions options(const std::string& url) {
    RedisClientOptions options;
    auto target = redis::parse_url(url);
    EXPECT_TRUE(target) << url << ": " << (target ? "" : target.error().message());
    if (target) options.target = *std::move(target);
    return options;
  }
  static std::shared_ptr<RedisClient> start(RedisClientOptions options) {
    auto client = RedisClient::create(std::move(options), default_clock());
    EXPECT_TRUE(client) << client.error().message();
    (*client)->start();
    return *client;
  }
};

TEST_F(RealRedisClient, GreetsAndAnswers) {
  RedisServer server;
  RedisClientOptions with = options(server.url() + "/3?name=shelf");
  const auto client = start(with);
  EXPECT_EQ(ask(*client, "SET", "k", "v"), "OK");
  EXPECT_EQ(ask(*client, "GET", "k"), "v");
  EXPECT_EQ(client->stats().protocol, 3U);
  EXPECT_THAT(ask(*client, "CLIENT", "LIST"), HasSubstr("name=shelf"));
  EXPECT_THAT(ask(*client, "CLIENT", "INFO"), HasSubstr("db=3"));
  with.target.protocol = 2;
  const auto old = start(with);
  EXPECT_EQ(ask(*old, "GET", "k"), "v");
  EXPECT_EQ(old->stats().protocol, 2U);
}

TEST_F(RealRedisClient, AuthenticatesAndIsRefused) {
  RedisServer server({.password = "pass word/:@"});
  EXPECT_EQ(ask(*start(options(server.url())), "PING"), "PONG");
  server.command({"ACL", "SETUSER", "alice", "on", ">wonder", "+@all", "~*"});
  const std::string place = "127.0.0.1:" + std::to_string(server.port());
  EXPECT_EQ(ask(*start(options("redis://alice:wonder@" + place)), "ACL", "WHOAMI"), "alice");
  RedisClientOptions two = options("redis://alice:wonder@" + place);
  two.target.protocol = 2;
  EXPECT_EQ(ask(*start(two), "ACL", "WHOAMI"), "alice");
  EXPECT_EQ(ask(*start(options("redis://alice:wrong@" + place)), "PING"), "auth_failed");
  EXPECT_EQ(ask(*start(options("redis://" + place)), "PING"), "auth_failed");
  two.target.password = base::WipedText(std::string_view("wrong"));
  EXPECT_EQ(ask(*start(two), "PING"), "auth_failed");
}

TEST_F(RealRedisClient, SpeaksTlsAndOverAUnixSocket) {
  RedisServer server({.tls = true, .tls_clients = true});
  const auto client = start(options(server.url()));
  EXPECT_EQ(ask(*client, "SET", "k", std::string(200'000, 'x')), "OK");
  EXPECT_EQ(ask(*client, "GET", "k"), std::string(200'000, 'x'));
  EXPECT_EQ(ask(*start(options(server.unix_url())), "STRLEN", "k"), "200000");

  RedisClientOptions stranger = options(server.url());
  stranger.target.tls.ca_file.clear();
  stranger.connect_timeout = 300ms;
  const auto refused = start(stranger);
  EXPECT_EQ(ask(*refused, "PING"), "unavailable");
  EXPECT_THAT(refused->health().reasons.at(0), HasSubstr("TLS: "));
}

TEST_F(RealRedisClient, SurvivesKillsRestartsAndPauses) {
  RedisServer server;
  RedisClientOptions with = options(server.url());
  with.silence_limit = 200ms;
  with.connect_timeout = 400ms;
  const auto client = start(with);
  ASSERT_EQ(ask(*client, "SET", "k", "v"), "OK");

  server.command({"CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes"});
  EXPECT_TRUE(eventually([&] { return ask(*client, "GET", "k") == "v"; }));
  ASSERT_TRUE(eventually([&] { return client->stats().losses >= 1; }));

  server.pause();
  EXPECT_EQ(ask(*client, "GET", "k"), "unavailable?");
  server.resume();
  EXPECT_TRUE(eventually([&] { return ask(*client, "GET", "k") == "v"; }));

  server.kill9();
  EXPECT_TRUE(eventually([&] { return client->health().state == Health::State::down; }));
  EXPECT_TRUE(eventually([&] { return ask(*client, "GET", "k") == "unavailable"; }));
  server.start();
  const auto began = std::chrono::steady_clock::now();
  EXPECT_TRUE(eventually([&] { return ask(*client, "SET", "k", "w") == "OK"; }));
  EXPECT_LE(std::chrono::steady_clock::now() - began, 1s) << "recovers within the target";
}

// Many threads, killed connections in between: every answer belongs to its question.
TEST_F(RealRedisClient, NoAnswerIsEverAnothers) {
  RedisServer server;
  const auto client = start(options(server.url()));
  constexpr int kThreads = 8, kRequests = 3'000;
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < kRequests; ++i) {
        const std::string word = std::to_string(t) + ":" + std::to_string(i);
        const std::string answer = ask(*client, "ECHO", word);
        ASSERT_TRUE(answer == word || answer.starts_with("unavailable")) << answer;
      }
    });
  }
  int kills = 0;
  while (client->stats().replies < kThreads * kRequests / 2 && kills < 50) {
    server.command({"CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes"});
    ++kills;
    eventually([&] { return client->health().state == Health::State::up; });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_GE(client->stats().losses, 2U);
  EXPECT_GE(kills, 2);
}

TEST_F(RealRedisClient, WaitsForAServerThatComesLate) {
  RedisServer server;
  server.stop();
  RedisClientOptions with = options(server.url());
  with.connect_timeout = 10s;
  const auto client = start(with);
  const Asked::Ptr early = sent(*client, "PING");
  ASSERT_TRUE(eventually([&] { return client->stats().failed_connects >= 2; }));
  server.start();
  EXPECT_EQ(outcome(*early), "PONG");
}

}  // namespace
}  // namespace larder::engine
