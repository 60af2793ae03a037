// expect: larder: await the call where it is made: co_await cache.async\(\).get\(key\)
// An awaitable kept under a name could outlive what it was made from.
#include "larder/async.h"

larder::Task<int> read(larder::Cache<int> cache) {
#ifdef LARDER_ACCEPT
  const larder::Lookup<int> answer = co_await cache.async().get("key");
#else
  auto pending = cache.async().get("key");
  const larder::Lookup<int> answer = co_await pending;
#endif
  co_return answer.value_or(0);
}
