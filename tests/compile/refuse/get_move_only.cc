// expect: larder: this operation hands out copies and T cannot be copied; use get_ref or
// `get` copies; what can only be moved is looked at through a Ref.
#include <memory>

#include "larder/cache.h"

bool use(const larder::Cache<std::unique_ptr<const int>>& cache) {
#ifdef LARDER_ACCEPT
  return cache.get_ref("key").hit();
#else
  return cache.get("key").hit();
#endif
}
