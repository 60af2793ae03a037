// expect: use of deleted function|attempt to use a deleted function|call to deleted
// `if (cache.contains(k))` would ask whether the call succeeded, not whether the key is there.
#include "larder/cache.h"

int ask(const larder::Cache<int>& cache) {
#ifdef LARDER_ACCEPT
  return cache.contains("key").value_or(false) ? 1 : 0;
#else
  if (cache.contains("key")) return 1;
  return 0;
#endif
}
