// Tests of the logging middleware: levels, and that no key is ever in a line unless asked for.
//
// Thread safety: one test completes an operation on a second thread.
#include <algorithm>
#include <array>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/prng.h"
#include "engine/decorator_harness.h"
#include "larder/middleware.h"

namespace larder::engine {
namespace {

using namespace harness;
using middleware::LogLevel;
using middleware::LogOptions;
using middleware::LogRecord;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

constexpr std::string_view kSecret = "session-7f3a9c";

struct World {
  struct Line {
    LogLevel level;
    std::string text;
  };
  std::vector<Line> lines;
  std::shared_ptr<ScriptedEngine> fake = std::make_shared<ScriptedEngine>();
  std::shared_ptr<Engine> engine;

  explicit World(LogLevel level = LogLevel::debug, bool clear_keys = false)
      : engine(middleware::logging(LogOptions{.sink =
                                                  [this](const LogRecord& record) {
                                                    lines.push_back({record.level,
                                                                     std::string(record.message)});
                                                  },
                                              .level = level,
                                              .clear_keys = clear_keys})(fake)) {}
};

TEST(LoggingDecoratorTest, case_229_hits_misses_and_sets_are_debug) {
  World world;
  Call(kSecret).run(*world.engine);
  world.fake->script = [](Operation&) {};
  Call(kSecret).run(*world.engine);
  Call(Opcode::set, {kSecret}).run(*world.engine);
  ASSERT_EQ(world.lines.size(), 3U);
  EXPECT_THAT(world.lines[0].text, HasSubstr("get hit key=#"));
  EXPECT_THAT(world.lines[1].text, HasSubstr("get miss key=#"));
  EXPECT_THAT(world.lines[2].text, HasSubstr("set no_effect key=#"));
  for (const World::Line& line : world.lines) EXPECT_EQ(line.level, LogLevel::debug);
}

TEST(LoggingDecoratorTest, case_229_errors_are_error_with_their_code_and_words) {
  World world(LogLevel::error);
  Call(kSecret).run(*world.engine);
  EXPECT_THAT(world.lines, IsEmpty()) << "below the level";
  world.fake->script = [](Operation& op) {
    op.error = Error(Errc::outcome_unknown, "the line broke", Effect::unknown)
                   .with_server_message("-LOADING");
  };
  Call(Opcode::set, {kSecret}).run(*world.engine);
  ASSERT_EQ(world.lines.size(), 1U);
  EXPECT_EQ(world.lines[0].level, LogLevel::error);
  EXPECT_THAT(world.lines[0].text,
              AllOf(HasSubstr("set failed key=#"), HasSubstr("error=outcome_unknown"),
                    HasSubstr("effect=unknown"), HasSubstr("message=\"the line broke\""),
                    HasSubstr("server=\"-LOADING\"")));
}

TEST(LoggingDecoratorTest, the_same_key_has_the_same_hash_and_another_key_another) {
  World world;
  for (const std::string_view key : {kSecret, kSecret, std::string_view("other")}) {
    Call(key).run(*world.engine);
  }
  EXPECT_EQ(world.lines[0].text, world.lines[1].text);
  EXPECT_NE(world.lines[0].text, world.lines[2].text);
}

// Every kind of operation, the secret in each of its inputs and in the errors' texts.
TEST(LoggingDecoratorTest, no_line_has_a_key_in_clear) {
  World world;
  world.fake->script = [](Operation& op) {
    op.error = Error(Errc::server_error, "no such row: " + std::string(kSecret) + "!")
                   .with_server_message(std::string(kSecret) + std::string(kSecret));
  };
  for (std::size_t code = 0; code <= static_cast<std::size_t>(Opcode::rename); ++code) {
    Call(static_cast<Opcode>(code), {kSecret, kSecret}).run(*world.engine);
    Call(static_cast<Opcode>(code), {kSecret, "other", kSecret}, true).run(*world.engine);
  }
  LoadOperation load;
  Item item;
  item.key = kSecret;
  load.items = std::span(&item, 1);
  world.engine->start(load);
  UpdateOperation update;
  update.item.key = kSecret;
  world.engine->start(update);
  const std::array<std::string_view, 2> terms = {kSecret, "other"};
  for (auto code = static_cast<std::size_t>(Opcode::add_index); code < kOpcodes; ++code) {
    SearchOperation search(static_cast<Opcode>(code));
    search.index = "by_subject";
    search.terms = terms;
    search.pattern = kSecret;
    search.except = terms;
    search.cursor = kSecret;
    search.limit = 1;
    world.engine->start(search);
  }
  EXPECT_EQ(world.lines.size(), 2 * 13 + 2 + 11U);
  for (const World::Line& line : world.lines) {
    EXPECT_THAT(line.text, Not(HasSubstr(std::string(kSecret))));
    EXPECT_THAT(line.text, AllOf(HasSubstr("#"), HasSubstr("no such row: #")));
  }
}

TEST(LoggingDecoratorTest, hashes_survive_random_keys_and_texts) {
  World world;
  base::Prng random(99);
  std::string key;
  std::string text;
  world.fake->script = [&](Operation& op) { op.error = Error(Errc::server_error, text); };
  for (int round = 0; round < 500; ++round) {
    key.assign(4 + random.below(12), '\0');
    for (char& byte : key) byte = static_cast<char>('g' + random.below(20));
    text = "x " + key + key.substr(0, 2) + key;
    Call call{std::string_view(key)};
    call.run(*world.engine);
    EXPECT_THAT(world.lines.back().text, Not(HasSubstr(key)));
  }
}

TEST(LoggingDecoratorTest, clear_keys_are_printable_and_short) {
  World world(LogLevel::debug, true);
  Call(kSecret).run(*world.engine);
  EXPECT_THAT(world.lines[0].text, HasSubstr("key=session-7f3a9c"));
  Call("forged\nline \x1b[2J\\").run(*world.engine);
  EXPECT_THAT(world.lines[1].text, HasSubstr("forged\\x0aline \\x1b[2J\\x5c"));
  const std::string long_key(60'000, 'k');
  Call{std::string_view(long_key)}.run(*world.engine);
  EXPECT_LT(world.lines[2].text.size(), 300U);
}

TEST(LoggingDecoratorTest, a_batch_is_one_line_with_counts) {
  World world;
  std::vector<std::string> keys;
  for (int i = 0; i < 500; ++i) keys.push_back("key-" + std::to_string(i));
  Call call(Opcode::get, {keys.begin(), keys.end()}, true);
  world.fake->script = [](Operation& op) {
    auto items = static_cast<KeyOperation&>(op).items;
    for (std::size_t i = 0; i < 400; ++i) items[i].hit = true;
    items[499].error = Error(Errc::serialization, "key-499 is damaged");
  };
  call.run(*world.engine);
  ASSERT_EQ(world.lines.size(), 1U);
  EXPECT_THAT(world.lines[0].text, AllOf(HasSubstr("get_many hit=400 miss=99 failed=1"),
                                         HasSubstr(",..."), Not(HasSubstr("key-499"))));
}

TEST(LoggingDecoratorTest, pending_operations_are_logged_at_their_end) {
  World world;
  world.fake->pends = true;
  Call call(kSecret);
  Call left(kSecret);
  EXPECT_EQ(world.engine->start(call.op), Progress::pending);
  EXPECT_EQ(world.engine->start(left.op), Progress::pending);
  EXPECT_TRUE(leave_with(*world.engine, left.op, Errc::cancelled));
  std::jthread([&] { world.fake->complete_all(); }).join();
  ASSERT_EQ(world.lines.size(), 2U);
  EXPECT_THAT(world.lines[0].text, HasSubstr("error=cancelled"));
  EXPECT_THAT(world.lines[1].text, HasSubstr("get hit"));
}

TEST(LoggingDecoratorTest, the_shortcut_is_closed_only_where_debug_is_wanted) {
  World debug(LogLevel::debug);
  World info(LogLevel::info);
  debug.fake->found = info.fake->found = Found::hit;
  int value = 0;
  EXPECT_EQ(debug.engine->find("key", &value), Found::ask);
  EXPECT_EQ(info.engine->find("key", &value), Found::hit);
}

TEST(LoggingDecoratorTest, a_sink_that_throws_changes_nothing) {
  auto fake = std::make_shared<ScriptedEngine>();
  const auto engine =
      middleware::logging({.sink = [](const LogRecord&) { throw std::runtime_error("disk full"); },
                           .level = LogLevel::debug})(fake);
  Call call("key");
  EXPECT_EQ(call.run(*engine), std::nullopt);
  EXPECT_TRUE(call.items[0].hit);
}

TEST(LoggingDecoratorTest, every_level_has_a_name) {
  EXPECT_EQ(to_string(LogLevel::warning), "warning");
  EXPECT_EQ(to_string(static_cast<LogLevel>(9)), "unknown");
}

}  // namespace
}  // namespace larder::engine
