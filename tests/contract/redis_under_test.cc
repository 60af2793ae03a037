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

constexpr auto kServerTick = 1ms;
// Tests move a century ahead. A shared time that only goes forward would soon be past what a clock
// can tell: when a test has left it so far ahead, the next one gets a new server in the present.
constexpr auto kFarAhead = 24h * 365;

// States: no server -> running; a new time takes it back to none.
class SharedServer {
 public:
  TestTime begin_test() {
    if (!time_ || time_->total() > kFarAhead) {
      server_.reset();
      time_ = std::make_shared<servers::TimeShift>();
    }
    if (server_) server_->command({"FLUSHALL"});
    return {.clock = std::make_shared<servers::ShiftedClock>(time_),
            .advance = [time = time_](
                           std::chrono::nanoseconds span) { time->advance(span + kServerTick); },
            .stands_still = false};
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
          .capabilities = {.stores = true, .bounded = false, .native = false},
          .make_time = [shared] { return shared->begin_test(); },
          .adjust = [shared](CacheSettings& settings) { settings.redis_url = shared->url(); },
          .missing = servers::missing_redis()};
}

}  // namespace larder::contract
