// RedisLoader: get_or_set across processes: finds the value, or holds the lease while the user's
// loader runs and publishes under it, or waits for whoever holds it. Used by the Redis engine,
// which puts it around the user's loader; Loads runs it like any other.
//
// Thread safety: as Loader.
#pragma once

#include <functional>
#include <memory>

#include "engine/redis_exchange.h"
#include "engine/shared_pin.h"
#include "larder/operation.h"

namespace larder::engine {

// What the loads of one cache share.
struct RedisLoadSetup {
  RedisSpace& space;
  std::function<RedisTurnSetup()> turn;
};

// What RedisLoader hands on in LoadOutcome::value: a value that is where it belongs already.
struct LoadedValue {
  SharedPin pin;
  bool fenced = false;  // it was not stored, because a write came between
};

class RedisLoader final : public Loader {
 public:
  // `write`: the call's; kept.
  RedisLoader(RedisLoadSetup setup, std::shared_ptr<Loader> user, const WriteOptions* write);

  void start(LoadTicket ticket) noexcept override;
  // A loader that ends on the thread that starts it has that thread for its round trips too.
  [[nodiscard]] bool is_synchronous() const noexcept override { return user_->is_synchronous(); }

 private:
  // constant after construction
  const RedisLoadSetup setup_;
  const std::shared_ptr<Loader> user_;
  const WriteOptions write_;
};

}  // namespace larder::engine
