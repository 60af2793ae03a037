// Counts the calls of operator new of each thread. Linking this file replaces the global operators
// of the program by such that count and go on to malloc; sanitizers bring their own, and then
// nothing is counted.
//
// Thread safety: each thread sees its own count.
#pragma once

#include <cstdint>

namespace larder::bench {

// Whether this program counts at all.
bool counts_allocations() noexcept;

// Calls of operator new by this thread since it began.
std::uint64_t thread_allocations() noexcept;

}  // namespace larder::bench
