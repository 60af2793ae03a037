// expect: larder: a cached type is a complete object type without const, nothrow movable
// Entries are moved where an exception could not be undone.
#include "larder/cache.h"

struct Value {
  Value() = default;
#ifdef LARDER_ACCEPT
  Value(Value&&) noexcept = default;
#else
  Value(Value&&) noexcept(false) {}
#endif
};

void use(const larder::Cache<Value>& cache) { static_cast<void>(cache.erase("key")); }
