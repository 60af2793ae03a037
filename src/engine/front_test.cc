// The order of checks, and the hooks of every operation that names its keys.
//
// Thread safety: a test.
#include "engine/front.h"

#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "engine/decorator_harness.h"
#include "larder/manager.h"

namespace larder::engine {
namespace {

using harness::ScriptedEngine;
using testing::ElementsAre;
using testing::IsEmpty;
using std::chrono_literals::operator""s;

class ScriptedProvider final : public Provider {
 public:
  explicit ScriptedProvider(std::shared_ptr<Engine> engine) : engine_(std::move(engine)) {}
  Result<std::shared_ptr<Engine>> open(const CacheSettings&,
                                       std::shared_ptr<const CacheTraits>) override {
    return engine_;
  }

 private:
  std::shared_ptr<Engine> engine_;
};

// A cache of numbers whose hooks write down their calls.
class FrontTest : public testing::Test {
 protected:
  Cache<int> open(bool with_hooks) {
    static_cast<void>(
        manager_.register_provider("fake", std::make_shared<ScriptedProvider>(engine_)));
    CacheOptions<int> options{.settings = {.provider = "fake", .metrics = false}};
    if (with_hooks) options.hooks = hooks();
    return manager_.open<int>(with_hooks ? "hooked" : "plain", std::move(options)).value();
  }

  Hooks<int> hooks() {
    const auto judge = [this](std::string name, std::string_view key) {
      log_.push_back(name + " " + std::string(key));
      if (throwing_ == name) throw std::runtime_error("thrown");
      return vetoed_ == log_.back() ? Verdict::veto("no") : Verdict::allow();
    };
    const auto note = [this](std::string name, std::string_view key, const HookOutcome& outcome) {
      log_.push_back(name + " " + std::string(key) + (outcome.effective ? " yes" : " no") +
                     (outcome.error != nullptr ? " " + std::string(to_string(outcome.error->code()))
                                               : std::string()));
      if (throwing_ == name) throw std::runtime_error("thrown");
    };
    return {.pre_get = [=](std::string_view key) { return judge("pre_get", key); },
            .post_get = [=](std::string_view key, const int*,
                            const HookOutcome& outcome) { note("post_get", key, outcome); },
            .pre_set = [=](std::string_view key, const int*) { return judge("pre_set", key); },
            .post_set = [=](std::string_view key, const int*,
                            const HookOutcome& outcome) { note("post_set", key, outcome); },
            .pre_erase = [=](std::string_view key) { return judge("pre_erase", key); },
            .post_erase = [=](std::string_view key,
                              const HookOutcome& outcome) { note("post_erase", key, outcome); },
            .on_removal = {}};
  }

  // What the hooks wrote since the last call.
  std::vector<std::string> log() { return std::exchange(log_, {}); }

