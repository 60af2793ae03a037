// expect: ignoring return
// A read whose outcome nobody looks at is a mistake.
#include "larder/cache.h"

void read(const larder::Cache<int>& cache) {
#ifdef LARDER_ACCEPT
  static_cast<void>(cache.get("key").hit());
#else
  cache.get("key");
#endif
}
