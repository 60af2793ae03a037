// The client against a server that misbehaves on demand: pipelining over threads, losses, outages,
// full queues, deadlines, the end.
#include "engine/redis_client.h"

#include <algorithm>
#include <chrono>
#include <functional>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <thread>
#include <unistd.h>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "engine/fake_redis.h"
#include "resp/writer.h"
#include "sync/event.h"

namespace larder::engine {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

// Waits for what another thread brings about, ten seconds at most.
bool eventually(const std::function<bool()>& done) {
  const auto end = std::chrono::steady_clock::now() + 10s;
  while (!done()) {
    if (std::chrono::steady_clock::now() > end) return false;
    std::this_thread::yield();
  }
  return true;
}

// A request whose maker waits for it.
class Asked final : public redis::Request {
 public:
  struct Drop {
    void operator()(Asked* asked) const { asked->unshare(); }
  };
  using Ptr = std::unique_ptr<Asked, Drop>;

  template <class... A>
  static Ptr make(const A&... arguments) {
    Ptr asked(new Asked);
    resp::append_command(asked->wire, arguments...);
    return asked;
  }

  void on_reply(std::uint32_t, const resp::Value& reply) noexcept override {
    answers.emplace_back(reply.text);
  }
  void on_end(std::optional<Error> error) noexcept override {
    ++ends;
    end_thread = std::this_thread::get_id();
    fault = std::move(error);
    if (at_end) at_end();
    over.set();
  }
  // "answer", or the code of the error, with "?" where the effect is unknown.
  std::string outcome() {
    if (!over.wait_until(default_clock()->now_ns() + std::chrono::nanoseconds(10s).count(),
                         *default_clock())) {
      return "hangs";
    }
    if (!fault) return answers.empty() ? "" : answers.back();
    return std::string(to_string(fault->code())) + (fault->effect() == Effect::no ? "" : "?");
  }