  std::shared_ptr<harness::ScriptedEngine> engine_ = std::make_shared<harness::ScriptedEngine>();
  std::vector<std::string> log_;
  std::string vetoed_;
  std::string throwing_;
  Manager manager_;
};

TEST_F(FrontTest, ClosedComesFirst) {
  const Cache<int> cache = open(false);
  engine_->is_closed = true;
  EXPECT_EQ(cache.get("").code(), Errc::closed);
  EXPECT_EQ(cache.erase_many(Keys{}).code(), Errc::closed);
  EXPECT_EQ(engine_->seen(), 0U);
}

TEST_F(FrontTest, AnEmptyBatchSucceedsWhateverTheContext) {
  std::stop_source stop;
  stop.request_stop();
  const Cache<int> cache = open(false).with(Context::until(stop.get_token()));
  EXPECT_TRUE(cache.get_many(Keys{}).ok());
  EXPECT_TRUE(cache.set_many(Pairs<int>{}, Ttl(0s)).ok());
  EXPECT_EQ(cache.erase_many(Keys{}).value_or(9), 0U);
  EXPECT_TRUE(cache
                  .get_or_set_many(
                      Keys{}, [](std::span<const std::string_view>) { return std::vector<int>{}; })
                  .ok());
  EXPECT_EQ(cache.erase_by_tag_many(Keys{}).value().size(), 0U);
  EXPECT_EQ(engine_->seen(), 0U);
}

TEST_F(FrontTest, ArgumentsOfAllItemsComeBeforeTheContext) {
  std::stop_source stop;
  stop.request_stop();
  const Cache<int> cache = open(false).with(Context::until(stop.get_token()));
  const std::string long_key(kMaxKeyBytes + 1, 'x');
  EXPECT_EQ(cache.get_many({"a", "b", ""}).error().code(), Errc::invalid_key);
  EXPECT_EQ(cache.get(long_key).code(), Errc::invalid_key);
  EXPECT_EQ(cache.set("a", 1, Ttl(0s)).code(), Errc::invalid_ttl);
  EXPECT_EQ(cache.touch("a", -1s).code(), Errc::invalid_ttl);
  EXPECT_EQ(cache.rename("a", "").code(), Errc::invalid_key);
  EXPECT_EQ(cache.set("a", 1, {Ttl(), {"tag", ""}}).code(), Errc::invalid_argument);
  EXPECT_EQ(cache.keys_by_pattern("[").code(), Errc::invalid_pattern);
  EXPECT_EQ(cache.keys_by_pattern("").code(), Errc::invalid_pattern);
  EXPECT_EQ(cache.get_by_index("", "x").code(), Errc::invalid_argument);
  EXPECT_EQ(cache.get_by_index("i", "").code(), Errc::invalid_argument);
  EXPECT_EQ(cache.add_index(SearchOperation::kTagIndex, "*", "x").code(), Errc::invalid_argument);
  EXPECT_EQ(cache.erase_by_index("i", "x", {""}).code(), Errc::invalid_key);
  EXPECT_EQ(cache.scan("*", "", 0).code(), Errc::invalid_argument);
  EXPECT_EQ(cache.get_or_set("", [] { return 1; }).code(), Errc::invalid_key);
  EXPECT_EQ(cache.update("", [](const int*) { return 1; }).code(), Errc::invalid_key);
  EXPECT_EQ(engine_->seen(), 0U);
}

TEST_F(FrontTest, TheContextComesBeforeHooksAndEffects) {
  std::stop_source stop;
  stop.request_stop();
  const Cache<int> cache = open(true);
  EXPECT_EQ(cache.with(Context::until(stop.get_token())).get("a").code(), Errc::cancelled);
  EXPECT_EQ(cache.with(Context::within(0s)).set("a", 1).code(), Errc::deadline_exceeded);
  EXPECT_THAT(log(), IsEmpty());
  EXPECT_EQ(engine_->seen(), 0U);
}

TEST_F(FrontTest, ReadsRunTheGetHooks) {
  const Cache<int> cache = open(true);
  EXPECT_TRUE(cache.contains("a").value());
  EXPECT_THAT(log(), ElementsAre("pre_get a", "post_get a yes"));
  EXPECT_TRUE(cache.metadata("a").hit());
  EXPECT_THAT(log(), ElementsAre("pre_get a", "post_get a yes"));
  engine_->script = [](Operation&) {};
  EXPECT_TRUE(cache.get_many({"a", "b"}).ok());
  EXPECT_THAT(log(), ElementsAre("pre_get a", "pre_get b", "post_get a no", "post_get b no"));
  EXPECT_TRUE(cache.get_ref("a").miss());
  EXPECT_THAT(log(), ElementsAre("pre_get a", "post_get a no"));
}

TEST_F(FrontTest, WritesRunTheSetHooks) {
  const Cache<int> cache = open(true);
  const std::vector<std::string> expected{"pre_set a", "post_set a yes"};
  EXPECT_TRUE(cache.set("a", 1).ok());
  EXPECT_EQ(log(), expected);
  EXPECT_TRUE(cache.set_if_absent("a", 1).value());
  EXPECT_EQ(log(), expected);
  EXPECT_TRUE(cache.compare_and_set("a", Version::absent(), 1).value());
  EXPECT_EQ(log(), expected);
  EXPECT_TRUE(cache.touch("a", 1s).value());
  EXPECT_EQ(log(), expected);
  EXPECT_TRUE(cache.set_tags("a", {"t"}).value());
  EXPECT_EQ(log(), expected);
  EXPECT_TRUE(cache.set_many({{"a", 1}, {"b", 2}}).ok());
  EXPECT_THAT(log(), ElementsAre("pre_set a", "pre_set b", "post_set a yes", "post_set b yes"));
}

TEST_F(FrontTest, ErasesTakesAndRenamesRunTheirFamilies) {
  const Cache<int> cache = open(true);
  EXPECT_TRUE(cache.erase("a").value());
  EXPECT_THAT(log(), ElementsAre("pre_erase a", "post_erase a yes"));
  engine_->script = [](Operation&) {};
  EXPECT_TRUE(cache.take("a").miss());
  EXPECT_THAT(log(), ElementsAre("pre_get a", "pre_erase a", "post_get a no", "post_erase a no"));
  EXPECT_FALSE(cache.rename("a", "b").value());
  EXPECT_THAT(log(), ElementsAre("pre_erase a", "pre_set b", "post_erase a no", "post_set b no"));
}

TEST_F(FrontTest, AVetoRefusesAReadWithoutALookUp) {
  const Cache<int> cache = open(true);
  vetoed_ = "pre_get a";
  const Lookup<int> answer = cache.get("a");
  EXPECT_EQ(answer.code(), Errc::vetoed);
  EXPECT_EQ(answer.error().message(), "no");
  EXPECT_THAT(log(), ElementsAre("pre_get a"));
  EXPECT_EQ(engine_->seen(), 0U);
}

TEST_F(FrontTest, AVetoRefusesAWriteAndTellsThePostHook) {
  const Cache<int> cache = open(true);
  vetoed_ = "pre_set a";
  EXPECT_EQ(cache.set("a", 1).code(), Errc::vetoed);
  EXPECT_THAT(log(), ElementsAre("pre_set a", "post_set a no vetoed"));
  EXPECT_EQ(engine_->seen(), 0U);
}

TEST_F(FrontTest, WhoWasNotAskedIsNotToldOfARefusal) {
  const Cache<int> cache = open(true);
  vetoed_ = "pre_get a";
  EXPECT_EQ(cache.take("a").code(), Errc::vetoed);
  EXPECT_THAT(log(), ElementsAre("pre_get a"));
  vetoed_ = "pre_erase a";
  EXPECT_EQ(cache.take("a").code(), Errc::vetoed);
  EXPECT_THAT(log(), ElementsAre("pre_get a", "pre_erase a", "post_erase a no vetoed"));
  vetoed_ = "pre_set b";
  EXPECT_EQ(cache.rename("a", "b").code(), Errc::vetoed);
  EXPECT_THAT(log(), ElementsAre("pre_erase a", "pre_set b", "post_erase a no vetoed",
                                 "post_set b no vetoed"));
  EXPECT_EQ(engine_->seen(), 0U);
}

TEST_F(FrontTest, AVetoOfOneKeyRefusesTheWholeBatchBeforeAnyEffect) {
  const Cache<int> cache = open(true);
  vetoed_ = "pre_set b";
  const BatchResult<void> result = cache.set_many({{"a", 1}, {"b", 2}, {"c", 3}});
  EXPECT_EQ(result.status().code(), Errc::vetoed);
  EXPECT_EQ(result[0].code(), Errc::vetoed);
  EXPECT_EQ(engine_->seen(), 0U);
  EXPECT_THAT(
      log(), ElementsAre("pre_set a", "pre_set b", "post_set a no vetoed", "post_set b no vetoed"));
  vetoed_ = "pre_get b";
  EXPECT_EQ(cache.get_many({"a", "b"}).status().code(), Errc::vetoed);
  EXPECT_EQ(engine_->seen(), 0U);
}

TEST_F(FrontTest, APreHookThatThrowsFailsTheOperation) {
  const Cache<int> cache = open(true);
  throwing_ = "pre_erase";
  const Result<bool> result = cache.erase("a");
  EXPECT_EQ(result.code(), Errc::callback_failed);
  EXPECT_THROW(std::rethrow_exception(result.error().exception()), std::runtime_error);
  EXPECT_EQ(engine_->seen(), 0U);
}

TEST_F(FrontTest, APostHookThatThrowsIsCounted) {
  const Cache<int> cache = open(true);
  throwing_ = "post_set";
  EXPECT_TRUE(cache.set("a", 1).ok());
  EXPECT_EQ(cache.stats().hook_failures, 1U);
}

TEST_F(FrontTest, ErrorsOfTheEngineReachThePostHooks) {
  const Cache<int> cache = open(true);
  engine_->script = [](Operation& op) {
    static_cast<KeyOperation&>(op).items.front().error = Error(Errc::cache_full);
  };
  EXPECT_EQ(cache.set("a", 1).code(), Errc::cache_full);
  EXPECT_THAT(log(), ElementsAre("pre_set a", "post_set a no cache_full"));
}

TEST_F(FrontTest, MembersOfAnIndexThatAHookRefusesAreLeftOut) {
  const Cache<int> cache = open(true);
  static const int value = 5;
  engine_->script = [](Operation& op) {
    const auto keep = [](void*, const void*) noexcept {};
    auto& found = static_cast<SearchOperation&>(op).found;
    found.push_back({"a", Pin(&value, nullptr, keep, {})});
    found.push_back({"b", Pin(&value, nullptr, keep, {})});
  };
  vetoed_ = "pre_get a";
  EXPECT_EQ(cache.get_values_by_index("i", "x").size(), 1U);
  EXPECT_THAT(log(), ElementsAre("pre_get a", "pre_get b", "post_get b yes"));
}

// Whatever engine a provider brings, it is given terms that are valid.
TEST_F(FrontTest, TheAnswersOfUpdatersAreCheckedBeforeTheEngineSeesThem) {
  using Decision = Updater::Decision;
  std::optional<Decision> seen;
  engine_->script = [&](Operation& op) {
    auto& update = static_cast<UpdateOperation&>(op);
    seen = update.updater->decide(nullptr);
    update.item.error = seen->error;
  };
  const Cache<int> cache = open(false);
  const auto with_terms = [&](const WriteOptions& terms) {
    return cache.update("a", [&](const int*) { return store(1, terms); }).code();
  };
  EXPECT_EQ(with_terms(Ttl(0s)), Errc::invalid_ttl);
  EXPECT_EQ(seen->kind, Decision::Kind::fail);
  EXPECT_EQ(with_terms({Ttl(1s), {"tag", ""}}), Errc::invalid_argument);
  EXPECT_EQ(seen->kind, Decision::Kind::fail);
  EXPECT_EQ(with_terms({Ttl(1s), {"tag"}}), std::nullopt);
  EXPECT_EQ(seen->kind, Decision::Kind::store);
}

// Takes the outcome of a loader of one key, as an engine does.
struct TakingSession final : LoadSession {
  std::string_view key;
  LoadContext about{std::span(&key, 1), {}};
  std::optional<Error> error;
  std::optional<LoadOutcome::Kind> kind;

