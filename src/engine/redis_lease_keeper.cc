// The timer that prolongs leases.
// Thread safety: see redis_lease_keeper.h.
#include "engine/redis_lease_keeper.h"

#include <optional>
#include <utility>

#include "larder/clock.h"
#include "redis/open_part.h"
#include "redis/script.h"
#include "resp/writer.h"
#include "sync/mutex.h"

namespace larder::engine {
namespace {

// The command that prolongs a lease. With its text, since nobody is there to ask again where the
// server does not know the script.
std::string renewal(const RedisSpace& space, const LeasedKey& key,
                    std::chrono::milliseconds lease) {
  std::string wire;
  resp::append_command(wire, std::string_view("EVAL"), redis::find_script("renew").text, 1,
                       std::string_view(key.entry), std::string_view(space.layout.prefix()),
                       std::string_view(space.values.type()),
                       std::string_view(redis::version_bytes(key.token)), lease.count());
  return wire;
}

class Surrender final : public redis::Request {
 public:
  void on_reply(std::uint32_t, const resp::Value&) noexcept override {}
  void on_end(std::optional<Error>) noexcept override {}
};

// Prolongs one lease, and hears whether it was still held.
class Renewal final : public redis::Request {
 public:
  Renewal(const RedisSpace& space, const LeasedKey& key, Scheduler& scheduler,
          std::stop_source stop)
      : scheduler_(scheduler), stop_(std::move(stop)) {
    wire = renewal(space, key, space.settings.redis_lease);
  }

  void on_reply(std::uint32_t, const resp::Value& reply) noexcept override {
    if (reply.type != resp::Type::integer || reply.integer != 0) return;
    // Stop callbacks are user code: not on the connection's thread.
    scheduler_.post([stop = stop_]() mutable { stop.request_stop(); });
  }
  void on_end(std::optional<Error>) noexcept override {}  // the next one tries again

 private:
  Scheduler& scheduler_;
  const std::stop_source stop_;
};

}  // namespace

void give_up_lease(const RedisSpace& space, const LeasedKey& key) {
  auto* const surrender = new Surrender;
  surrender->wire = renewal(space, key, std::chrono::milliseconds(0));
  space.client->send(*surrender);
  surrender->unshare();
}

// watching -> ended
struct LeaseKeeper::Watch : std::enable_shared_from_this<Watch> {
  Watch(const RedisSpace& of, Scheduler& timers, std::vector<LeasedKey> keys, std::stop_source end)
      : space(of), scheduler(timers), leases(std::move(keys)), stop(std::move(end)) {}

  void schedule_locked() LARDER_REQUIRES(mutex) {
    const std::chrono::nanoseconds pause = space.settings.redis_lease;
    timer = scheduler.schedule(default_clock()->now_ns() + pause.count() / 3, *default_clock(),
                               [self = shared_from_this()] { self->renew(); });
  }
  void renew() {
    sync::MutexLock lock(mutex);
    if (is_over) return;
    for (const LeasedKey& key : leases) {
      auto* const renewal = new Renewal(space, key, scheduler, stop);
      space.client->send(*renewal);
      renewal->unshare();
    }
    schedule_locked();
  }

  // constant after construction; `space` and `scheduler` outlive the load
  const RedisSpace& space;
  Scheduler& scheduler;
  const std::vector<LeasedKey> leases;
  const std::stop_source stop;
  sync::Mutex mutex{sync::Rank::kFlight};
  bool is_over LARDER_GUARDED_BY(mutex) = false;
  Scheduler::TimerId timer LARDER_GUARDED_BY(mutex);
};

LeaseKeeper::LeaseKeeper(const RedisSpace& space, Scheduler& scheduler,
                         std::vector<LeasedKey> leases, std::stop_source stop)
    : watch_(leases.empty()
                 ? nullptr
                 : std::make_shared<Watch>(space, scheduler, std::move(leases), std::move(stop))) {
  if (watch_ == nullptr) return;
  sync::MutexLock lock(watch_->mutex);
  watch_->schedule_locked();
}

LeaseKeeper::~LeaseKeeper() {
  if (watch_ == nullptr) return;
  Scheduler::TimerId timer;
  {
    sync::MutexLock lock(watch_->mutex);
    watch_->is_over = true;
    timer = watch_->timer;
  }
  watch_->scheduler.try_cancel(timer);
}

}  // namespace larder::engine
