// What a process holds of the system: threads and descriptors, for tests that look for leaks.
// Thread safety: reads /proc.
#pragma once

#include <cstddef>
#include <filesystem>
#include <iterator>
#include <ostream>
#include <thread>

namespace larder::stress {

struct ProcessCounts {
  std::size_t threads = 0;
  std::size_t descriptors = 0;

  static ProcessCounts now() {
    const auto count = [](const char* folder) {
      return static_cast<std::size_t>(std::distance(std::filesystem::directory_iterator(folder),
                                                    std::filesystem::directory_iterator()));
    };
    return {count("/proc/self/task"), count("/proc/self/fd")};
  }
  /// A joined thread may be listed for an instant more: looks until it is gone, or for so long.
  static ProcessCounts settled(const ProcessCounts& expected) {
    constexpr int kLooks = 100'000;
    ProcessCounts counts = now();
    for (int i = 0; i < kLooks && !(counts == expected); ++i) {
      std::this_thread::yield();
      counts = now();
    }
    return counts;
  }
  friend bool operator==(const ProcessCounts&, const ProcessCounts&) = default;
  friend std::ostream& operator<<(std::ostream& out, const ProcessCounts& counts) {
    return out << counts.threads << " threads, " << counts.descriptors << " descriptors";
  }
};

}  // namespace larder::stress
