// RedisSpace: what all operations of one cache in Redis share: its keys, its values, its
// connections and its counts.
//
// Thread safety: every member from any thread.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "engine/hook_calls.h"
#include "engine/redis_client.h"
#include "engine/redis_flights.h"
#include "engine/redis_values.h"
#include "larder/options.h"
#include "memory/tally.h"
#include "redis/layout.h"

namespace larder::engine {

// What a counter's type holds, in decimal; empty for other types.
struct CounterRange {
  std::string least;
  std::string most;
};

struct RedisSpace {
  RedisSpace(const CacheSettings& settings, std::shared_ptr<const CacheTraits> traits,
             std::shared_ptr<RedisClient> client);

  // Unlike every other of any process: a random word drawn at the start, and a count.
  Version next_version() noexcept;

  // As the scripts take it.
  static std::string ttl_text(Ttl ttl);

  // constant after construction
  const CacheSettings settings;
  const std::shared_ptr<const CacheTraits> traits;
  const std::shared_ptr<RedisClient> client;
  const redis::Layout layout;
  const RedisValues values;
  const std::string standard_ttl;
  const CounterRange range;
  const std::uint64_t origin;
  // own synchronisation
  RedisFlights flights;
  memory::Tally tally;
  HookFailures hook_failures{0};
  base::Atomic<std::uint64_t> versions{1};       // role: source of unique versions
  base::Atomic<std::uint64_t> corrupt{0};        // role: statistics: values that were damaged
  base::Atomic<std::uint64_t> foreign{0};        // role: statistics: values of others
  base::Atomic<std::uint64_t> index_repairs{0};  // role: statistics: memberships that had drifted
};

}  // namespace larder::engine
