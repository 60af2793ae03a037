// The counting operators. A replacement has to cover the plain and the aligned form; the others,
// by the standard, call these.
//
// Thread safety: see allocations.h.
#include "bench/allocations.h"

#include <cstddef>
#include <cstdlib>
#include <new>

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define LARDER_BENCH_COUNTS 0
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define LARDER_BENCH_COUNTS 0
#endif
#endif
#ifndef LARDER_BENCH_COUNTS
#define LARDER_BENCH_COUNTS 1
#endif

namespace larder::bench {
namespace {

constinit thread_local std::uint64_t t_allocations = 0;

}  // namespace

bool counts_allocations() noexcept { return LARDER_BENCH_COUNTS != 0; }

std::uint64_t thread_allocations() noexcept { return t_allocations; }

#if LARDER_BENCH_COUNTS

namespace {

// `alignment` 0: what malloc gives.
void* allocate(std::size_t bytes, std::size_t alignment) {
  ++t_allocations;
  if (bytes == 0) bytes = 1;
  for (;;) {  // bound: the handler's patience, as the standard has it
    void* const memory =
        alignment == 0 ? std::malloc(bytes)
                       : std::aligned_alloc(alignment, (bytes + alignment - 1) & ~(alignment - 1));
    if (memory != nullptr) return memory;
    const std::new_handler handler = std::get_new_handler();
    if (handler == nullptr) throw std::bad_alloc();
    handler();
  }
}

}  // namespace

#endif

}  // namespace larder::bench

#if LARDER_BENCH_COUNTS

void* operator new(std::size_t bytes) { return larder::bench::allocate(bytes, 0); }
void* operator new(std::size_t bytes, std::align_val_t alignment) {
  return larder::bench::allocate(bytes, static_cast<std::size_t>(alignment));
}
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }
void operator delete(void* memory, std::align_val_t) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t, std::align_val_t) noexcept { std::free(memory); }

#endif
