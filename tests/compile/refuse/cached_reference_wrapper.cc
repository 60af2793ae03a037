// expect: larder: a cache cannot hold views or reference wrappers; store what they see
// A reference in a cache outlives its object.
#include <functional>

#include "larder/cache.h"

#ifdef LARDER_ACCEPT
using Value = int;
#else
using Value = std::reference_wrapper<int>;
#endif

void use(const larder::Cache<Value>& cache) { static_cast<void>(cache.erase("key")); }
