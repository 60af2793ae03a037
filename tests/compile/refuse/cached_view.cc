// expect: larder: a cache cannot hold views or reference wrappers; store what they see
// A view in a cache outlives what it sees.
#include <string>
#include <string_view>

#include "larder/cache.h"

#ifdef LARDER_ACCEPT
using Value = std::string;
#else
using Value = std::string_view;
#endif

void use(const larder::Cache<Value>& cache) { static_cast<void>(cache.erase("key")); }
