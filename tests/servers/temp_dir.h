// TempDir: a private folder that goes with its owner, contents and all. Its path is short enough
// for unix sockets inside. What a killed process leaves is removed by a later one.
// Thread safety: as a plain value.
#pragma once

#include <string>
#include <string_view>

#include "servers/file_handle.h"

namespace larder::servers {

class TempDir {
 public:
  /// Throws ServerError where no folder can be made.
  TempDir();
  TempDir(const TempDir&) = delete;
  TempDir& operator=(const TempDir&) = delete;
  ~TempDir();

  [[nodiscard]] const std::string& path() const noexcept { return path_; }
  [[nodiscard]] std::string file(std::string_view name) const {
    return path_ + "/" + std::string(name);
  }

 private:
  std::string path_;
  FileHandle lock_;  // on the folder, as long as its owner lives
};

/// Replaces the file's content. Throws ServerError.
void write_file(const std::string& path, std::string_view text);
/// The file's content; empty where there is none.
std::string read_file(const std::string& path);

}  // namespace larder::servers
