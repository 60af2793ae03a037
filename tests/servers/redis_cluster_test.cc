// A cluster: started, failed over, killed, paused, with slots that move while keys are asked for.
#include "servers/redis_cluster.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "servers/server_error.h"
#include "servers/wait_until.h"

namespace larder::servers {
namespace {

using namespace std::chrono_literals;  // NOLINT(google-build-using-namespace): durations in tests
using ::testing::HasSubstr;
using ::testing::StartsWith;

class RedisClusterTest : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!missing_redis().empty()) GTEST_SKIP() << missing_redis();
  }
};

class RedisClusterInTimeTest : public RedisClusterTest,
                               public ::testing::WithParamInterface<TimeShift::Mode> {};

TEST(ClusterViewTest, reads_the_lines_of_a_node) {
  const ClusterView view = ClusterView::parse(
      "b 127.0.0.1:2@12 slave a 0 1 7 connected\n"
      "a 127.0.0.1:1@11,host myself,master,fail? - 0 1 7 disconnected 0-5 9 [93->-b]\n");
  ASSERT_EQ(view.nodes.size(), 2U);
  EXPECT_EQ(view.nodes[0].primary_id, "a");
  EXPECT_TRUE(view.nodes[0].is_linked);
  const ClusterNode& self = view.self();
  EXPECT_EQ(self.id, "a");
  EXPECT_EQ(self.address, "127.0.0.1:1@11,host");
  EXPECT_EQ(self.epoch, 7U);
  EXPECT_FALSE(self.is_linked);
  EXPECT_TRUE(self.has_flag("fail?"));
  EXPECT_FALSE(self.has_flag("fail"));
  EXPECT_TRUE(self.owns(0) && self.owns(5) && self.owns(9));
  EXPECT_FALSE(self.owns(6) || self.owns(93));
  EXPECT_EQ(self.migrations, std::vector<std::string>{"[93->-b]"});
  EXPECT_EQ(view.owner_id(9), "a");
  EXPECT_EQ(view.owner_id(10), "");
  EXPECT_EQ(view.layout(), "a of  0-5 9-9\nb of a\n");
  EXPECT_THROW(ClusterView::parse("a b c\n"), ServerError);
  EXPECT_THROW(ClusterView::parse("a 127.0.0.1:1@11 master - 0 1 x connected\n"), ServerError);
  EXPECT_THROW(static_cast<void>(ClusterView::parse("").self()), ServerError);
}

