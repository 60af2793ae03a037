// A real server: started, moved in time, stopped, killed, paused; with a password, with TLS, with a
// memory limit.
#include "servers/redis_server.h"

#include <filesystem>
#include <signal.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>

#include "servers/server_error.h"

namespace larder::servers {
namespace {

using namespace std::chrono_literals;  // NOLINT(google-build-using-namespace): durations in tests
using ::testing::HasSubstr;
using ::testing::StartsWith;

// A key lives on in the millisecond in which its time is up.
constexpr auto kTick = 1ms;

class RedisServerTest : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!missing_redis().empty()) GTEST_SKIP() << missing_redis();
  }
};

std::int64_t remaining_ms(RedisServer& server, const std::string& key) {
  return server.call({"PTTL", key}).integer;
}

TEST_F(RedisServerTest, answers_on_its_port_and_on_its_socket) {
  RedisServer server;
  EXPECT_EQ(server.command({"SET", "k", "v"}), "OK");
  RespClient client = RespClient::to_port(server.port());
  EXPECT_EQ(client.call({"GET", "k"}).text, "v");
  EXPECT_EQ(server.url(), "redis://127.0.0.1:" + std::to_string(server.port()));
  EXPECT_EQ(server.unix_url(), "unix://" + server.unix_path());
  EXPECT_THAT(server.info("redis_version"), StartsWith("7."));
  EXPECT_EQ(server.info("no_such_field"), "");
  EXPECT_THROW(server.command({"NO_SUCH_COMMAND"}), ServerError);
}

