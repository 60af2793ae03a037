// expect: use of deleted function|attempt to use a deleted function
// A Result<bool> has two truths: success and the answer. A condition must say which one it asks.
#include "larder/result.h"

int take(larder::Result<bool> result) {
#ifdef LARDER_ACCEPT
  if (result.ok() && *result) return 1;
#else
  if (result) return 1;
#endif
  return 0;
}
