// expect: ignoring return
// A write whose result nobody looks at hides a failure.
#include "larder/cache.h"

void write(const larder::Cache<int>& cache) {
#ifdef LARDER_ACCEPT
  static_cast<void>(cache.set("key", 1));
#else
  cache.set("key", 1);
#endif
}
