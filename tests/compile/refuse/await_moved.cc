// expect: use of deleted function|call to deleted constructor
// An awaitable cannot leave the expression that made it.
#include <utility>

#include "larder/async.h"

larder::Task<int> read(larder::Cache<int> cache) {
#ifdef LARDER_ACCEPT
  const larder::Lookup<int> answer = co_await cache.async().get("key");
#else
  auto pending = cache.async().get("key");
  auto moved = std::move(pending);
  const larder::Lookup<int> answer = co_await std::move(moved);
#endif
  co_return answer.value_or(0);
}
