// The Link as conversations: requests and their replies, pushes, broken answers, losses in every
// state, pauses, deadlines. The greeting has tests of its own (greeting_test.cc).
#include "redis/link.h"

#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "redis/link_talk.h"

namespace larder::redis {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using State = Link::State;
constexpr std::int64_t kMs = Talk::kMs;

TEST(Link, AnswersInOrderOfSending) {
  Talk talk;
  talk.get("a");
  talk.greet();
  talk.log.clear();
  talk.send("bc", command({"GET", "b"}) + command({"INCR", "c"}), 2);
  EXPECT_EQ(talk.taken(), command({"GET", "a"}) + command({"GET", "b"}) + command({"INCR", "c"}));
  talk.get("d");
  EXPECT_EQ(talk.taken(), command({"GET", "d"}));
  talk.hear("$1\r\nA\r\n$-1\r\n");
  EXPECT_THAT(talk.log, ElementsAre("a.0 A", "a ended", "a gone", "bc.0 null"));
  talk.log.clear();
  talk.hear(":7\r\n-WRONGTYPE no\r\n");
  EXPECT_THAT(talk.log, ElementsAre("bc.1 7", "bc ended", "bc gone", "d.0 error(WRONGTYPE no)",
                                    "d ended", "d gone"));
  const LinkCounters& counters = talk.link.counters();
  EXPECT_EQ(counters.replies, 4U);
  EXPECT_EQ(counters.writes, 2U);
  EXPECT_EQ(counters.largest_write, 2U);
  EXPECT_EQ(counters.in_flight, 0U);
  const Link::Ended ended = talk.link.take_ended();
  EXPECT_EQ(ended.requests, 3U);
  EXPECT_EQ(ended.bytes, command({"GET", "a"}).size() + command({"GET", "b"}).size() +
                             command({"INCR", "c"}).size() + command({"GET", "d"}).size());
  EXPECT_EQ(talk.link.take_ended().requests, 0U);
}

// One conversation with everything in it: greeting, pushes between and before replies, several
// replies of a request, nested values.
Log whole_conversation(std::size_t split, std::size_t piece) {
  Talk talk([] {
    LinkOptions options = Talk::options();
    options.greeting.password = base::WipedText(std::string_view("word"));
    options.greeting.client_name = "n";
    options.greeting.database = 2;
    return options;
  }());
  // Answers come at `split`: what is before it in one piece, then the rest.
  std::size_t left = split;
  const auto hear = [&](std::string_view bytes) {
    const std::size_t first = std::min(left, bytes.size());
    talk.hear(bytes.substr(0, first));
    talk.hear(bytes.substr(first));
    left -= first;
    if (first < bytes.size()) left = std::string::npos;
  };
  talk.link.start(talk.now);
  talk.link.connected(talk.now);
  talk.log.push_back(talk.taken(piece));
  hear(Talk::kHelloReply);
  talk.log.push_back(talk.taken(piece));
  hear("+OK\r\n+OK\r\n+PONG\r\n");
  talk.get("a");
  talk.send("two", command({"MGET", "x", "y"}) + command({"GET", "big"}), 2);
  talk.send("none", command({"SUBSCRIBE", "c"}), 0);
  talk.log.push_back(talk.taken(piece));
  hear(
      ">3\r\n$9\r\nsubscribe\r\n$1\r\nc\r\n:1\r\n$1\r\nA\r\n"
      "*2\r\n$1\r\nX\r\n_\r\n>3\r\n$7\r\nmessage\r\n$1\r\nc\r\n$2\r\n\r\n\r\n"
      "$9000\r\n" +
      std::string(9'000, 'z') + "\r\n");
  return talk.log;
}

TEST(Link, SplitAtEveryByteIsTheSame) {
  const Log expected = whole_conversation(std::string::npos, std::string::npos);
  EXPECT_THAT(expected, Contains("none ended"));
  EXPECT_THAT(expected, Contains("push [message c \r\n ]"));
  EXPECT_THAT(expected, Contains("two ended"));
  EXPECT_THAT(expected, Contains("a.0 A"));
  for (std::size_t split = 0; split < 400; ++split) {
    ASSERT_EQ(whole_conversation(split, std::string::npos), expected) << split;
  }
  for (std::size_t piece = 1; piece < 130; ++piece) {
    ASSERT_EQ(whole_conversation(std::string::npos, piece), expected) << piece;
  }
}

TEST(Link, HearsByteByByte) {
  Talk talk;
  talk.greet();
  talk.log.clear();
  talk.send("ab", command({"GET", "a"}) + command({"GET", "b"}), 2);
  talk.taken();
  for (const char c : std::string("$3\r\nabc\r\n*1\r\n:5\r\n")) talk.hear(std::string(1, c));
  EXPECT_THAT(talk.log, ElementsAre("ab.0 abc", "ab.1 [5 ]", "ab ended", "ab gone"));
}

// Loses the connection after every byte of what is sent and of what is answered; whoever had no
// answer learns whether its commands were written, everyone ends once, and the next connection
// serves those that were not written.
TEST(Link, LossAtEveryByte) {
  const std::string answers = "$1\r\nA\r\n:1\r\n:2\r\n";
  for (std::size_t heard = 0; heard <= answers.size(); ++heard) {
    Talk talk;
    talk.greet();
    talk.get("a");
    talk.send("b", command({"INCR", "b"}) + command({"INCR", "b"}), 2);
    talk.taken();
    talk.get("late");
    talk.log.clear();
    talk.hear(answers.substr(0, heard));
    talk.fail();
    const bool a_done = heard >= 7, b_half = heard >= 11, b_done = heard >= 15;
    Log expected;
    if (a_done) expected.insert(expected.end(), {"a.0 A", "a ended", "a gone"});
    if (b_half) expected.insert(expected.end(), {"b.0 1"});
    if (b_done) expected.insert(expected.end(), {"b.1 2", "b ended", "b gone"});
    expected.insert(expected.end(), {"lost"});
    if (!a_done) expected.insert(expected.end(), {"a ended unavailable unknown", "a gone"});
    if (!b_done) expected.insert(expected.end(), {"b ended unavailable unknown", "b gone"});
    ASSERT_EQ(talk.log, expected) << heard;
    ASSERT_EQ(talk.link.counters().queued, 1U);
    talk.pass(1);
    ASSERT_EQ(talk.link.state(), State::kConnecting) << "the first attempt comes at once";
    talk.greet_again();
    EXPECT_EQ(talk.taken(), command({"GET", "late"}));
    talk.hear("$1\r\nL\r\n");
    EXPECT_THAT(talk.log, Contains("late.0 L"));
  }
}

TEST(Link, LossAtEveryByteOfTheGreeting) {
  for (std::size_t heard = 0; heard < Talk::kHelloReply.size() + 7; ++heard) {
    Talk talk;
    talk.get("a");
    talk.link.start(talk.now);
    talk.link.connected(talk.now);
    talk.taken();
    talk.hear(Talk::kHelloReply.substr(0, heard));
    if (heard > Talk::kHelloReply.size()) {
      talk.taken();
      talk.hear(std::string_view("+PONG\r\n").substr(0, heard - Talk::kHelloReply.size()));
    }
    ASSERT_EQ(talk.link.state(), State::kGreeting) << heard;
    talk.fail();
    ASSERT_THAT(talk.log, ElementsAre("lost"));
    ASSERT_EQ(talk.link.state(), State::kLost);
    EXPECT_EQ(talk.taken(), "");
    talk.pass(1);
    talk.greet_again();
    EXPECT_EQ(talk.taken(), command({"GET", "a"}));
  }
}

TEST(Link, LossInStatesWithoutAStreamIsNone) {
  Talk idle;
  idle.fail();
  EXPECT_EQ(idle.link.state(), State::kIdle);
  Talk lost;
  lost.greet();
  lost.fail();
  lost.fail();
  EXPECT_EQ(lost.link.counters().losses, 1U);
  lost.link.connected(lost.now);
  EXPECT_EQ(lost.link.state(), State::kLost);
  lost.link.close();
  lost.fail();
  lost.link.start(lost.now);
  EXPECT_EQ(lost.link.state(), State::kClosed);
}

TEST(Link, PausesGrowWithJitterUpToTheMost) {
  const auto pauses = [](std::uint64_t seed) {
    LinkOptions options = Talk::options();
    options.seed = seed;
    Talk talk(options);
    talk.link.start(talk.now);
    std::vector<std::int64_t> all;
    for (int i = 0; i < 12; ++i) {
      talk.fail();
      all.push_back(talk.link.wake().steady_ns - talk.now.steady_ns);
      const std::uint64_t attempt = talk.link.attempt();
      if (all.back() > 0) {
        talk.pass(all.back() - 1);
        EXPECT_EQ(talk.link.attempt(), attempt) << "not before the pause is over";
      }
      talk.pass(1);
      EXPECT_EQ(talk.link.attempt(), attempt + 1);
    }
    return all;
  };
  const auto all = pauses(1);
  EXPECT_EQ(all[0], 0);
  std::int64_t most = 50 * kMs;
  for (std::size_t i = 1; i < all.size(); ++i, most = std::min(2 * most, 800 * kMs)) {
    EXPECT_GE(all[i], most / 2 - 1) << i;
    EXPECT_LE(all[i], most) << i;
  }
  EXPECT_EQ(all, pauses(1));
  EXPECT_NE(all, pauses(2));
}

TEST(Link, AShortLifeCountsAsAFailure) {
  Talk talk;
  talk.greet();
  for (int i = 0; i < 4; ++i) {
    talk.fail();
    const std::int64_t pause = talk.link.wake().steady_ns - talk.now.steady_ns;
    EXPECT_EQ(pause == 0, i == 0) << i;
    talk.pass(pause);
    talk.greet_again();
    ASSERT_EQ(talk.link.state(), State::kReady);
  }
  talk.pass(Link::kStableNs);
  talk.fail();
  EXPECT_EQ(talk.link.wake().steady_ns, talk.now.steady_ns) << "a long life is forgiven";
}

TEST(Link, RequestsWaitForAConnectionForItsTimeoutOnly) {
  Talk talk;
  talk.get("a");
  talk.link.start(talk.now);
  talk.fail("refused");
  talk.pass(1'000 * kMs);
  talk.get("b");
  talk.fail("refused");
  EXPECT_THAT(talk.log, ElementsAre("lost", "lost"));
  EXPECT_LE(talk.link.wake().steady_ns, talk.now.steady_ns + 1'000 * kMs);
  talk.pass(1'000 * kMs);
  EXPECT_THAT(talk.log, ElementsAre("lost", "lost", "a ended unavailable", "a gone",
                                    "b ended unavailable", "b gone"));
  talk.log.clear();
  auto* late = new Logged(talk.log, "late", command({"GET", "l"}), 1);
  talk.submit(*late);
  EXPECT_THAT(talk.log, ElementsAre("late ended unavailable")) << "at once";
  EXPECT_THAT(std::string(late->last_error->message()), HasSubstr("server:1: refused"));
  late->unshare();
  EXPECT_EQ(talk.link.counters().unavailable, 3U);

  talk.greet_again();
  talk.get("c");
  EXPECT_EQ(talk.taken(), command({"GET", "c"}));
}

TEST(Link, AnAttemptIsOverAtItsTimeout) {
  Talk talk;
  talk.link.start(talk.now);
  EXPECT_EQ(talk.link.wake().steady_ns, talk.now.steady_ns + 2'000 * kMs);
  talk.pass(1'500 * kMs);
  talk.link.connected(talk.now);
  talk.taken();
  talk.pass(499 * kMs);
  EXPECT_EQ(talk.link.state(), State::kGreeting);
  talk.pass(1 * kMs);
  EXPECT_EQ(talk.link.state(), State::kLost);
  EXPECT_THAT(talk.cause_text, HasSubstr("server:1 did not answer in time"));
}

TEST(Link, DeadlinesPassInTheQueueOnly) {
  Talk talk;
  talk.greet();
  talk.log.clear();
  talk.send("written", command({"GET", "w"}), 1, talk.now.clock_ns + 10);
  talk.taken();
  talk.fail();
  talk.log.clear();
  talk.send("soon", command({"GET", "s"}), 1, talk.now.clock_ns + 10);
  talk.send("later", command({"GET", "l"}), 1, talk.now.clock_ns + 30 * kMs);
  talk.get("never");
  EXPECT_EQ(talk.link.wake().clock_ns, talk.now.clock_ns + 10);
  talk.pass(10);
  EXPECT_THAT(talk.log, ElementsAre("soon ended deadline_exceeded", "soon gone"));
  EXPECT_EQ(talk.link.wake().clock_ns, talk.now.clock_ns + 30 * kMs - 10);
  talk.log.clear();
  talk.greet_again();
  talk.now.clock_ns += 40 * kMs;
  EXPECT_EQ(talk.taken(), command({"GET", "never"}));
  EXPECT_THAT(talk.log, ElementsAre("ready", "later ended deadline_exceeded", "later gone"));
  EXPECT_EQ(talk.link.counters().expired, 2U);
  EXPECT_EQ(talk.link.wake().clock_ns, Link::kNever);
}

TEST(Link, AWrittenRequestOutlivesItsDeadline) {
  Talk talk;
  talk.greet();
  talk.log.clear();
  talk.send("w", command({"GET", "w"}), 1, talk.now.clock_ns + 10);
  talk.taken();
  talk.pass(1'000 * kMs);
  talk.hear("$1\r\nW\r\n");
  EXPECT_THAT(talk.log, ElementsAre("w.0 W", "w ended", "w gone"));
}

TEST(Link, WithdrawnRequestsAreNotWritten) {
  Talk talk;
  talk.greet();
  talk.log.clear();
  auto* gone = new Logged(talk.log, "gone", command({"DEL", "x"}), 1);
  talk.submit(*gone);
  talk.get("kept");
  EXPECT_TRUE(gone->withdraw());
  EXPECT_FALSE(gone->withdraw());
  EXPECT_EQ(talk.taken(), command({"GET", "kept"}));
  EXPECT_THAT(talk.log, ElementsAre("gone ended cancelled"));
  EXPECT_EQ(gone->last_error->effect(), Effect::no);

  talk.submit(*gone);  // a request may be sent again
  talk.taken();
  EXPECT_FALSE(gone->withdraw()) << "it is written";
  talk.hear("$1\r\nK\r\n:1\r\n");
  EXPECT_THAT(talk.log, ElementsAre("gone ended cancelled", "kept.0 K", "kept ended", "kept gone",
                                    "gone.0 1", "gone ended"));
  EXPECT_FALSE(gone->withdraw()) << "it has ended";
  gone->unshare();
}

TEST(Link, BrokenAnswersLoseTheConnection) {
  for (const std::string_view bytes : {"hello\r\n", "$x\r\n", "$1\r\nABC\r\n"}) {
    Talk talk;
    talk.greet();
    talk.get("a");
    talk.taken();
    talk.get("b");
    talk.log.clear();
    talk.hear(bytes);
    EXPECT_THAT(talk.log, ElementsAre("lost", "a ended unavailable unknown", "a gone")) << bytes;
    EXPECT_THAT(talk.cause_text, HasSubstr("no RESP"));
  }
}

TEST(Link, AReplyThatNobodyAskedForLosesTheConnection) {
  Talk talk;
  talk.greet();
  talk.log.clear();
  talk.hear("+OK\r\n");
  EXPECT_THAT(talk.log, ElementsAre("lost"));
  EXPECT_THAT(talk.cause_text, HasSubstr("nobody asked"));
}

TEST(Link, SilenceOfADebtorLosesTheConnection) {
  Talk talk;
  talk.greet();
  talk.pass(4'000 * kMs);
  talk.get("a");
  talk.taken();
  EXPECT_EQ(talk.link.wake().steady_ns, talk.now.steady_ns + 5'000 * kMs)
      << "counted from the debt, not from the last word";
  talk.pass(4'999 * kMs);
  talk.get("b");
  talk.taken();  // what the kernel takes is no sign of life
  EXPECT_EQ(talk.link.state(), State::kReady);
  talk.pass(1 * kMs);
  EXPECT_EQ(talk.link.state(), State::kLost);
  EXPECT_THAT(talk.log, Contains("a ended unavailable unknown"));
  EXPECT_THAT(talk.log, Contains("b ended unavailable unknown"));
}

TEST(Link, AnyByteIsASignOfLife) {
  Talk talk;
  talk.greet();
  talk.get("a");
  talk.taken();
  for (const char c : std::string("$1\r\nA\r\n")) {
    talk.pass(4'999 * kMs);
    talk.hear(std::string(1, c));
  }
  EXPECT_THAT(talk.log, Contains("a.0 A"));
  EXPECT_EQ(talk.link.state(), State::kReady);
}

TEST(Link, ALargeWriteThatProceedsIsASignOfLife) {
  Talk talk;
  talk.greet();
  talk.send("big", command({"SET", "k", std::string(1'000'000, 'v')}));
  for (int i = 0; i < 10; ++i) {
    ASSERT_GT(talk.link.to_send(talk.now).size(), 1'000U);
    talk.link.sent(1'000, talk.now);
    talk.pass(4'000 * kMs);
    ASSERT_EQ(talk.link.state(), State::kReady);
  }
  talk.pass(1'000 * kMs);
  EXPECT_EQ(talk.link.state(), State::kLost) << "it has stopped";
}

TEST(Link, AnIdleConnectionIsTriedWithAPing) {
  Talk talk;
  talk.greet();
  talk.log.clear();
  EXPECT_EQ(talk.link.wake().steady_ns, talk.now.steady_ns + 10'000 * kMs);
  talk.pass(9'999 * kMs);
  EXPECT_EQ(talk.taken(), "");
  talk.pass(1 * kMs);
  EXPECT_EQ(talk.taken(), command({"PING"}));
  talk.pass(4'999 * kMs);
  EXPECT_EQ(talk.taken(), "");
  talk.get("a");
  EXPECT_EQ(talk.taken(), command({"GET", "a"}));
  talk.hear("+PONG\r\n$1\r\nA\r\n");
  EXPECT_THAT(talk.log, ElementsAre("a.0 A", "a ended", "a gone"));
  EXPECT_EQ(talk.link.take_ended().requests, 1U) << "the ping is nobody's";
  talk.pass(10'000 * kMs);
  EXPECT_EQ(talk.taken(), command({"PING"}));
  talk.pass(5'000 * kMs);
  EXPECT_EQ(talk.link.state(), State::kLost);
}

TEST(Link, AReplicaIsLeftAfterWhatWasWritten) {
  Talk talk;
  talk.greet();
  talk.pass(2'000 * kMs);
  talk.get("w");
  talk.get("r");
  talk.taken();
  talk.log.clear();
  talk.hear("-READONLY You can't write against a read only replica.\r\n");
  EXPECT_EQ(talk.link.state(), State::kDraining);
  talk.get("next");
  EXPECT_EQ(talk.taken(), "");
  talk.hear("$1\r\nR\r\n");
  EXPECT_THAT(talk.log,
              ElementsAre("w.0 error(READONLY You can't write against a read only replica.)",
                          "w ended", "w gone", "r.0 R", "r ended", "r gone", "lost"));
  EXPECT_EQ(talk.link.wake().steady_ns, talk.now.steady_ns);
  talk.pass(0);
  talk.greet_again();
  EXPECT_EQ(talk.taken(), command({"GET", "next"}));
}

TEST(Link, ADrainingConnectionMayBeLostToo) {
  Talk talk;
  talk.greet();
  talk.get("w");
  talk.get("r");
  talk.taken();
  talk.hear("-READONLY no\r\n");
  talk.log.clear();
  talk.fail();
  EXPECT_THAT(talk.log, ElementsAre("lost", "r ended unavailable unknown", "r gone"));
}

TEST(Link, CloseEndsEverythingInEveryState) {
  for (int steps = 0; steps < 6; ++steps) {
    Talk talk;
    talk.get("queued");
    if (steps >= 1) talk.link.start(talk.now);
    if (steps >= 2) talk.link.connected(talk.now);
    if (steps >= 3) talk.fail();
    if (steps >= 4) talk.pass(0), talk.greet_again();
    if (steps >= 5) talk.taken();
    talk.log.clear();
    talk.link.close();
    EXPECT_THAT(talk.log,
                ElementsAre(steps == 5 ? "queued ended closed unknown" : "queued ended closed",
                            "queued gone"))
        << steps;
    EXPECT_EQ(talk.taken(), "");
    talk.log.clear();
    talk.get("late");
    EXPECT_THAT(talk.log, ElementsAre("late ended closed", "late gone"));
    EXPECT_EQ(talk.link.wake().steady_ns, Link::kNever);
  }
}

TEST(Link, TheDestructorEndsWhatIsOpen) {
  Log log;
  {
    Talk talk;
    talk.greet();
    auto* request = new Logged(log, "a", command({"GET", "a"}), 1);
    talk.submit(*request);
    talk.taken();
    request->unshare();
  }
  EXPECT_THAT(log, ElementsAre("a ended closed unknown", "a gone"));
}

TEST(Link, BoundsAWriteAndWhatIsInFlight) {
  LinkOptions options = Talk::options();
  options.max_in_flight = 3;
  options.write_bytes = 40;
  Talk talk(options);
  talk.greet();
  for (const char* name : {"a", "b", "c", "d"}) talk.get(name);  // 20 bytes each
  std::string_view bytes = talk.link.to_send(talk.now);
  EXPECT_EQ(bytes, command({"GET", "a"}) + command({"GET", "b"}));
  talk.link.sent(bytes.size(), talk.now);
  bytes = talk.link.to_send(talk.now);
  EXPECT_EQ(bytes, command({"GET", "c"}));
  talk.link.sent(bytes.size(), talk.now);
  EXPECT_EQ(talk.taken(), "");
  EXPECT_EQ(talk.link.counters().queued, 1U);
  talk.hear("_\r\n");
  EXPECT_EQ(talk.taken(), command({"GET", "d"}));
}

TEST(Link, ReadsAboutSixtyFourRepliesAtOnce) {
  Talk talk;
  talk.greet();
  const std::string reply = "$64\r\n" + std::string(64, 'v') + "\r\n";
  for (int i = 0; i < 1'000; ++i) talk.get("k");
  talk.taken();
  for (int i = 0; i < 900; ++i) talk.hear(reply);
  EXPECT_NEAR(static_cast<double>(talk.link.space().size()), 64.0 * 71, 64.0 * 8);
}

// A callback may send at once what follows from an answer.
TEST(Link, CallbacksMaySend) {
  class Chain final : public Request {
   public:
    explicit Chain(Talk& talk) : talk_(talk) { wire = command({"INCR", "n"}); }
    void on_reply(std::uint32_t, const resp::Value&) noexcept override {}
    void on_end(std::optional<Error> error) noexcept override {
      if (!error && ++rounds < 3) talk_.submit(*this);
      failed |= error.has_value();
    }
    int rounds = 0;
    bool failed = false;

   private:
    Talk& talk_;
  };
  Talk talk;
  talk.greet();
  auto* chain = new Chain(talk);
  talk.submit(*chain);
  for (int i = 1; i <= 3; ++i) {
    EXPECT_EQ(talk.taken(), command({"INCR", "n"}));
    talk.hear(":1\r\n");
    EXPECT_EQ(chain->rounds, i);
  }
  EXPECT_EQ(talk.taken(), "");
  EXPECT_FALSE(chain->failed);
  chain->unshare();
}

TEST(Link, MeasuresLatency) {
  Talk talk;
  talk.greet();
  for (int i = 0; i < 1'000; ++i) {
    talk.get("a");
    talk.taken();
    talk.pass(2 * kMs);
    talk.hear("_\r\n");
  }
  EXPECT_NEAR(static_cast<double>(talk.link.counters().latency_ns), 2.0 * kMs, 0.01 * kMs);
}

}  // namespace
}  // namespace larder::redis
