// expect: larder: this operation hands out copies and T cannot be copied; use get_ref or
// `update` answers with a copy of what lives now.
#include <memory>

#include "larder/cache.h"

using Value = std::unique_ptr<const int>;

bool use(const larder::Cache<Value>& cache) {
#ifdef LARDER_ACCEPT
  return cache.set("key", std::make_unique<const int>(1)).ok();
#else
  return cache.update("key", [](const Value*) { return std::make_unique<const int>(1); }).ok();
#endif
}
