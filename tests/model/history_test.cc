// Recorder and JSON lines: what is written is what is read.
#include "model/history.h"

#include <sstream>
#include <stdexcept>
#include <thread>

#include <gtest/gtest.h>

namespace larder::model {
namespace {

Event full_event() {
  Event event;
  event.client = 3;
  event.op = Op::update;
  event.call_ns = 10;
  event.return_ns = 20;
  event.call_clock_ns = 5;
  event.return_clock_ns = 6;
  event.keys = {"a", std::string("\x00\x7f\x80\xff\"\n", 6)};
  event.values = {1, std::numeric_limits<std::int64_t>::min()};
  event.expected = VersionId{~std::uint64_t{0}, 7};
  event.ttl = {.kind = TtlArgument::Kind::span, .span_ns = 5'000'000};
  event.tags = {"red"};
  event.pattern = "k*";
  event.index = "by_residue";
  event.term = "t1";
  event.error = "vetoed";
  event.flag = true;
  event.count = 4;
  event.number = -9;
  event.version = VersionId{1, 2};
  event.seen = {Seen{.key = "a",
                     .hit = true,
                     .value = 8,
                     .version = VersionId{1, 2},
                     .expires_at_ns = kForever,
                     .created_at_ns = 3,
                     .tags = std::vector<std::string>{}},
                Seen{.key = "b"}};
  event.loads = {Load{.key = "a", .value = 8, .begin_ns = 11, .end_ns = 12, .ok = false}};
  event.updater =
      UpdaterRun{.old_value = 7, .decision = UpdaterRun::Decision::store, .new_value = 8};
  return event;
}

History round_trip(const History& history) {
  std::stringstream stream;
  write_history(stream, history);
  const std::vector<History> read = read_histories(stream);
  EXPECT_EQ(read.size(), 1U);
  return read.empty() ? History{} : read[0];
}

TEST(History, EveryFieldSurvivesTheFile) {
  History history{.name = "mixed", .seed = ~std::uint64_t{0}};
  history.facts = {.keys = {"a", "\xff"},
                   .declared = {.name = "i", .modulus = 3},
                   .standard_ttl_ns = kForever,
                   .clock_tolerance_ns = 9,
                   .evictions = true};
  history.events = {full_event(), Event{}};
  history.events[1].return_ns = kForever;
  history.events[1].outcome = Outcome::unknown;
  EXPECT_EQ(round_trip(history), history);
}

TEST(History, EveryOperationHasANameOfItsOwn) {
  for (int i = 0; i < kOpCount; ++i) {
    EXPECT_EQ(op_from_name(op_name(static_cast<Op>(i))), static_cast<Op>(i));
  }
  EXPECT_EQ(op_from_name("frobnicate"), std::nullopt);
}

TEST(History, SeveralHistoriesMayFollowOneAnother) {
  std::stringstream stream;
  History first{.name = "first", .events = {Event{}}};
  const History second{.name = "second", .events = {full_event()}};
  write_history(stream, first);
  write_history(stream, second);
  EXPECT_EQ(read_histories(stream), (std::vector{first, second}));
}

TEST(History, ABadLineIsNamed) {
  const auto complaint = [](const std::string& text) -> std::string {
    std::stringstream stream(text);
    try {
      (void)read_histories(stream);
    } catch (const std::runtime_error& error) {
      return error.what();
    }
    return "accepted";
  };
  std::stringstream good;
  write_history(good, History{.events = {Event{}}});
  const std::string lines = good.str();
  EXPECT_EQ(complaint(lines), "accepted");
  EXPECT_TRUE(complaint(lines + "{").starts_with("history line 3:"));
  EXPECT_TRUE(complaint(lines.substr(lines.find('\n') + 1)).starts_with("history line 1:"));
  std::string unknown = lines;
  unknown.replace(unknown.find("\"get\""), 5, "\"pet\"");
  EXPECT_EQ(complaint(unknown), "history line 2: unknown operation \"pet\"");
}

TEST(Recorder, JoinsTheLogsByCallInstant) {
  Recorder recorder;
  std::vector<std::thread> threads;
  constexpr int kClients = 4;
  constexpr int kEvents = 1000;
  for (int c = 0; c < kClients; ++c) {
    ClientLog& log = recorder.add_client();
    threads.emplace_back([&log, c] {
      for (int i = 0; i < kEvents; ++i) {
        Event event;
        event.call_ns = i * kClients + c;
        log.add(std::move(event));
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  const std::vector<Event> events = recorder.collect();
  ASSERT_EQ(events.size(), static_cast<std::size_t>(kClients * kEvents));
  for (std::size_t i = 0; i < events.size(); ++i) {
    ASSERT_EQ(events[i].call_ns, static_cast<std::int64_t>(i));
    ASSERT_EQ(events[i].client, static_cast<int>(i) % kClients);
  }
}

}  // namespace
}  // namespace larder::model