  sync::Event over;
  std::vector<std::string> answers;
  std::optional<Error> fault;
  int ends = 0;
  std::thread::id end_thread;
  std::function<void()> at_end;
};

std::string echo(const FakeRedis::Command& command) {
  const std::string& word = command.back();
  return "$" + std::to_string(word.size()) + "\r\n" + word + "\r\n";
}

// Answers GET with the key, but keeps still at keys that begin with "silence".
std::string echo_or_silence(const FakeRedis::Command& command) {
  return command.back().starts_with("silence") ? std::string() : echo(command);
}

RedisClientOptions options_for(const std::string& url) {
  RedisClientOptions options;
  auto target = redis::parse_url(url);
  EXPECT_TRUE(target) << url;
  options.target = *std::move(target);
  options.connections = 1;
  return options;
}

std::shared_ptr<RedisClient> made(RedisClientOptions options) {
  auto client = RedisClient::create(std::move(options), default_clock());
  EXPECT_TRUE(client) << client.error().message();
  return client ? *client : nullptr;
}

std::shared_ptr<RedisClient> started(RedisClientOptions options) {
  auto client = made(std::move(options));
  client->start();
  return client;
}

Asked::Ptr sent(RedisClient& client, const std::string& key) {
  Asked::Ptr asked = Asked::make("GET", key);
  client.send(*asked);
  return asked;
}

bool is_ready(const RedisClient& client) { return client.health().state == Health::State::up; }

TEST(RedisClient, AnswersRequests) {
  FakeRedis server(echo);
  const auto client = started(options_for(server.url()));
  EXPECT_EQ(sent(*client, "a")->outcome(), "a");
  Asked::Ptr two = Asked::make("GET", "b");
  resp::append_command(two->wire, "GET", "c");
  two->replies = 2;
  client->send(*two);
  EXPECT_EQ(two->outcome(), "c");
  EXPECT_THAT(two->answers, ElementsAre("b", "c"));
  ASSERT_TRUE(eventually([&] { return client->stats().replies == 3; }));
  const RedisClientStats stats = client->stats();
  EXPECT_EQ(stats.requests, 2U);
  EXPECT_EQ(stats.connects, 1U);
  EXPECT_EQ(stats.connections_ready, 1U);
  EXPECT_EQ(stats.protocol, 3U);
  EXPECT_EQ(stats.in_flight + stats.queued, 0U);
  EXPECT_GT(stats.bytes_read, 0U);
  EXPECT_EQ(client->name(), "127.0.0.1:" + std::to_string(server.port()));
}

TEST(RedisClient, RequestsWaitForTheStartAndTheServer) {
  FakeRedis server(echo);
  server.stop();
  const auto client = made(options_for(server.url()));
  const Asked::Ptr early = sent(*client, "early");
  EXPECT_EQ(client->health().state, Health::State::down);
  client->start();
  client->start();
  ASSERT_TRUE(eventually([&] { return client->stats().failed_connects >= 2; }));
  server.start();
  EXPECT_EQ(early->outcome(), "early");
}

TEST(RedisClient, ManyThreadsShareFewConnections) {
  FakeRedis server(echo);
  RedisClientOptions options = options_for(server.url());
  options.connections = 2;
  const auto client = started(options);
  constexpr int kThreads = 8, kRounds = 50, kAtOnce = 20;
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([&, t] {
      for (int round = 0; round < kRounds; ++round) {
        std::vector<Asked::Ptr> asked;
        for (int i = 0; i < kAtOnce; ++i) {
          asked.push_back(sent(*client, std::to_string(t * 1'000'000 + round * 1'000 + i)));
        }
        for (int i = 0; i < kAtOnce; ++i) {
          ASSERT_EQ(asked[static_cast<std::size_t>(i)]->outcome(),
                    std::to_string(t * 1'000'000 + round * 1'000 + i));
        }
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  const auto all = std::uint64_t{kThreads} * kRounds * kAtOnce;
  ASSERT_TRUE(eventually([&] { return client->stats().replies == all; }));
  const RedisClientStats stats = client->stats();
  EXPECT_EQ(server.accepted(), 2U);
  EXPECT_EQ(server.received(), all);
  EXPECT_LT(stats.writes, all) << "requests that meet leave together";
  EXPECT_GT(stats.largest_write, 1U);
  EXPECT_GT(stats.latency.count(), 0);
}

TEST(RedisClient, ACallbackMaySendTheNextRequest) {
  FakeRedis server(echo);
  const auto client = started(options_for(server.url()));
  std::vector<Asked::Ptr> chain;
  for (int i = 0; i < 100; ++i) chain.push_back(Asked::make("GET", i));
  for (std::size_t i = 0; i + 1 < chain.size(); ++i) {
    chain[i]->at_end = [&, i] { client->send(*chain[i + 1]); };
  }
  client->send(*chain[0]);
  EXPECT_EQ(chain.back()->outcome(), "99");
}

TEST(RedisClient, ALossEndsWhatWasWrittenAndReconnectsAtOnce) {
  FakeRedis server(echo_or_silence);
  const auto client = started(options_for(server.url()));
  const Asked::Ptr lost = sent(*client, "silence");
  ASSERT_TRUE(eventually([&] { return server.received() == 1; }));
  server.drop();
  EXPECT_EQ(lost->outcome(), "unavailable?");
  EXPECT_EQ(sent(*client, "b")->outcome(), "b");
  EXPECT_EQ(server.accepted(), 2U);
  EXPECT_EQ(client->stats().losses, 1U);
  EXPECT_EQ(lost->ends, 1);
}

TEST(RedisClient, AnOutageFailsRequestsFastAndEnds) {
  FakeRedis server(echo);
  RedisClientOptions options = options_for(server.url());
  options.connect_timeout = 100ms;
  options.backoff_first = 1ms;
  options.backoff_most = 10ms;
  const auto client = started(options);
  ASSERT_EQ(sent(*client, "a")->outcome(), "a");
  server.stop();
  ASSERT_TRUE(eventually([&] { return client->stats().failed_connects > 2; }));
  const Asked::Ptr waits = sent(*client, "b");
  EXPECT_EQ(waits->outcome(), "unavailable");
  EXPECT_THAT(std::string(waits->fault->message()), HasSubstr("Connection refused"));
  EXPECT_EQ(sent(*client, "c")->outcome(), "unavailable");
  const Health health = client->health();
  EXPECT_EQ(health.state, Health::State::down);
  EXPECT_THAT(health.reasons.at(0), HasSubstr(client->name() + ": Connection refused"));
  EXPECT_TRUE(eventually([&] { return client->stats().unavailable >= 2; }));
  server.start();
  EXPECT_TRUE(eventually([&] { return is_ready(*client); }));
  EXPECT_THAT(client->health().reasons, IsEmpty());
  EXPECT_EQ(sent(*client, "d")->outcome(), "d");
}

TEST(RedisClient, ADeadlineEndsWhatIsNotWritten) {
  FakeRedis server(echo);
  server.stop();
  RedisClientOptions options = options_for(server.url());
  options.connect_timeout = 10min;
  const auto client = started(options);
  const Asked::Ptr late = Asked::make("GET", "late");
  late->deadline_ns = default_clock()->now_ns() + 20'000'000;
  client->send(*late);
  EXPECT_EQ(late->outcome(), "deadline_exceeded");
  EXPECT_GE(default_clock()->now_ns(), late->deadline_ns);
  EXPECT_TRUE(eventually([&] { return client->stats().expired == 1; }));
  EXPECT_EQ(client->stats().queued, 0U);
}

// A clock that is moved by hand: nobody wakes the thread, which looks at it again and again.
TEST(RedisClient, DeadlinesAreOnTheClockOfTheClient) {
  class Hand final : public Clock {
   public:
    std::int64_t now_ns() const noexcept override { return now.load_relaxed(); }
    std::int64_t wall_ns() const noexcept override { return now.load_relaxed(); }
    std::chrono::nanoseconds poll_interval() const noexcept override { return 1ms; }
    base::Atomic<std::int64_t> now{1'000};  // role: the time
  };
  const auto clock = std::make_shared<Hand>();
  FakeRedis server(echo_or_silence);
  server.stop();
  RedisClientOptions options = options_for(server.url());
  options.connect_timeout = 10min;
  auto client = RedisClient::create(options, clock);
  ASSERT_TRUE(client);
  (*client)->start();
  const Asked::Ptr late = Asked::make("GET", "late");
  late->deadline_ns = 1'000'000'000'000;
  (*client)->send(*late);
  ASSERT_TRUE(eventually([&] { return (*client)->stats().failed_connects > 2; }));
  EXPECT_FALSE(late->over.is_set());
  clock->now.store_relaxed(late->deadline_ns);
  EXPECT_EQ(late->outcome(), "deadline_exceeded");

  // A jump of the clock is no silence of the server.
  server.start();
  const Asked::Ptr silent = sent(**client, "silence");
  ASSERT_TRUE(eventually([&] { return server.received() == 1; }));
  clock->now.store_relaxed(clock->now.load_relaxed() + 3'600'000'000'000);
  const Asked::Ptr next = sent(**client, "b");
  ASSERT_TRUE(eventually([&] { return server.received() == 2; }));
  server.say("$1\r\ns\r\n");
  EXPECT_EQ(silent->outcome() + next->outcome(), "bs") << "replies are matched in order";
  EXPECT_EQ((*client)->stats().losses, 0U);
}

TEST(RedisClient, AFullQueueRejects) {
  FakeRedis server(echo_or_silence);
  RedisClientOptions options = options_for(server.url());
  options.max_requests = 2;
  const auto client = started(options);
  const Asked::Ptr one = sent(*client, "silence");
  const Asked::Ptr two = sent(*client, "silence");
  const Asked::Ptr three = sent(*client, "three");
  EXPECT_EQ(three->ends, 1) << "before send() returns";
  EXPECT_EQ(three->end_thread, std::this_thread::get_id());
  EXPECT_EQ(three->outcome(), "overloaded");
  EXPECT_EQ(client->stats().overloaded, 1U);
  ASSERT_TRUE(eventually([&] { return server.received() == 2; }));
  server.say("$1\r\n1\r\n$1\r\n2\r\n");
  EXPECT_EQ(one->outcome(), "1");
  EXPECT_EQ(two->outcome(), "2");
  ASSERT_TRUE(eventually([&] { return sent(*client, "four")->outcome() == "four"; }));
}

TEST(RedisClient, AFullQueueCountsBytesToo) {
  FakeRedis server(echo_or_silence);
  RedisClientOptions options = options_for(server.url());
  options.max_bytes = 100;
  const auto client = started(options);
  const Asked::Ptr large = sent(*client, "silence" + std::string(1'000, 'x'));
  EXPECT_EQ(sent(*client, "small")->outcome(), "overloaded");
  ASSERT_TRUE(eventually([&] { return server.received() == 1; }));
  server.say("$1\r\n1\r\n");
  EXPECT_EQ(large->outcome(), "1") << "one is always taken";
  EXPECT_TRUE(eventually([&] { return sent(*client, "small")->outcome() == "small"; }));
}

TEST(RedisClient, AFullQueueMayMakeRequestsWait) {
  FakeRedis server(echo_or_silence);
  RedisClientOptions options = options_for(server.url());
  options.max_requests = 1;
  options.on_overload = OnOverload::wait;
  const auto client = started(options);
  const Asked::Ptr one = sent(*client, "silence");
  const Asked::Ptr two = sent(*client, "two");
  const Asked::Ptr late = Asked::make("GET", "late");
  late->deadline_ns = default_clock()->now_ns() + 20'000'000;
  client->send(*late);
  EXPECT_EQ(late->outcome(), "deadline_exceeded");
  EXPECT_FALSE(two->over.is_set());
  EXPECT_EQ(server.received(), 1U);
  server.say("$1\r\n1\r\n");
  EXPECT_EQ(one->outcome(), "1");
  EXPECT_EQ(two->outcome(), "two");
}

TEST(RedisClient, AWithdrawnRequestIsNotWritten) {
  FakeRedis server(echo);
  server.stop();
  const auto client = started(options_for(server.url()));
  const Asked::Ptr gone = sent(*client, "gone");
  EXPECT_TRUE(gone->withdraw());
  server.start();
  EXPECT_EQ(sent(*client, "b")->outcome(), "b");
  EXPECT_EQ(gone->outcome(), "cancelled");
  EXPECT_EQ(server.received(), 1U);
  EXPECT_FALSE(gone->withdraw());
}

TEST(RedisClient, WhoGivesUpLeavesTheRequestBehind) {
  FakeRedis server(echo_or_silence);
  const auto client = started(options_for(server.url()));
  sent(*client, "silence").reset();
  const Asked::Ptr next = sent(*client, "b");
  ASSERT_TRUE(eventually([&] { return server.received() == 2; }));
  EXPECT_FALSE(next->over.is_set()) << "replies are matched in order";
  server.say("$1\r\n2\r\n");
  EXPECT_EQ(next->outcome(), "2") << "the first reply was the other's, though nobody waits for it";
}

TEST(RedisClient, AWrongPasswordIsToldAtOnce) {
  FakeRedis server(echo);
  server.set_hello("-WRONGPASS invalid username-password pair or user is disabled.\r\n");
  RedisClientOptions options =
      options_for("redis://:top-secret@127.0.0.1:" + std::to_string(server.port()));
  options.connect_timeout = 10min;
  options.backoff_most = 50ms;
  const auto client = started(options);
  const Asked::Ptr refused = sent(*client, "a");
  EXPECT_EQ(refused->outcome(), "auth_failed");
  EXPECT_THAT(std::string(refused->fault->server_message()), HasSubstr("WRONGPASS"));
  EXPECT_THAT(client->health().reasons.at(0), Not(HasSubstr("top-secret")));
  server.set_hello("");
  EXPECT_TRUE(eventually([&] { return is_ready(*client); })) << "it was put right on the server";
  EXPECT_EQ(sent(*client, "b")->outcome(), "b");
}

TEST(RedisClient, AServerThatFallsSilentIsLeft) {
  FakeRedis server(echo_or_silence);
  RedisClientOptions options = options_for(server.url());
  options.silence_limit = 50ms;
  const auto client = started(options);
  const Asked::Ptr lost = sent(*client, "silence");
  EXPECT_EQ(lost->outcome(), "unavailable?");
  EXPECT_THAT(std::string(lost->fault->message()), HasSubstr("answers no more"));
  EXPECT_EQ(sent(*client, "b")->outcome(), "b");
  EXPECT_EQ(server.accepted(), 2U);
}

TEST(RedisClient, AReplicaIsLeft) {
  FakeRedis server([](const FakeRedis::Command& command) {
    return command[0] == "SET" ? "-READONLY You can't write against a read only replica.\r\n"
                               : echo(command);
  });
  const auto client = started(options_for(server.url()));
  const Asked::Ptr write = Asked::make("SET", "k", "v");
  client->send(*write);
  EXPECT_EQ(write->outcome(), "READONLY You can't write against a read only replica.");
  EXPECT_EQ(sent(*client, "b")->outcome(), "b");
  EXPECT_EQ(server.accepted(), 2U);
}

TEST(RedisClient, BrokenAnswersCostTheConnectionOnly) {
  FakeRedis server(echo_or_silence);
  const auto client = started(options_for(server.url()));
  const Asked::Ptr broken = sent(*client, "silence");
  ASSERT_TRUE(eventually([&] { return server.received() == 1; }));
  server.say("what?\r\n");
  EXPECT_EQ(broken->outcome(), "unavailable?");
  EXPECT_EQ(sent(*client, "b")->outcome(), "b");
}

TEST(RedisClient, ListenersHearPushesAndReconnects) {
  class Listener final : public RedisListener {
   public:
    void on_ready(std::size_t index) noexcept override { note("ready " + std::to_string(index)); }
    void on_lost(std::size_t index) noexcept override { note("lost " + std::to_string(index)); }
    void on_push(std::size_t index, const resp::Value& push) noexcept override {
      note("push " + std::to_string(index) + " " + std::string(push.items[0].text));
    }
    std::vector<std::string> heard() {
      const std::lock_guard lock(mutex_);
      return heard_;
    }

   private:
    void note(std::string line) {
      const std::lock_guard lock(mutex_);
      heard_.push_back(std::move(line));
    }
    std::mutex mutex_;
    std::vector<std::string> heard_;
  } listener;
  FakeRedis server(echo);
  RedisClientOptions options = options_for(server.url());
  options.listener = &listener;
  const auto client = started(options);
  ASSERT_TRUE(eventually([&] { return is_ready(*client); }));
  server.say(">1\r\n$4\r\nnews\r\n");
  ASSERT_TRUE(eventually([&] { return listener.heard().size() == 2; }));
  server.drop();
  ASSERT_TRUE(eventually([&] { return listener.heard().size() == 4; }));
  EXPECT_THAT(listener.heard(), ElementsAre("ready 0", "push 0 news", "lost 0", "ready 0"));
  EXPECT_EQ(client->stats().pushes, 1U);
  client->close();
}

TEST(RedisClient, CarriesLargeValues) {
  FakeRedis server(echo);
  RedisClientOptions options = options_for(server.url());
  options.secure_wipe = true;
  const auto client = started(options);
  std::string large(20'000'000, '\0');
  for (std::size_t i = 0; i < large.size(); ++i) large[i] = static_cast<char>(i * i >> 9);
  const Asked::Ptr one = sent(*client, large);
  const Asked::Ptr two = sent(*client, "small");
  EXPECT_EQ(one->outcome(), large);
  EXPECT_EQ(two->outcome(), "small");
}

TEST(RedisClient, SpeaksOverAUnixSocket) {
  std::string folder = testing::TempDir() + "larder-client-XXXXXX";
  ASSERT_NE(::mkdtemp(folder.data()), nullptr);
  const std::string path = folder + "/redis.sock";
  {
    FakeRedis server(echo, path);
    const auto client = started(options_for("unix://" + path));
    EXPECT_EQ(sent(*client, "a")->outcome(), "a");
    EXPECT_EQ(client->name(), path);
  }
  ::unlink(path.c_str());
  ::rmdir(folder.c_str());
}

TEST(RedisClient, CloseEndsWhatIsOpen) {
  FakeRedis server(echo_or_silence);
  const auto client = started(options_for(server.url()));
  const Asked::Ptr open = sent(*client, "silence");
  ASSERT_TRUE(eventually([&] { return server.received() == 1; }));
  client->close();
  EXPECT_TRUE(open->over.is_set()) << "before close() returns";
  EXPECT_EQ(open->outcome(), "closed?");
  client->close();
  EXPECT_EQ(sent(*client, "late")->outcome(), "closed");
  EXPECT_EQ(client->health().state, Health::State::down);
  client->start();
  EXPECT_EQ(sent(*client, "later")->outcome(), "closed");
}

TEST(RedisClient, ClosesInEveryStage) {
  FakeRedis server(echo);
  for (int stage = 0; stage < 4; ++stage) {
    if (stage == 3) server.stop();
    const auto client = made(options_for(
        stage == 2 ? "redis://localhost:" + std::to_string(server.port()) : server.url()));
    const Asked::Ptr open = stage == 3 ? sent(*client, "a") : Asked::make("GET", "b");
    if (stage > 0) client->start();
    client->close();
    if (stage == 3) {
      EXPECT_EQ(open->outcome(), "closed");
    }
  }
}

TEST(RedisClient, TheLastOwnerMayBeACallback) {
  FakeRedis server(echo_or_silence);
  auto client = started(options_for(server.url()));
  const Asked::Ptr open = sent(*client, "silence");
  const Asked::Ptr last = Asked::make("GET", "last");
  sync::Event released;
  last->at_end = [&, owner = client]() mutable {
    owner.reset();
    released.set();
  };
  RedisClient& bare = *client;
  ASSERT_TRUE(eventually([&] { return server.received() == 1; }));
  last->share();  // its callback owns the client, which owns the queue: let go after the end
  const auto weak = std::weak_ptr(client);
  bare.send(*last);
  client.reset();
  ASSERT_TRUE(eventually([&] { return server.received() == 2; }));
  server.say("$1\r\n1\r\n");
  EXPECT_EQ(open->outcome(), "last") << "replies are matched in order";
  released.wait();
  EXPECT_TRUE(weak.expired());
  last->unshare();
}

TEST(RedisClient, ThreadsMaySendWhileItCloses) {
  FakeRedis server(echo);
  for (int round = 0; round < 20; ++round) {
    RedisClientOptions options = options_for(server.url());
    options.connections = 2;
    const auto client = started(options);
    std::vector<std::thread> threads;
    for (int t = 0; t < 4; ++t) {
      threads.emplace_back([&] {
        for (int i = 0;; ++i) {
          const std::string outcome = sent(*client, std::to_string(i))->outcome();
          if (outcome == "closed" || outcome == "closed?") return;
          ASSERT_EQ(outcome, std::to_string(i));
        }
      });
    }
    ASSERT_TRUE(eventually([&] { return client->stats().replies > 20; }));
    client->close();
    for (std::thread& thread : threads) thread.join();
  }
}

TEST(RedisClient, RefusesOptionsOutOfRange) {
  RedisClientOptions options;
  EXPECT_THAT(options.problems(), IsEmpty());
  options.connections = 0;
  options.connect_timeout = 0ns;
  options.backoff_most = 1ms;
  options.silence_limit = 2h;
  options.idle_limit = -1s;
  options.max_requests = 0;
  options.max_bytes = 0;
  options.client_name = "two words";
  options.target.endpoints.clear();
  options.target.topology = redis::Topology::cluster;
  EXPECT_EQ(options.problems().size(), 10U);
  const auto refused = RedisClient::create(options, default_clock());
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error(), Errc::invalid_config);
  EXPECT_THAT(std::string(refused.error().message()),
              HasSubstr("connections must be from 1 to 64"));

  RedisClientOptions tls = options_for("rediss://localhost?ca_file=/nowhere.pem");
  const auto no_file = RedisClient::create(tls, default_clock());
  ASSERT_FALSE(no_file);
  EXPECT_THAT(std::string(no_file.error().message()), HasSubstr("ca_file: cannot use"));
}

}  // namespace
}  // namespace larder::engine
