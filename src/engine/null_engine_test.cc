// The null provider: nothing is stored, everything is checked, loads run each time and are shared
// by those who meet in one.
//
// Thread safety: a test.
#include "engine/null_engine.h"

#include <cstdint>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "engine/pending_engine.h"
#include "larder/async.h"
#include "larder/manager.h"
#include "sync/event.h"

namespace larder::engine {
namespace {

using std::chrono_literals::operator""s;

class NullEngineTest : public testing::Test {
 protected:
  Manager manager_;
  Cache<std::string> cache_ =
      manager_.open<std::string>("text", {.settings = {.provider = "null"}}).value();
  Cache<std::int8_t> counters_ =
      manager_.open<std::int8_t>("counters", {.settings = {.provider = "null"}}).value();
};

TEST_F(NullEngineTest, Behaviour207WritesSucceedAndLeaveNothing) {
  EXPECT_FALSE(cache_.set("key", "value").value().is_absent());
  EXPECT_TRUE(cache_.get("key").miss());
  EXPECT_TRUE(cache_.get_ref("key").miss());
  EXPECT_FALSE(cache_.contains("key").value());
  EXPECT_FALSE(cache_.erase("key").value());
  EXPECT_TRUE(cache_.take("key").miss());
  EXPECT_TRUE(cache_.set_if_absent("key", "value").value());
  EXPECT_FALSE(cache_.set_if_present("key", "value").value());
  EXPECT_TRUE(cache_.compare_and_set("key", Version::absent(), "value").value());
  EXPECT_FALSE(cache_.compare_and_set("key", Version(1, 1), "value").value());
  EXPECT_FALSE(cache_.touch("key", 1s).value());
  EXPECT_FALSE(cache_.rename("key", "other").value());
  EXPECT_FALSE(cache_.set_tags("key", {"tag"}).value());
  EXPECT_TRUE(cache_.clear().ok());
  EXPECT_EQ(cache_.stats().entries, 0U);
}

TEST_F(NullEngineTest, Behaviour208BatchesSucceedAndLeaveNothing) {
  EXPECT_TRUE(cache_.set_many({{"a", "1"}, {"b", "2"}}).ok());
  const BatchResult<std::string> values = cache_.get_many({"a", "b"});
  EXPECT_TRUE(values.ok());
  EXPECT_EQ(values.size(), 2U);
  EXPECT_EQ(values.hits(), 0U);
  EXPECT_EQ(cache_.erase_many({"a", "b"}).value(), 0U);
}

TEST_F(NullEngineTest, Behaviour209NothingHasMetadata) {
  EXPECT_TRUE(cache_.metadata("key").miss());
  EXPECT_EQ(cache_.metadata_many({"a", "b"}).hits(), 0U);
}

TEST_F(NullEngineTest, Behaviour211LoadsRunEachTimeAndUpdatersSeeNothing) {
  int loads = 0;
  const auto loader = [&] { return std::to_string(++loads); };
  EXPECT_EQ(cache_.get_or_set("key", loader).value_or(""), "1");
  EXPECT_EQ(cache_.get_or_set("key", loader).value_or(""), "2");
  EXPECT_EQ(**cache_.get_or_set_ref("key", loader), "3");
  EXPECT_EQ(cache_.stats().loads, 3U);
  const auto updated = cache_.update(
      "key", [](const std::string* old) { return old == nullptr ? std::string("new") : *old; });
  EXPECT_EQ(updated->value, "new");
  EXPECT_EQ(updated->action, Updated<std::string>::Action::stored);
  EXPECT_TRUE(cache_.get("key").miss());
}

TEST_F(NullEngineTest, ChecksEverything) {
  EXPECT_EQ(cache_.get("").code(), Errc::invalid_key);
  EXPECT_EQ(cache_.set("key", "value", -1s).code(), Errc::invalid_ttl);
  EXPECT_EQ(cache_.erase_by_pattern("[").code(), Errc::invalid_pattern);
  EXPECT_TRUE(cache_.close().ok());
  EXPECT_EQ(cache_.get("key").code(), Errc::closed);
  EXPECT_TRUE(cache_.close().ok());
}

TEST_F(NullEngineTest, CountersCountFromZeroEachTime) {
  EXPECT_EQ(counters_.increment("n", 5).value_or(0), 5);
  EXPECT_EQ(counters_.decrement("n", 128).value_or(0), -128);
  EXPECT_EQ(counters_.increment("n", 128).code(), Errc::out_of_range);
}

TEST_F(NullEngineTest, SearchesFindNothing) {
  EXPECT_EQ(cache_.add_index("i", "*", "x").value(), 0U);
  EXPECT_TRUE(cache_.get_by_index("i", "x").value().empty());
  EXPECT_EQ(cache_.get_values_by_index("i", "x").size(), 0U);
  EXPECT_EQ(cache_.count_by_index_many("i", {"x", "y"}).value(), (std::vector<std::size_t>{0, 0}));
  EXPECT_EQ(cache_.erase_by_tag("t").value(), 0U);
  EXPECT_TRUE(cache_.keys_by_pattern("*").value().empty());
  const Page page = cache_.scan("*", "", 10).value();
  EXPECT_TRUE(page.items.empty());
  EXPECT_TRUE(page.cursor.empty());
}

TEST_F(NullEngineTest, LoadersAnswerInManyForms) {
  using S = std::string;
  EXPECT_EQ(cache_.get_or_set("k", [](LoadContext& load) { return S(load.key()); }).value_or(""),
            "k");
  EXPECT_EQ(cache_.get_or_set("k", [] { return Loaded<S>{"v", Ttl(1s)}; }).value_or(""), "v");
  EXPECT_TRUE(cache_.get_or_set("k", [] { return absent; }).miss());
  EXPECT_TRUE(cache_.get_or_set("k", [] { return Lookup<S>(); }).miss());
  EXPECT_EQ(cache_.get_or_set("k", [] { return Result<S>(S("r")); }).value_or(""), "r");
  EXPECT_EQ(cache_.get_or_set("k", [] { return Result<Loaded<S>>(Loaded<S>{"l"}); }).value_or(""),
            "l");
  EXPECT_EQ(cache_.get_or_set("k", [] { return Error(Errc::unavailable); }).code(),
            Errc::unavailable);
  EXPECT_EQ(cache_.get_or_set("k", []() -> S { throw std::runtime_error("x"); }).code(),
            Errc::callback_failed);
}

TEST_F(NullEngineTest, BatchLoadersAnswerInManyForms) {
  using Missing = std::span<const std::string_view>;
  const auto maybe = [](LoadContext&, Missing keys) {
    std::vector<std::optional<std::string>> values(keys.size());
    values[0] = std::string(keys[0]);
    return values;
  };
  const auto some = cache_.get_or_set_many({"a", "b"}, maybe);
  EXPECT_EQ(some[0].value_or(""), "a");
  EXPECT_TRUE(some[1].miss());
  const auto short_answer = [](Missing) { return std::vector<std::string>{"one"}; };
  const auto wrong = cache_.get_or_set_many({"a", "b"}, short_answer);
  EXPECT_EQ(wrong.error().code(), Errc::invalid_argument);
  EXPECT_EQ(wrong.error().message(), "the batch loader answered 1 values for 2 keys");
  const auto refuse = [](Missing) -> Result<std::vector<std::string>> {
    return Error(Errc::unavailable);
  };
  EXPECT_EQ(cache_.get_or_set_many({"a"}, refuse)[0].code(), Errc::unavailable);
}

TEST_F(NullEngineTest, UpdatersKeepEraseAndFail) {
  using S = std::string;
  using Action = Updated<S>::Action;
  const auto kept = cache_.update("k", [](const S*) -> Change<S> { return keep; });
  EXPECT_EQ(kept->action, Action::kept);
  EXPECT_FALSE(kept->value.has_value());
  EXPECT_EQ(cache_.update("k", [](const S*) -> Change<S> { return erase; })->action,
            Action::erased);
  EXPECT_EQ(cache_.update("k", [](const S*) { return Error(Errc::unavailable); }).code(),
            Errc::unavailable);
  EXPECT_EQ(cache_.update("k", [](const S*) -> S { throw std::runtime_error("x"); }).code(),
            Errc::callback_failed);
}

Started load(const Cache<std::string>& cache, sync::Event& go_on, Lookup<std::string>& answer) {
  answer = co_await cache.async().get_or_set("key", [&go_on]() -> Task<std::string> {
    go_on.wait();
    co_return "loaded";
  });
}

TEST_F(NullEngineTest, CallersThatMeetShareOneLoad) {
  sync::Event loading;
  sync::Event go_on;
  std::thread leader([&] {
    EXPECT_EQ(cache_
                  .get_or_set("key",
                              [&] {
                                loading.set();
                                go_on.wait();
                                return "loaded";
                              })
                  .value_or(""),
              "loaded");
  });
  loading.wait();
  std::vector<Lookup<std::string>> answers(100);
  std::vector<Started> joiners;
  sync::Event unused;
  for (Lookup<std::string>& answer : answers) joiners.push_back(load(cache_, unused, answer));
  EXPECT_EQ(cache_.stats().joins, answers.size());
  go_on.set();
  leader.join();
  for (const Started& joiner : joiners) joiner.wait();
  for (const Lookup<std::string>& answer : answers) EXPECT_EQ(answer.value_or(""), "loaded");
  EXPECT_EQ(cache_.stats().loads, 1U);
}

// A coroutine that the test resumes.
struct Pause {
  std::coroutine_handle<>& waiter;
  bool await_ready() const noexcept { return false; }
  void await_suspend(std::coroutine_handle<> handle) const noexcept { waiter = handle; }
  void await_resume() const noexcept {}
};

Started load_slowly(const Cache<std::string>& cache, std::coroutine_handle<>& loader,
                    Lookup<std::string>& answer) {
  answer = co_await cache.async().get_or_set(
      "key", [&loader](LoadContext& load) -> Task<Loaded<std::string>> {
        co_await Pause{loader};
        co_return Loaded<std::string>{std::string(load.key()) + " loaded"};
      });
}

TEST_F(NullEngineTest, ALoadSurvivesTheCallerThatBeganIt) {
  std::coroutine_handle<> loader;
  std::coroutine_handle<> none;
  Lookup<std::string> first;
  Lookup<std::string> second;
  Started leader = load_slowly(cache_, loader, first);
  const Started joiner = load_slowly(cache_, none, second);
  leader.destroy();
  ASSERT_TRUE(loader);
  EXPECT_FALSE(none);
  loader.resume();
  joiner.wait();
  EXPECT_EQ(second.value_or(""), "key loaded");
  EXPECT_TRUE(first.miss());
}

TEST_F(NullEngineTest, CloseEndsLoads) {
  std::coroutine_handle<> loader;
  Lookup<std::string> answer;
  const Started waiter = load_slowly(cache_, loader, answer);
  EXPECT_EQ(cache_.close(0s).code(), Errc::deadline_exceeded);
  waiter.wait();
  EXPECT_EQ(answer.code(), Errc::closed);
  loader.resume();
  EXPECT_TRUE(cache_.close().ok());
}

}  // namespace
}  // namespace larder::engine
