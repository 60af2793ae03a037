// How hard the stress tests push: full numbers, or fewer under sanitizers, which cap threads.
// Thread safety: constants.
#pragma once

#include <cstddef>

namespace larder::stress {

#if defined(__SANITIZE_THREAD__)
inline constexpr std::size_t kThreads = 2'000;
#elif defined(__SANITIZE_ADDRESS__)
inline constexpr std::size_t kThreads = 4'000;
#else
inline constexpr std::size_t kThreads = 10'000;
#endif
inline constexpr std::size_t kCoroutines = 50'000;
inline constexpr std::size_t kStarters = 8;  // threads that start coroutines

}  // namespace larder::stress