  explicit TakingSession(std::string_view loaded) : key(loaded) {}
  void finish(std::span<LoadOutcome> outcomes) noexcept override {
    kind = outcomes.front().kind;
    error = outcomes.front().error;
  }
  LoadContext& context() noexcept override { return about; }
};

TEST_F(FrontTest, TheAnswersOfLoadersAreCheckedBeforeTheEngineSeesThem) {
  using Kind = LoadOutcome::Kind;
  std::optional<Kind> kind;
  engine_->script = [&](Operation& op) {
    auto& load = static_cast<LoadOperation&>(op);
    TakingSession session(load.items.front().key);
    load.loader->start(LoadTicket(session));
    kind = session.kind;
    load.items.front().error = session.error;
  };
  const Cache<int> cache = open(false);
  const auto answer = [&](Loaded<int> loaded) {
    return cache.get_or_set("a", [&] { return loaded; }).code();
  };
  EXPECT_EQ(answer({1, Ttl(0s)}), Errc::invalid_ttl);
  EXPECT_EQ(kind, Kind::failed);
  EXPECT_EQ(answer({1, std::nullopt, std::vector<std::string>{""}}), Errc::invalid_argument);
  EXPECT_EQ(kind, Kind::failed);
  EXPECT_EQ(answer({1, Ttl(1s), std::vector<std::string>{"tag"}}), std::nullopt);
  EXPECT_EQ(kind, Kind::value);
}

TEST_F(FrontTest, PendingOperationsRunTheirPostHooksAtTheEnd) {
  const Cache<int> cache = open(true);
  engine_->pends = true;
  std::stop_source late;
  Context context;
  context.stop = late.get_token();
  std::thread canceller([&] {
    while (engine_->seen() == 0) std::this_thread::yield();
    late.request_stop();
  });
  EXPECT_EQ(cache.with(context).set("a", 1).code(), Errc::cancelled);
  canceller.join();
  EXPECT_THAT(log(), ElementsAre("pre_set a", "post_set a no cancelled"));
}

TEST_F(FrontTest, OnlyReadsWithoutHooksTakeTheShortcut) {
  engine_->script = [](Operation&) {};
  EXPECT_TRUE(open(false).get("a").miss());
  EXPECT_EQ(engine_->finds(), 1U);
  EXPECT_TRUE(open(true).get("a").miss());
  EXPECT_EQ(engine_->finds(), 1U);
}

}  // namespace
}  // namespace larder::engine
