// expect: larder: a cache cannot hold raw pointers; store the value or a shared_ptr<const X>
// Who would own what a cached pointer points to?
#include <memory>

#include "larder/cache.h"

#ifdef LARDER_ACCEPT
using Value = std::shared_ptr<const int>;
#else
using Value = int*;
#endif

void use(const larder::Cache<Value>& cache) { static_cast<void>(cache.erase("key")); }
