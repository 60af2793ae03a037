// The system call behind heavy_fence.h.
//
// Thread safety: as in the header.
#include "sync/heavy_fence.h"

#include <cstdlib>
#include <string_view>
#include <unistd.h>

#include <linux/membarrier.h>
#include <sys/syscall.h>

#include "base/atomic.h"

#if defined(__SANITIZE_THREAD__)
#define LARDER_TSAN 1
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define LARDER_TSAN 1
#endif
#endif

namespace larder::sync {
namespace {

long membarrier(int command) noexcept { return syscall(SYS_membarrier, command, 0, 0); }

bool register_process() noexcept {
#ifdef LARDER_TSAN
  return false;
#else
  const char* off = std::getenv("LARDER_NO_MEMBARRIER");
  if (off != nullptr && std::string_view(off) == "1") return false;
  const long commands = membarrier(MEMBARRIER_CMD_QUERY);
  if (commands < 0 || (commands & MEMBARRIER_CMD_PRIVATE_EXPEDITED) == 0) return false;
  return membarrier(MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED) == 0;
#endif
}

}  // namespace

bool heavy_fence_available() noexcept {
  static const bool available = register_process();
  return available;
}

bool heavy_fence() noexcept {
  base::compiler_fence();  // the call is opaque already; this says what is relied on
  const bool done = membarrier(MEMBARRIER_CMD_PRIVATE_EXPEDITED) == 0;
  base::compiler_fence();
  return done;
}

}  // namespace larder::sync
