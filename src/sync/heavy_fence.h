// A memory barrier that one thread imposes on all threads of the process (membarrier), so that the
// other side can do without. Used by epoch.h: readers are many and fast, reclaimers few.
//
// Thread safety: each function may be called from any thread at any time.
#pragma once

namespace larder::sync {

// True when the asymmetric pair may be used in this process: the kernel has the system call and
// the process is registered for it. Settled at the first call, constant after it. Always false
// under ThreadSanitizer, which sees no fences; LARDER_NO_MEMBARRIER=1 in the environment forces
// false, to run the other protocol on a system that has the call.
bool heavy_fence_available() noexcept;

// Runs a full barrier on every thread of the process at some instant between the call and the
// return, the caller included. False when the kernel had no memory for it (or forbids it): try
// again later. Call it only where heavy_fence_available().
bool heavy_fence() noexcept;

}  // namespace larder::sync
