// expect: larder: a loader answers T, Loaded<T>, Lookup<T>, Result<T>,
// A loader of a cache of numbers cannot answer a pointer.
#include "larder/cache.h"

int use(const larder::Cache<int>& cache) {
#ifdef LARDER_ACCEPT
  return cache.get_or_set("key", [] { return 1; }).value_or(0);
#else
  return cache.get_or_set("key", [] { return static_cast<int*>(nullptr); }).value_or(0);
#endif
}
