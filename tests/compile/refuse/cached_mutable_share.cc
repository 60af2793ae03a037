// expect: larder: a cache holds shared_ptr<const X> only, so that nobody edits
// What a shared_ptr<X> points to could be edited behind the cache.
#include <memory>

#include "larder/manager.h"

#ifdef LARDER_ACCEPT
using Value = std::shared_ptr<const int>;
#else
using Value = std::shared_ptr<int>;
#endif

void use(larder::Manager& manager) { static_cast<void>(manager.open<Value>("name").ok()); }
