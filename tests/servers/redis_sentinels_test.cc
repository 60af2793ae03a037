// A primary with replicas and sentinels: started, failed over, killed, paused.
#include "servers/redis_sentinels.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "servers/server_error.h"
#include "servers/wait_until.h"

namespace larder::servers {
namespace {

using namespace std::chrono_literals;  // NOLINT(google-build-using-namespace): durations in tests
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::StartsWith;

class RedisSentinelsTest : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!missing_redis().empty()) GTEST_SKIP() << missing_redis();
  }
};

class RedisSentinelsInTimeTest : public RedisSentinelsTest,
                                 public ::testing::WithParamInterface<TimeShift::Mode> {};

TEST_F(RedisSentinelsTest, replicates_and_fails_over_when_asked) {
  RedisSentinels all;
  EXPECT_EQ(all.primary(), 0U);
  EXPECT_THAT(all.url(), StartsWith("sentinel://127.0.0.1:"));
  EXPECT_THAT(all.url(), EndsWith("/larder-primary"));
  for (std::size_t i = 0; i < all.sentinel_count(); ++i) {
    EXPECT_THAT(all.url(), HasSubstr("127.0.0.1:" + std::to_string(all.sentinel(i).port())));
  }
  all.server(0).command({"SET", "k", "v"});
  all.wait_until_settled();
  for (std::size_t i = 0; i < all.server_count(); ++i) {
    EXPECT_EQ(all.server(i).command({"GET", "k"}), "v");
  }
  const std::size_t fresh = all.fail_over();
  EXPECT_NE(fresh, 0U);
  EXPECT_EQ(all.primary(), fresh);
  EXPECT_EQ(all.server(fresh).command({"SET", "k", "w"}), "OK");
  EXPECT_THAT(all.server(0).call({"SET", "k", "x"}).text, StartsWith("READONLY"));
}

TEST_F(RedisSentinelsTest, a_killed_primary_is_replaced_and_comes_back_as_a_replica) {
  RedisSentinels all;
  all.server(0).command({"SET", "k", "v"});
  all.wait_until_settled();
  all.server(0).kill9();
  const std::size_t fresh = all.wait_for_other_primary(0);
  EXPECT_EQ(all.server(fresh).command({"GET", "k"}), "v");
  all.server(0).start();
  all.wait_until_settled();
  EXPECT_EQ(all.primary(), fresh);
  EXPECT_EQ(all.server(0).command({"GET", "k"}), "v");
}

TEST_F(RedisSentinelsTest, a_paused_primary_is_replaced_and_follows_when_it_wakes) {
  RedisSentinels all;
  all.server(0).pause();
  const std::size_t fresh = all.wait_for_other_primary(0);
  EXPECT_EQ(all.server(fresh).command({"SET", "k", "new"}), "OK");
  all.server(0).resume();
  all.wait_until_settled();
  EXPECT_EQ(all.server(0).command({"GET", "k"}), "new");
}

TEST_F(RedisSentinelsTest, a_sentinel_may_be_away) {
  RedisSentinels all({.password = "s@e", .sentinel_password = "other"});
  EXPECT_THAT(all.url(), StartsWith("sentinel://:s%40e@"));
  EXPECT_THAT(all.url(), EndsWith("?sentinel_password=other"));
  all.sentinel(0).kill9();
  EXPECT_EQ(all.primary(), 0U);
  EXPECT_THROW(static_cast<void>(all.primary_by(0)), ServerError);
  all.server(0).kill9();
  const std::size_t fresh = all.wait_for_other_primary(0);
  all.sentinel(0).start();
  wait_until([&] { return all.primary_by(0) == fresh; }, "that the sentinel has learned");
}

TEST_P(RedisSentinelsInTimeTest, the_servers_time_moves_under_quiet_sentinels) {
  const auto time = std::make_shared<TimeShift>(GetParam());
  RedisSentinels all({.time = time});
  all.server(0).command({"SET", "k", "v", "EX", "3600"});
  all.wait_until_settled();
  time->advance(2h);
  all.wait_until_settled();
  EXPECT_EQ(all.primary(), 0U);
  for (std::size_t i = 0; i < all.server_count(); ++i) {
    EXPECT_EQ(all.server(i).call({"GET", "k"}).kind, Reply::Kind::null);
  }
}

TEST_F(RedisSentinelsTest, everybody_may_go_through_proxies) {
  RedisSentinels all({.replicas = 1, .proxied = true});
  EXPECT_EQ(all.primary(), 0U);
  EXPECT_GT(all.proxy(0).counts().bytes_to_server, 0U);
  all.proxy(0).refuse(true);
  all.proxy(0).cut_all();
  EXPECT_EQ(all.wait_for_other_primary(0), 1U);
  EXPECT_EQ(all.server(0).command({"SET", "k", "left"}), "OK");  // cut off, not dead
  all.proxy(0).refuse(false);
  all.wait_until_settled();
  EXPECT_EQ(all.server(0).call({"GET", "k"}).kind, Reply::Kind::null);
}

INSTANTIATE_TEST_SUITE_P(Modes, RedisSentinelsInTimeTest,
                         ::testing::Values(TimeShift::Mode::runs, TimeShift::Mode::stands_still),
                         [](const auto& mode) {
                           return mode.param == TimeShift::Mode::runs ? "runs" : "stands_still";
                         });

}  // namespace
}  // namespace larder::servers