TEST_F(RedisClusterTest, shares_the_slots_and_fails_over_when_asked) {
  RedisCluster cluster;
  EXPECT_EQ(cluster.node_count(), 6U);
  EXPECT_THAT(cluster.url(), StartsWith("redis+cluster://127.0.0.1:"));
  EXPECT_EQ(cluster.owner(0), 0U);
  EXPECT_EQ(cluster.owner(RedisCluster::kSlots - 1), 2U);
  const std::uint16_t slot = cluster.slot_of("foo");
  EXPECT_EQ(slot, 12'182);
  EXPECT_EQ(cluster.owner_of_key("foo"), 2U);
  EXPECT_EQ(cluster.replica_of(2), 5U);
  EXPECT_EQ(cluster.node(2).command({"SET", "foo", "bar"}), "OK");
  EXPECT_EQ(cluster.node(0).call({"GET", "foo"}).text,
            "MOVED 12182 127.0.0.1:" + std::to_string(cluster.client_port(2)));
  EXPECT_EQ(cluster.fail_over(2), 5U);
  EXPECT_EQ(cluster.owner(slot), 5U);
  EXPECT_EQ(cluster.replica_of(5), 2U);
  EXPECT_EQ(cluster.node(5).command({"GET", "foo"}), "bar");
}

TEST_F(RedisClusterTest, a_killed_primary_is_replaced_and_comes_back_as_a_replica) {
  RedisCluster cluster;
  cluster.node(0).command({"SET", "{06S}k", "v"});  // slot 0
  EXPECT_EQ(cluster.node(0).call({"WAIT", "1", "5000"}).integer, 1);
  const std::uint16_t slot = cluster.slot_of("{06S}k");
  EXPECT_EQ(slot, 0);
  cluster.node(0).kill9();
  EXPECT_EQ(cluster.wait_for_other_owner(slot, 0), 3U);
  EXPECT_EQ(cluster.node(3).command({"GET", "{06S}k"}), "v");
  cluster.node(0).start();
  cluster.wait_until_settled();
  EXPECT_EQ(cluster.owner(slot), 3U);
  EXPECT_EQ(cluster.replica_of(3), 0U);
}

TEST_F(RedisClusterTest, a_paused_primary_is_replaced_and_follows_when_it_wakes) {
  RedisCluster cluster({.password = "secret"});
  EXPECT_THAT(cluster.url(), StartsWith("redis+cluster://:secret@127.0.0.1:"));
  const std::uint16_t slot = cluster.slot_of("foo");
  cluster.node(2).pause();
  EXPECT_EQ(cluster.wait_for_other_owner(slot, 2), 5U);
  cluster.node(2).resume();
  cluster.wait_until_settled();
  EXPECT_EQ(cluster.owner(slot), 5U);
}

TEST_F(RedisClusterTest, slots_move_while_keys_are_asked_for) {
  RedisCluster cluster({.replicas = 0, .password = "secret"});
  RedisServer& from = cluster.node(2);
  RedisServer& to = cluster.node(0);
  const std::uint16_t slot = cluster.slot_of("{foo}");
  for (const char* const key : {"{foo}1", "{foo}2", "{foo}3"}) from.command({"SET", key, key});

  cluster.begin_migration(slot, 0);
  EXPECT_EQ(cluster.view_of(2).self().migrations.size(), 1U);
  EXPECT_EQ(from.command({"GET", "{foo}1"}), "{foo}1");
  EXPECT_EQ(cluster.move_keys(slot, 0, 1), 1U);
  std::size_t asked = 0;
  std::string moved;
  for (const char* const key : {"{foo}1", "{foo}2", "{foo}3"}) {
    const Reply reply = from.call({"GET", key});
    if (!reply.is_error()) continue;
    EXPECT_EQ(reply.text, "ASK " + std::to_string(slot) +
                              " 127.0.0.1:" + std::to_string(cluster.client_port(0)));
    ++asked;
    moved = key;
  }
  EXPECT_EQ(asked, 1U);
  EXPECT_THAT(from.call({"MGET", "{foo}1", "{foo}2", "{foo}3"}).text, StartsWith("TRYAGAIN"));
  EXPECT_THAT(to.call({"GET", moved}).text, StartsWith("MOVED"));
  to.command({"ASKING"});
  EXPECT_EQ(to.command({"GET", moved}), moved);
  EXPECT_EQ(cluster.owner(slot), 2U);

  EXPECT_EQ(cluster.move_keys(slot, 0, 100), 2U);
  EXPECT_EQ(cluster.move_keys(slot, 0, 100), 0U);
  cluster.end_migration(slot, 0);
  cluster.wait_until_settled();
  EXPECT_EQ(cluster.owner(slot), 0U);
  EXPECT_EQ(to.command({"MGET", "{foo}1", "{foo}2", "{foo}3"}), "[{foo}1, {foo}2, {foo}3]");
  EXPECT_THAT(from.call({"GET", "{foo}1"}).text, StartsWith("MOVED"));

  cluster.migrate(slot, 1);
  EXPECT_EQ(cluster.owner(slot), 1U);
  EXPECT_EQ(cluster.node(1).command({"GET", "{foo}3"}), "{foo}3");
}

TEST_P(RedisClusterInTimeTest, time_moves_for_all_nodes_and_nobody_is_taken_for_dead) {
  const auto time = std::make_shared<TimeShift>(GetParam());
  RedisCluster cluster({.time = time});
  cluster.node(2).command({"SET", "foo", "bar", "EX", "3600"});
  for (const std::chrono::hours step : {1h, 24h * 7, 24h * 365 * 90}) {
    time->advance(step + 1ms);  // a key lives on in the millisecond in which its time is up
    cluster.wait_until_settled();
    EXPECT_EQ(cluster.node(2).call({"GET", "foo"}).kind, Reply::Kind::null);
    for (std::size_t i = 0; i < 3; ++i) {
      EXPECT_EQ(cluster.view_of(i).self().primary_id, "");
      EXPECT_THAT(cluster.node(i).command({"CLUSTER", "INFO"}), StartsWith("cluster_state:ok"));
    }
  }
  EXPECT_EQ(cluster.fail_over(2), 5U);
}

TEST_F(RedisClusterTest, clients_may_be_sent_through_proxies) {
  RedisCluster cluster({.proxied = true});
  for (std::size_t i = 0; i < cluster.node_count(); ++i) {
    EXPECT_EQ(cluster.client_port(i), cluster.proxy(i).port());
    EXPECT_THAT(cluster.url(), HasSubstr(":" + std::to_string(cluster.proxy(i).port())));
  }
  EXPECT_EQ(cluster.node(0).call({"GET", "foo"}).text,
            "MOVED 12182 127.0.0.1:" + std::to_string(cluster.proxy(2).port()));
  RespClient client = RespClient::to_port(cluster.proxy(2).port());
  EXPECT_EQ(client.call({"SET", "foo", "bar"}).text, "OK");
  // Cut off from clients it goes on for the other nodes: nobody takes over.
  cluster.proxy(2).refuse(true);
  cluster.proxy(2).cut_all();
  EXPECT_THROW(client.call({"PING"}), ServerError);
  EXPECT_EQ(cluster.owner(12'182), 2U);
  cluster.proxy(2).refuse(false);
  cluster.wait_until_settled();
}

INSTANTIATE_TEST_SUITE_P(Modes, RedisClusterInTimeTest,
                         ::testing::Values(TimeShift::Mode::runs, TimeShift::Mode::stands_still),
                         [](const auto& mode) {
                           return mode.param == TimeShift::Mode::runs ? "runs" : "stands_still";
                         });

}  // namespace
}  // namespace larder::servers
