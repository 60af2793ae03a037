// FileHandle: owns one file descriptor. Used by everything here that holds one.
// Thread safety: as a plain value.
#pragma once

#include <unistd.h>
#include <utility>

namespace larder::servers {

class FileHandle {
 public:
  FileHandle() = default;
  explicit FileHandle(int number) noexcept : number_(number) {}
  FileHandle(FileHandle&& other) noexcept : number_(std::exchange(other.number_, -1)) {}
  FileHandle& operator=(FileHandle&& other) noexcept {
    std::swap(number_, other.number_);
    return *this;
  }
  ~FileHandle() { reset(); }

  [[nodiscard]] int get() const noexcept { return number_; }
  [[nodiscard]] explicit operator bool() const noexcept { return number_ >= 0; }
  void reset() noexcept {
    if (number_ >= 0) ::close(number_);
    number_ = -1;
  }

 private:
  int number_ = -1;
};

}  // namespace larder::servers
