// The seed behind hash.h, drawn once per process.
//
// Thread safety: any number of threads may race for the first draw; all of them get one seed.
#include "base/hash.h"

#include <cstring>

#include <sys/auxv.h>
#include <sys/random.h>

#include "base/atomic.h"

namespace larder::base {
namespace {

// Attempts at a system call that a signal may interrupt.
constexpr int kMaxDraws = 16;

// Zero means not drawn. One word that carries no other data, so all accesses are relaxed.
constinit Atomic<std::uint64_t> g_seed{0};

std::uint64_t draw() noexcept {
  std::uint64_t seed = 0;
  for (int i = 0; i < kMaxDraws; ++i) {
    if (getrandom(&seed, sizeof seed, 0) == static_cast<ssize_t>(sizeof seed) && seed != 0) {
      return seed;
    }
  }
  // No getrandom (an old kernel, a strict sandbox): the kernel hands every process 16 random bytes.
  if (const auto* bytes = reinterpret_cast<const void*>(getauxval(AT_RANDOM)); bytes != nullptr) {
    std::memcpy(&seed, bytes, sizeof seed);
  }
  seed = mix64(seed ^ reinterpret_cast<std::uintptr_t>(&seed));
  return seed != 0 ? seed : 1;
}

// Installs `seed` unless one is in force; returns the one in force.
std::uint64_t install(std::uint64_t seed) noexcept {
  std::uint64_t before = 0;
  return g_seed.cas_strong_relaxed(before, seed) ? seed : before;
}

}  // namespace

std::uint64_t process_seed() noexcept {
  const std::uint64_t seed = g_seed.load_relaxed();
  return seed != 0 ? seed : install(draw());
}

bool fix_process_seed(std::uint64_t seed) noexcept {
  const std::uint64_t wanted = seed != 0 ? seed : 1;  // zero is the mark of "not drawn"
  return install(wanted) == wanted;
}

}  // namespace larder::base
