// Tests of the session store on the engines in this process.
#include "service/session_store.h"

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "larder/testing.h"

namespace larder::service {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using ::testing::UnorderedElementsAre;

class SessionStoreTest : public ::testing::Test {
 protected:
  SessionStore open(CacheSettings settings = {.default_ttl = hours(1)},
                    SessionStore::TokenSource tokens = make_token) {
    return SessionStore::open(manager_, settings, clock_, std::move(tokens)).value();
  }
  static std::vector<std::string> tokens_of(const SessionStore& store, std::string_view subject) {
    std::vector<std::string> tokens;
    const SessionList list = store.list(subject).value();
    for (const SessionView& session : list.sessions) tokens.push_back(session.token);
    return tokens;
  }

  std::shared_ptr<larder::testing::ManualClock> clock_ =
      std::make_shared<larder::testing::ManualClock>();
  Manager manager_;
};

TEST_F(SessionStoreTest, a_session_is_found_by_its_token_until_it_expires) {
  const SessionStore store = open();
  const SessionView created = store.create("alice").value();
  EXPECT_EQ(created.expires_at, created.created_at + hours(1));
  const Lookup<SessionView> found = store.get(created.token);
  ASSERT_TRUE(found);
  EXPECT_EQ(found->subject, "alice");
  EXPECT_EQ(found->created_at, created.created_at);
  EXPECT_EQ(found->expires_at, created.expires_at);
  clock_->advance(hours(1) - std::chrono::milliseconds(1));
  EXPECT_TRUE(store.get(created.token));
  clock_->advance(std::chrono::milliseconds(1));
  EXPECT_TRUE(store.get(created.token).miss());
  EXPECT_TRUE(tokens_of(store, "alice").empty());
}

TEST_F(SessionStoreTest, touch_gives_the_whole_time_again_and_keeps_the_creation) {
  const SessionStore store = open();
  const SessionView created = store.create("alice").value();
  clock_->advance(minutes(40));
  const Lookup<SessionView> touched = store.touch(created.token);
  ASSERT_TRUE(touched);
  EXPECT_EQ(touched->expires_at, created.created_at + minutes(100));
  EXPECT_EQ(touched->created_at, created.created_at);
  clock_->advance(minutes(40));
  EXPECT_TRUE(store.get(created.token));
  clock_->advance(minutes(20));
  EXPECT_TRUE(store.touch(created.token).miss()) << "nothing resurrects";
  EXPECT_TRUE(store.get(created.token).miss());
}

TEST_F(SessionStoreTest, sessions_are_listed_and_revoked_by_subject) {
  const SessionStore store = open();
  const std::string one = store.create("alice")->token;
  const std::string two = store.create("alice")->token;
  const std::string bob = store.create("bob")->token;
  EXPECT_THAT(tokens_of(store, "alice"), UnorderedElementsAre(one, two));
  EXPECT_EQ(store.erase(one).value(), true);
  EXPECT_EQ(store.erase(one).value(), false);
  EXPECT_THAT(tokens_of(store, "alice"), UnorderedElementsAre(two));
  EXPECT_EQ(store.erase_subject("alice").value(), 1U);
  EXPECT_EQ(store.erase_subject("alice").value(), 0U);
  EXPECT_TRUE(store.get(two).miss());
  EXPECT_TRUE(store.get(bob));
  EXPECT_EQ(larder::testing::validate(store.cache()), "");
}

TEST_F(SessionStoreTest, a_token_that_is_taken_is_drawn_again) {
  std::vector<std::string> draws = {std::string(kTokenLength, 'B'), std::string(kTokenLength, 'A'),
                                    std::string(kTokenLength, 'A')};
  const SessionStore store = open({}, [&draws]() -> Result<std::string> {
    std::string token = draws.back();
    draws.pop_back();
    return token;
  });
  const SessionView alice = store.create("alice").value();
  const SessionView bob = store.create("bob").value();
  EXPECT_NE(alice.token, bob.token);
  EXPECT_EQ(store.get(alice.token)->subject, "alice");
  EXPECT_EQ(store.get(bob.token)->subject, "bob");
}

TEST_F(SessionStoreTest, a_source_that_repeats_itself_never_hands_over_a_session) {
  const SessionStore store =
      open({}, [] { return Result<std::string>(std::string(kTokenLength, 'A')); });
  const SessionView alice = store.create("alice").value();
  EXPECT_EQ(store.create("mallory").code(), Errc::unavailable);
  EXPECT_EQ(store.get(alice.token)->subject, "alice");
  EXPECT_EQ(store.list("mallory")->total, 0U);
}

TEST_F(SessionStoreTest, without_randomness_there_is_no_session) {
  const SessionStore store =
      open({}, [] { return Result<std::string>(Error(Errc::unavailable, "none")); });
  EXPECT_EQ(store.create("alice").code(), Errc::unavailable);
  EXPECT_EQ(store.list("alice")->total, 0U);
}

TEST_F(SessionStoreTest, texts_that_are_no_tokens_reach_no_cache) {
  const SessionStore store = open();
  for (const std::string& text : {std::string(), std::string(70'000, 'A'), std::string("a/b")}) {
    EXPECT_TRUE(store.get(text).miss());
    EXPECT_TRUE(store.touch(text).miss());
    EXPECT_EQ(store.erase(text).value(), false);
  }
  EXPECT_EQ(store.cache().stats().misses, 0U);
}

TEST_F(SessionStoreTest, long_lists_are_cut_and_say_so) {
  const SessionStore store = open();
  for (std::size_t i = 0; i < SessionStore::kMaxListed + 5; ++i) {
    ASSERT_TRUE(store.create("alice").ok());
  }
  const SessionList list = store.list("alice").value();
  EXPECT_EQ(list.sessions.size(), SessionStore::kMaxListed);
  EXPECT_EQ(list.total, SessionStore::kMaxListed + 5);
}

TEST_F(SessionStoreTest, a_full_cache_that_rejects_says_so) {
  const SessionStore store = open({.max_entries = 1, .on_full = OnFull::reject});
  const SessionView alice = store.create("alice").value();
  EXPECT_EQ(store.create("bob").code(), Errc::cache_full);
  EXPECT_TRUE(store.get(alice.token));
}

TEST_F(SessionStoreTest, sessions_can_live_for_ever) {
  const SessionStore store = open({.default_ttl = Ttl::forever()});
  const SessionView created = store.create("alice").value();
  EXPECT_EQ(created.expires_at, std::nullopt);
  clock_->advance(hours(24 * 365));
  EXPECT_TRUE(store.touch(created.token));
}

TEST_F(SessionStoreTest, an_engine_that_keeps_nothing_answers_all_the_same) {
  const SessionStore store = open({.provider = "null", .default_ttl = hours(1)});
  const SessionView created = store.create("alice").value();
  EXPECT_EQ(created.subject, "alice");
  EXPECT_EQ(created.expires_at, created.created_at + hours(1));
  EXPECT_TRUE(store.get(created.token).miss());
}

TEST_F(SessionStoreTest, after_the_end_everything_is_closed) {
  const SessionStore store = open();
  const std::string token = store.create("alice")->token;
  ASSERT_TRUE(manager_.close());
  EXPECT_EQ(store.get(token).code(), Errc::closed);
  EXPECT_EQ(store.create("alice").code(), Errc::closed);
  EXPECT_EQ(store.touch(token).code(), Errc::closed);
  EXPECT_EQ(store.erase(token).code(), Errc::closed);
  EXPECT_EQ(store.list("alice").code(), Errc::closed);
  EXPECT_EQ(store.erase_subject("alice").code(), Errc::closed);
}

}  // namespace
}  // namespace larder::service
