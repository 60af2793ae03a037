// StackUse: how far apart in the stack of each thread the marked places were. A continuation that
// runs inside another one, and so on, shows as a spread that grows with their number.
// Thread safety: note() from any thread; spread() when all are quiet.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>

namespace larder::stress {

class StackUse {
 public:
  /// Marks the caller's place.
  [[gnu::noinline]] void note() noexcept {
    thread_local std::uintptr_t lowest = 0;
    thread_local std::uintptr_t highest = 0;
    thread_local std::uint64_t owner = 0;
    const auto here = reinterpret_cast<std::uintptr_t>(__builtin_frame_address(0));
    if (owner != id_) {
      owner = id_;
      lowest = highest = here;
    }
    lowest = std::min(lowest, here);
    highest = std::max(highest, here);
    std::size_t seen = spread_.load(std::memory_order_relaxed);
    while (seen < highest - lowest &&
           !spread_.compare_exchange_weak(seen, highest - lowest, std::memory_order_relaxed)) {
    }
  }
  [[nodiscard]] std::size_t spread() const noexcept {
    return spread_.load(std::memory_order_relaxed);
  }

 private:
  static std::uint64_t next_id() noexcept {
    static std::atomic<std::uint64_t> last{0};
    return last.fetch_add(1, std::memory_order_relaxed) + 1;
  }

  const std::uint64_t id_ = next_id();
  std::atomic<std::size_t> spread_{0};
};

}  // namespace larder::stress
