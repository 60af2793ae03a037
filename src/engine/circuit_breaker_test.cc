// Tests of the circuit breaker's state machine on instants that the test names.
//
// Thread safety: one test uses several threads.
#include "engine/circuit_breaker.h"

#include <algorithm>
#include <chrono>
#include <optional>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

namespace larder::engine {
namespace {

using namespace std::chrono_literals;
using State = CircuitBreaker::State;
using Ticket = CircuitBreaker::Ticket;

constexpr std::int64_t kSecond = 1'000'000'000;

middleware::BreakerOptions options() {
  return {.failures = 3, .failure_ratio = 0.5, .window = 10s, .open_for = 5s, .probes = 2};
}

class CircuitBreakerTest : public ::testing::Test {
 protected:
  std::optional<Ticket> admit() { return breaker_.admit(now_ns_).value; }
  void call(Verdict verdict) {
    const auto ticket = admit();
    ASSERT_TRUE(ticket.has_value());
    breaker_.settle(*ticket, verdict, now_ns_);
  }
  void open() {
    for (int i = 0; i < 3; ++i) call(Verdict::kFailure);
    ASSERT_EQ(breaker_.state(), State::open);
  }
  void half_open() {
    open();
    now_ns_ += 5 * kSecond;
  }

  CircuitBreaker breaker_{options()};
  std::int64_t now_ns_ = 1'000 * kSecond;
};

TEST_F(CircuitBreakerTest, opens_at_the_stated_number_of_failures) {
  call(Verdict::kFailure);
  call(Verdict::kFailure);
  EXPECT_EQ(breaker_.state(), State::closed);
  call(Verdict::kFailure);
  EXPECT_EQ(breaker_.state(), State::open);
  EXPECT_FALSE(admit().has_value());
}

TEST_F(CircuitBreakerTest, successes_within_the_window_hold_it_closed_down_to_the_ratio) {
  for (int i = 0; i < 4; ++i) call(Verdict::kSuccess);
  for (int i = 0; i < 3; ++i) call(Verdict::kFailure);
  EXPECT_EQ(breaker_.state(), State::closed) << "3 of 7 are below one half";
  call(Verdict::kFailure);
  EXPECT_EQ(breaker_.state(), State::open) << "4 of 8";
}

TEST_F(CircuitBreakerTest, what_is_older_than_the_window_is_forgotten) {
  call(Verdict::kFailure);
  call(Verdict::kFailure);
  now_ns_ += 11 * kSecond;
  call(Verdict::kFailure);
  EXPECT_EQ(breaker_.state(), State::closed);
  for (int i = 0; i < 100; ++i) call(Verdict::kSuccess);
  now_ns_ += 11 * kSecond;
  open();
}

TEST_F(CircuitBreakerTest, silent_verdicts_count_for_nothing) {
  for (int i = 0; i < 100; ++i) call(Verdict::kSilent);
  open();
}

TEST_F(CircuitBreakerTest, stays_open_for_its_time_then_lets_a_few_probe) {
  open();
  now_ns_ += 5 * kSecond - 1;
  EXPECT_FALSE(admit().has_value());
  now_ns_ += 1;
  EXPECT_TRUE(admit().has_value());
  EXPECT_EQ(breaker_.state(), State::half_open);
  EXPECT_TRUE(admit().has_value());
  EXPECT_FALSE(admit().has_value()) << "two probes at a time";
}

TEST_F(CircuitBreakerTest, enough_successes_in_a_row_close_it) {
  half_open();
  call(Verdict::kSuccess);
  EXPECT_EQ(breaker_.state(), State::half_open);
  call(Verdict::kSilent);
  EXPECT_EQ(breaker_.state(), State::half_open);
  call(Verdict::kSuccess);
  EXPECT_EQ(breaker_.state(), State::closed);
  call(Verdict::kFailure);
  call(Verdict::kFailure);
  EXPECT_EQ(breaker_.state(), State::closed) << "it begins to count anew";
}

TEST_F(CircuitBreakerTest, one_failed_probe_opens_it_again_for_the_whole_time) {
  half_open();
  call(Verdict::kSuccess);
  call(Verdict::kFailure);
  EXPECT_EQ(breaker_.state(), State::open);
  now_ns_ += 5 * kSecond - 1;
  EXPECT_FALSE(admit().has_value());
  now_ns_ += 1;
  EXPECT_TRUE(admit().has_value());
}

TEST_F(CircuitBreakerTest, late_verdicts_of_an_earlier_state_are_ignored) {
  const auto slow_failure = admit();
  const auto slow_success = admit();
  half_open();
  call(Verdict::kSuccess);
  breaker_.settle(*slow_failure, Verdict::kFailure, now_ns_);
  EXPECT_EQ(breaker_.state(), State::half_open);
  breaker_.settle(*slow_success, Verdict::kSuccess, now_ns_);
  EXPECT_EQ(breaker_.state(), State::half_open) << "one of two real probes so far";
  call(Verdict::kSuccess);
  EXPECT_EQ(breaker_.state(), State::closed);
}

TEST_F(CircuitBreakerTest, probes_that_never_end_do_not_hold_it_for_ever) {
  half_open();
  const auto lost = admit();
  ASSERT_TRUE(admit().has_value());
  now_ns_ += 5 * kSecond - 1;
  EXPECT_FALSE(admit().has_value());
  now_ns_ += 1;
  call(Verdict::kSuccess);
  breaker_.settle(*lost, Verdict::kFailure, now_ns_);
  EXPECT_EQ(breaker_.state(), State::half_open) << "the lost probe has no say any more";
  call(Verdict::kSuccess);
  EXPECT_EQ(breaker_.state(), State::closed);
}

TEST_F(CircuitBreakerTest, each_change_of_state_is_reported_once) {
  std::vector<std::pair<State, State>> changes;
  const auto note = [&](const std::optional<CircuitBreaker::Change>& change) {
    if (change) changes.emplace_back(change->from, change->to);
  };
  const auto run = [&](Verdict verdict) {
    const auto [ticket, change] = breaker_.admit(now_ns_);
    note(change);
    if (ticket) note(breaker_.settle(*ticket, verdict, now_ns_));
  };
  for (int i = 0; i < 5; ++i) run(Verdict::kFailure);
  now_ns_ += 5 * kSecond;
  for (int i = 0; i < 4; ++i) run(Verdict::kSuccess);
  EXPECT_EQ(changes, (std::vector<std::pair<State, State>>{{State::closed, State::open},
                                                           {State::open, State::half_open},
                                                           {State::half_open, State::closed}}));
}

TEST_F(CircuitBreakerTest, never_more_probes_than_allowed_from_many_threads) {
  half_open();
  std::vector<std::optional<Ticket>> tickets(8);
  {
    std::vector<std::jthread> threads;
    for (auto& ticket : tickets) threads.emplace_back([&] { ticket = admit(); });
  }
  EXPECT_EQ(std::ranges::count_if(tickets, [](const auto& t) { return t.has_value(); }), 2);
}

}  // namespace
}  // namespace larder::engine
