// Tells a person at a terminal how far long work is; says nothing into a pipe or a file. Used by
// the bench and replay commands, on stderr.
//
// Thread safety: none; one thread.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace larder::bench {

// One line that is written over; the destructor wipes it.
class Progress {
 public:
  Progress();
  explicit Progress(bool shown) noexcept : shown_(shown) {}
  ~Progress();
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  void show(std::string_view what);
  // "what 12 %", written only when the figure changes.
  void show(std::string_view what, std::size_t done, std::size_t all);
  void wipe();

 private:
  bool shown_;
  std::string line_;
};

}  // namespace larder::bench
