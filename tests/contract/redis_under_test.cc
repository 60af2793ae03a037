// The one server behind all tests of a program, and the time that it shares with their caches.
//
// Thread safety: as in redis_under_test.h.
#include "redis_under_test.h"

#include <memory>
#include <string>

#include "servers/redis_server.h"

namespace larder::contract {
namespace {

using namespace std::chrono_literals;  // NOLINT(google-build-using-namespace): durations in tests

// Tests move a century ahead. A shared time that only goes forward would soon be past what a clock
// can tell: when a test has left it so far ahead, the next one gets a new server in the present.
constexpr auto kFarAhead = 24h * 365;

// What waits must end: this clock goes on while the server's time, and with it every expiry, stands
// where the test has moved it.
class GoingClock final : public Clock {
 public:
  explicit GoingClock(std::shared_ptr<const Clock> still) : still_(std::move(still)) {}

  std::int64_t now_ns() const noexcept override {
    const auto gone = std::chrono::steady_clock::now() - start_;
    return still_->now_ns() + std::chrono::nanoseconds(gone).count();
  }
  std::int64_t wall_ns() const noexcept override { return still_->wall_ns(); }
  std::chrono::nanoseconds poll_interval() const noexcept override {
    return still_->poll_interval();
  }

 private:
  const std::shared_ptr<const Clock> still_;
  const std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
};

// States: no server -> running; a new time takes it back to none.
class SharedServer {
 public:
  TestTime begin_test(bool stands_still) {
    if (!time_ || time_->total() > kFarAhead) {
      server_.reset();
      time_ = std::make_shared<servers::TimeShift>(servers::TimeShift::Mode::stands_still);
    }
    if (server_) server_->command({"FLUSHALL"});
    auto still = std::make_shared<servers::ShiftedClock>(time_);
    std::shared_ptr<Clock> clock = still;
    if (!stands_still) clock = std::make_shared<GoingClock>(std::move(still));
    return {.clock = std::move(clock),
            .advance = [time = time_](std::chrono::nanoseconds span) { time->advance(span); },
            .stands_still = stands_still};
  }

  std::string url() {
    if (!server_) server_ = std::make_unique<servers::RedisServer>(options());
    return server_->url();
  }

 private:
  [[nodiscard]] servers::RedisServerOptions options() const { return {.time = time_}; }

  std::shared_ptr<servers::TimeShift> time_;
  std::unique_ptr<servers::RedisServer> server_;
};

}  // namespace

EngineUnderTest redis_under_test() {
  const auto shared = std::make_shared<SharedServer>();
  return {.name = "redis",
          .capabilities = {.stores = true, .bounded = false, .native = false, .in_process = false},
          .make_time = [shared](bool stands_still) { return shared->begin_test(stands_still); },
          .adjust =
              [shared](CacheSettings& settings) {
                settings.redis_url = shared->url();
                settings.redis_timeout = 1h;  // on a clock that tests move
              },
          .missing = servers::missing_redis()};
}

}  // namespace larder::contract
