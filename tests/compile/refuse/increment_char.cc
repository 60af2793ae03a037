// expect: larder: only integral types other than bool and characters count
// Characters are text.
#include "larder/cache.h"

#ifdef LARDER_ACCEPT
using Value = int;
#else
using Value = char;
#endif

bool use(const larder::Cache<Value>& cache) { return cache.increment("key").ok(); }
