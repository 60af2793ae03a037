// The greeting as a conversation of the Link: what is said to servers old and new, with and without
// credentials, and what every refusal leads to.
#include "redis/greeting.h"

#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "redis/link_talk.h"

namespace larder::redis {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using State = Link::State;
using namespace std::string_view_literals;

LinkOptions with(GreetingOptions greeting) {
  LinkOptions options = Talk::options();
  options.greeting = std::move(greeting);
  return options;
}

Talk& open(Talk& talk) {
  talk.link.start(talk.now);
  talk.link.connected(talk.now);
  return talk;
}

TEST(Greeting, IsHelloAndPing) {
  Talk talk(with({}));
  EXPECT_EQ(open(talk).taken(), command({"HELLO", "3"}));
  talk.hear(Talk::kHelloReply);
  EXPECT_EQ(talk.taken(), command({"PING"}));
  EXPECT_THAT(talk.log, IsEmpty());
  talk.hear("+PONG\r\n");
  EXPECT_THAT(talk.log, ElementsAre("ready"));
  EXPECT_EQ(talk.link.protocol(), 3U);
  EXPECT_EQ(talk.link.counters().connects, 1U);
}

TEST(Greeting, TellsUserNameAndDatabase) {
  Talk talk(with({.user = {"alice"sv}, .password = {"word"sv}, .database = 5, .client_name = "n"}));
  EXPECT_EQ(open(talk).taken(), command({"HELLO", "3", "AUTH", "alice", "word"}));
  talk.hear(Talk::kHelloReply);
  EXPECT_EQ(talk.taken(),
            command({"CLIENT", "SETNAME", "n"}) + command({"SELECT", "5"}) + command({"PING"}));
  talk.hear("+OK\r\n+OK\r\n");
  EXPECT_EQ(talk.link.state(), State::kGreeting);
  talk.hear("+PONG\r\n");
  EXPECT_EQ(talk.link.state(), State::kReady);
}

TEST(Greeting, APasswordAloneIsTheDefaultUsers) {
  Talk talk(with({.user = {}, .password = {"word"sv}, .client_name = {}}));
  EXPECT_EQ(open(talk).taken(), command({"HELLO", "3", "AUTH", "default", "word"}));
}

TEST(Greeting, FallsBackToResp2) {
  for (const std::string_view refusal :
       {"-ERR unknown command `HELLO`, with args beginning with: `3`, \r\n",
        "-NOPROTO unsupported protocol version\r\n"}) {
    Talk talk(with({.user = {}, .password = {"word"sv}, .database = 1, .client_name = {}}));
    open(talk).taken();
    talk.hear(refusal);
    EXPECT_EQ(talk.taken(), command({"AUTH", "word"}));
    talk.hear("+OK\r\n");
    EXPECT_EQ(talk.taken(), command({"SELECT", "1"}) + command({"PING"}));
    talk.hear("+OK\r\n+PONG\r\n");
    EXPECT_EQ(talk.link.state(), State::kReady);
    EXPECT_EQ(talk.link.protocol(), 2U);
  }
  Talk open_server(with({}));
  open(open_server).taken();
  open_server.hear("-ERR unknown command 'HELLO'\r\n");
  EXPECT_EQ(open_server.taken(), command({"PING"}));
}

TEST(Greeting, SpeaksResp2WhereAskedTo) {
  Talk talk(with({.user = {"u"sv}, .password = {"word"sv}, .protocol = 2, .client_name = {}}));
  EXPECT_EQ(open(talk).taken(), command({"AUTH", "u", "word"}));
  talk.hear("+OK\r\n");
  EXPECT_EQ(talk.taken(), command({"PING"}));
  talk.hear("+PONG\r\n");
  EXPECT_EQ(talk.link.protocol(), 2U);
  Talk bare(with({.user = {}, .password = {}, .protocol = 2, .client_name = {}}));
  EXPECT_EQ(open(bare).taken(), command({"PING"}));
}

TEST(Greeting, RefusedCredentialsFailAllAtOnce) {
  for (const std::string_view refusal :
       {"-WRONGPASS invalid username-password pair or user is disabled.\r\n",
        "-NOAUTH HELLO must be called with the client already authenticated\r\n",
        "-NOPERM this user has no permissions to run the 'hello' command\r\n",
        "-DENIED Redis is running in protected mode\r\n"}) {
    Talk talk(with({.user = {}, .password = {"top-secret"sv}, .client_name = {}}));
    talk.get("a");
    open(talk).taken();
    talk.hear(refusal);
    EXPECT_THAT(talk.log, ElementsAre("lost", "a ended auth_failed", "a gone")) << refusal;
    EXPECT_EQ(talk.cause_code, Errc::auth_failed);
    EXPECT_THAT(talk.cause_text, HasSubstr(std::string(refusal.substr(1, 6))));
    talk.log.clear();
    talk.get("b");
    EXPECT_THAT(talk.log, ElementsAre("b ended auth_failed", "b gone"));
    talk.pass(0);
    talk.get("c");
    EXPECT_EQ(talk.log.at(2), "c ended auth_failed") << "also while it is tried again";
    talk.greet_again();
    EXPECT_EQ(talk.link.state(), State::kReady) << "the password was put right";
  }
}

TEST(Greeting, ARefusedAuthOfAnOldServerIsAuthFailed) {
  Talk talk(with({.user = {}, .password = {"qwerty"sv}, .client_name = {}}));
  open(talk).taken();
  talk.hear("-ERR unknown command 'HELLO'\r\n");
  talk.taken();
  talk.hear("-ERR invalid password\r\n");
  EXPECT_EQ(talk.cause_code, Errc::auth_failed);
  EXPECT_THAT(talk.cause_text, HasSubstr("ERR invalid password"));
}

TEST(Greeting, APasswordThatIsMissingIsAuthFailed) {
  Talk talk(with({.user = {}, .password = {}, .protocol = 2, .client_name = {}}));
  open(talk).taken();
  talk.hear("-NOAUTH Authentication required.\r\n");
  EXPECT_EQ(talk.cause_code, Errc::auth_failed);
}

TEST(Greeting, RepeatsNoPasswordThatAServerEchoes) {
  Talk talk(with({.user = {}, .password = {"top-secret"sv}, .client_name = {}}));
  open(talk).taken();
  talk.hear("-ERR wrong number of arguments: `3` `AUTH` `default` `top-secret`\r\n");
  EXPECT_EQ(talk.cause_code, Errc::server_error);
  EXPECT_THAT(talk.cause_text, Not(HasSubstr("top-secret")));
}

TEST(Greeting, AServerThatIsNotReadyIsTriedAgain) {
  for (const std::string_view words :
       {"-LOADING Redis is loading the dataset in memory\r\n",
        "-MASTERDOWN Link with MASTER is down and replica-serve-stale-data is set to 'no'.\r\n"}) {
    Talk talk;
    talk.get("a");
    open(talk).taken();
    talk.hear(Talk::kHelloReply);
    talk.taken();
    talk.hear(words);
    EXPECT_THAT(talk.log, ElementsAre("lost")) << "the request waits";
    EXPECT_EQ(talk.cause_code, Errc::unavailable);
    talk.pass(0);
    talk.greet_again();
    EXPECT_EQ(talk.taken(), command({"GET", "a"}));
  }
}

TEST(Greeting, TooManyClientsIsUnavailable) {
  Talk talk;
  open(talk).taken();
  talk.hear("-ERR max number of clients reached\r\n");
  EXPECT_EQ(talk.cause_code, Errc::unavailable);
  EXPECT_EQ(talk.link.state(), State::kLost);
}

TEST(Greeting, ADatabaseThatIsMissingIsToldSo) {
  Talk talk(with({.user = {}, .password = {}, .database = 99, .client_name = {}}));
  open(talk).taken();
  talk.hear(Talk::kHelloReply);
  talk.taken();
  talk.hear("-ERR DB index is out of range\r\n+PONG\r\n");
  EXPECT_EQ(talk.cause_code, Errc::invalid_config);
  EXPECT_THAT(talk.cause_text, HasSubstr("SELECT: ERR DB index is out of range"));
}

TEST(Greeting, LivesWithoutANameAndWithoutPing) {
  Talk talk(with({.user = {}, .password = {}, .client_name = "n"}));
  open(talk).taken();
  talk.hear(Talk::kHelloReply);
  talk.taken();
  talk.hear(
      "-NOPERM this user has no permissions to run the 'client|setname' command\r\n"
      "-NOPERM this user has no permissions to run the 'ping' command\r\n");
  EXPECT_EQ(talk.link.state(), State::kReady);
}

TEST(Greeting, SomethingElseThanRedisIsRefused) {
  Talk talk;
  open(talk).taken();
  talk.hear("+OK\r\n");
  EXPECT_EQ(talk.cause_code, Errc::server_error);
  Talk http;
  open(http).taken();
  http.hear("HTTP/1.1 400 Bad Request\r\n");
  EXPECT_THAT(http.cause_text, HasSubstr("no RESP"));
}

TEST(Greeting, PushesMayComeBetween) {
  Talk talk;
  open(talk).taken();
  talk.hear(Talk::kHelloReply);
  talk.taken();
  talk.hear(">1\r\n$4\r\nnews\r\n+PONG\r\n");
  EXPECT_THAT(talk.log, ElementsAre("push [news ]", "ready"));
}

}  // namespace
}  // namespace larder::redis
