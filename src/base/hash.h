// The hash of keys and the seed that makes it unpredictable from outside. Used by the table, the
// policies and the indexes; inlined, because hashing a short key is a part of every lookup.
//
// Thread safety: pure functions; process_seed() may be called from any thread at any time.
#pragma once

#include <cstdint>
#include <string_view>

#ifndef XXH_INLINE_ALL
#define XXH_INLINE_ALL
#endif
#include <xxhash.h>

namespace larder::base {

// 64 well-mixed bits of `bytes` under `seed` (XXH3). Not for secrets: a flood of colliding keys is
// stopped by the unknown seed and by the bound on probe lengths, not by cryptography.
inline std::uint64_t hash_bytes(std::string_view bytes, std::uint64_t seed) noexcept {
  return XXH3_64bits_withSeed(bytes.data(), bytes.size(), seed);
}

// A bijection of 64 bits in which each input bit changes about half of the output bits.
constexpr std::uint64_t mix64(std::uint64_t x) noexcept {
  x ^= x >> 32;
  x *= 0xe9846af9b1a615d5U;
  x ^= x >> 32;
  x *= 0xe9846af9b1a615d5U;
  x ^= x >> 28;
  return x;
}

// The seed of this process: drawn from the system's entropy at the first call, constant after it.
std::uint64_t process_seed() noexcept;

// Sets the seed by hand, so that a recorded run can be replayed; services never do. Returns false,
// and changes nothing, when another seed is in force already.
bool fix_process_seed(std::uint64_t seed) noexcept;

}  // namespace larder::base
