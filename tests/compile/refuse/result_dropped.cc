// expect: ignoring return
// A result that nobody looks at hides an error.
#include "larder/result.h"

larder::Result<int> produce();

void drop() {
#ifdef LARDER_ACCEPT
  static_cast<void>(produce());
#else
  produce();
#endif
}
