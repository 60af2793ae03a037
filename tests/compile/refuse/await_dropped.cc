// expect: an operation does nothing until it is awaited
// Without co_await nothing happens.
#include "larder/async.h"

larder::Task<int> write(larder::Cache<int> cache) {
#ifdef LARDER_ACCEPT
  const larder::Result<bool> erased = co_await cache.async().erase("key");
#else
  const larder::Result<bool> erased = false;
  cache.async().erase("key");
#endif
  co_return erased.ok() ? 1 : 0;
}