TEST_F(RedisServerTest, time_moves_at_once_and_alone) {
  RedisServer server;
  RedisServer other;
  for (RedisServer* one : {&server, &other}) one->command({"SET", "k", "v", "PX", "3600000"});
  server.advance(1h - 10s);
  EXPECT_LE(remaining_ms(server, "k"), 10'000);
  EXPECT_GT(remaining_ms(server, "k"), 0);
  EXPECT_GT(remaining_ms(other, "k"), 3'500'000);
  server.advance(10s + kTick);
  EXPECT_EQ(server.call({"GET", "k"}).kind, Reply::Kind::null);
  server.advance(-1h);
  EXPECT_EQ(server.time()->total(), 1h + kTick);
}

TEST_F(RedisServerTest, the_clock_is_the_servers_time) {
  RedisServer server;
  const auto clock = server.clock();
  const auto server_ms = [&] {
    const Reply now = server.call({"TIME"});
    return (std::stoll(now.items.at(0).text) * 1'000) + (std::stoll(now.items.at(1).text) / 1'000);
  };
  for (const std::chrono::hours step : {0h, 24h * 365 * 99}) {
    server.advance(step);
    const std::int64_t before_ms = clock->wall_ns() / 1'000'000;
    const std::int64_t now_ms = server_ms();
    EXPECT_LE(before_ms, now_ms);
    EXPECT_GE(clock->wall_ns() / 1'000'000, now_ms);
  }
  const std::int64_t now_ns = clock->now_ns();
  server.advance(1min);
  EXPECT_GE(clock->now_ns() - now_ns, std::chrono::nanoseconds(1min).count());
  EXPECT_EQ(clock->poll_interval(), 1ms);
}

TEST_F(RedisServerTest, servers_may_share_a_time) {
  const auto time = std::make_shared<TimeShift>();
  RedisServer one({.time = time});
  RedisServer two({.time = time});
  for (RedisServer* server : {&one, &two}) server->command({"SET", "k", "v", "EX", "60"});
  time->advance(1min + kTick);
  for (RedisServer* server : {&one, &two}) {
    EXPECT_EQ(server->call({"EXISTS", "k"}).integer, 0);
  }
}

TEST_F(RedisServerTest, may_live_in_the_systems_time) {
  RedisServer server({.shifts_time = false});
  EXPECT_EQ(server.command({"PING"}), "PONG");
  EXPECT_THROW(server.advance(1s), ServerError);
  EXPECT_THROW(static_cast<void>(server.clock()), ServerError);
}

TEST_F(RedisServerTest, starts_again_empty_on_the_same_port_after_a_stop_and_after_a_kill) {
  RedisServer server;
  server.advance(1h);
  const std::uint16_t port = server.port();
  RespClient client = RespClient::to_port(port);
  for (const bool kill : {false, true}) {
    server.command({"SET", "k", "v"});
    const pid_t pid = server.pid();
    if (kill) {
      server.kill9();
    } else {
      server.stop();
    }
    EXPECT_FALSE(server.is_running());
    EXPECT_NE(::kill(pid, 0), 0);
    EXPECT_THROW(client.call({"PING"}), ServerError);
    EXPECT_THROW(RespClient::to_port(port), ServerError);
    EXPECT_THROW(server.call({"PING"}), ServerError);
    server.start();
    EXPECT_EQ(server.port(), port);
    EXPECT_EQ(server.command({"DBSIZE"}), "0");
    client = RespClient::to_port(port);
    EXPECT_EQ(client.call({"PING"}).text, "PONG");
  }
  EXPECT_GE(server.clock()->wall_ns(), std::chrono::nanoseconds(1h).count());
}

TEST_F(RedisServerTest, a_paused_server_takes_connections_and_stays_silent) {
  RedisServer server;
  server.pause();
  RespClient client = RespClient::to_port(server.port(), 50ms);
  EXPECT_THROW(client.call({"PING"}), ServerError);
  server.resume();
  RespClient later = RespClient::to_port(server.port());
  EXPECT_EQ(later.call({"PING"}).text, "PONG");
  server.pause();
  server.stop();  // a paused one ends as well
  EXPECT_FALSE(server.is_running());
}

TEST_F(RedisServerTest, asks_for_its_password) {
  RedisServer server({.password = "p\"a\\ss @/:"});
  EXPECT_EQ(server.command({"PING"}), "PONG");
  EXPECT_THAT(server.url(), StartsWith("redis://:p%22a%5Css%20%40%2F%3A@127.0.0.1:"));
  EXPECT_THAT(server.unix_url(), StartsWith("unix://:p%22a%5Css%20%40%2F%3A@/"));
  RespClient client = RespClient::to_port(server.port());
  EXPECT_THAT(client.call({"PING"}).text, StartsWith("NOAUTH"));
  EXPECT_THAT(client.call({"AUTH", "wrong"}).text, StartsWith("WRONGPASS"));
  EXPECT_EQ(client.call({"AUTH", "p\"a\\ss @/:"}).text, "OK");
}

TEST_F(RedisServerTest, takes_more_lines) {
  RedisServer server({.lines = {"user alice on >secret ~a:* +@all", "databases 3"}});
  EXPECT_EQ(server.call({"CONFIG", "GET", "databases"}).items.at(1).text, "3");
  RespClient client = RespClient::to_port(server.port());
  EXPECT_EQ(client.call({"AUTH", "alice", "secret"}).text, "OK");
  EXPECT_THAT(client.call({"GET", "b"}).text, StartsWith("NOPERM"));
}

TEST_F(RedisServerTest, keeps_its_memory_limit) {
  RedisServer server({.maxmemory = "3mb", .maxmemory_policy = "noeviction"});
  Reply reply;
  for (int i = 0; i < 10'000 && !reply.is_error(); ++i) {
    reply = server.call({"SET", "k" + std::to_string(i), std::string(1'000, 'x')});
  }
  EXPECT_THAT(reply.text, StartsWith("OOM"));
}

RunResult ping_by_command(const RedisServer& server, const std::vector<std::string>& options) {
  std::vector<std::string> arguments{"redis-cli", "-h", "127.0.0.1", "-p",
                                     std::to_string(server.port())};
  arguments.insert(arguments.end(), options.begin(), options.end());
  arguments.emplace_back("PING");
  return run_program({.file = find_program("redis-cli"), .arguments = arguments});
}

TEST_F(RedisServerTest, speaks_tls_alone_on_its_port) {
  RedisServer server({.tls = true});
  const std::string& ca = server.tls().ca_file();
  EXPECT_THAT(server.url(), StartsWith("rediss://127.0.0.1:"));
  EXPECT_THAT(server.url(), HasSubstr("?ca_file=" + ca));
  EXPECT_EQ(server.command({"PING"}), "PONG");
  if (find_program("redis-cli").empty()) GTEST_SKIP() << "no redis-cli here";
  EXPECT_EQ(ping_by_command(server, {"--tls", "--cacert", ca}).output, "PONG\n");
  EXPECT_NE(ping_by_command(server, {"--tls"}).output, "PONG\n");
  EXPECT_NE(ping_by_command(server, {}).output, "PONG\n");
}

TEST_F(RedisServerTest, may_ask_for_the_clients_certificate) {
  RedisServer server({.tls = true, .tls_clients = true});
  const TlsFiles& files = server.tls();
  EXPECT_THAT(server.url(), HasSubstr("&cert_file=" + files.client_cert_file()));
  EXPECT_THAT(server.url(), HasSubstr("&key_file=" + files.client_key_file()));
  if (find_program("redis-cli").empty()) GTEST_SKIP() << "no redis-cli here";
  EXPECT_EQ(ping_by_command(server, {"--tls", "--cacert", files.ca_file(), "--cert",
                                     files.client_cert_file(), "--key", files.client_key_file()})
                .output,
            "PONG\n");
  EXPECT_NE(ping_by_command(server, {"--tls", "--cacert", files.ca_file()}).output, "PONG\n");
}

TEST_F(RedisServerTest, a_wrong_line_is_told_with_the_servers_words) {
  try {
    RedisServer server({.lines = {"no-such-directive 1"}});
    FAIL() << "it started";
  } catch (const ServerError& error) {
    EXPECT_THAT(error.what(), HasSubstr("no-such-directive"));
  }
}

TEST_F(RedisServerTest, leaves_nothing_behind) {
  std::string path;
  pid_t pid = 0;
  {
    RedisServer server;
    path = server.unix_path();
    pid = server.pid();
    EXPECT_TRUE(std::filesystem::exists(path));
  }
  EXPECT_FALSE(std::filesystem::exists(std::filesystem::path(path).parent_path()));
  EXPECT_NE(::kill(pid, 0), 0);
}

}  // namespace
}  // namespace larder::servers
