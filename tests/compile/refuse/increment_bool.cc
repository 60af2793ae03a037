// expect: larder: only integral types other than bool and characters count
// A truth is not counted.
#include "larder/cache.h"

#ifdef LARDER_ACCEPT
using Value = int;
#else
using Value = bool;
#endif

bool use(const larder::Cache<Value>& cache) { return cache.increment("key").ok(); }
