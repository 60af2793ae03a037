// expect: larder: an updater takes \(const T\* old\), null where nothing lives
// An updater must be ready for nothing to be there.
#include "larder/cache.h"

bool use(const larder::Cache<int>& cache) {
#ifdef LARDER_ACCEPT
  return cache.update("key", [](const int* old) { return old == nullptr ? 1 : *old + 1; }).ok();
#else
  return cache.update("key", [](int old) { return old + 1; }).ok();
#endif
}
