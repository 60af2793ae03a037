// Folders by mkdtemp(), locked by their owners, and small files.
#include "servers/temp_dir.h"

#include <chrono>
#include <cstdlib>
#include <fcntl.h>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <system_error>

#include <sys/file.h>

#include "servers/server_error.h"

namespace larder::servers {
namespace {

constexpr const char* kPrefix = "larder-test-";
constexpr std::chrono::minutes kOld{10};
constexpr std::size_t kMostBasePath = 60;  // a unix socket's path has at most 107 bytes

std::string base_folder() {
  const char* const named = std::getenv("TMPDIR");
  if (named == nullptr || *named == '\0') return "/tmp";
  const std::string folder = named;
  return folder.size() <= kMostBasePath ? folder : "/tmp";
}

// The folder, locked; nothing where its owner lives.
FileHandle lock(const std::string& path) {
  FileHandle folder(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  return ::flock(folder.get(), LOCK_EX | LOCK_NB) == 0 ? std::move(folder) : FileHandle();
}

bool is_old(const std::filesystem::path& path) {
  std::error_code error;
  const auto changed = std::filesystem::last_write_time(path, error);
  return !error && std::filesystem::file_time_type::clock::now() - changed > kOld;
}

// Once per process. A folder that is being made is not locked for a moment: old ones only.
bool remove_leftovers() {
  std::error_code ignored;
  for (const auto& entry : std::filesystem::directory_iterator(base_folder(), ignored)) {
    if (!entry.path().filename().string().starts_with(kPrefix) || !is_old(entry.path())) continue;
    const FileHandle locked = lock(entry.path());
    if (locked) std::filesystem::remove_all(entry.path(), ignored);
  }
  return true;
}

}  // namespace

TempDir::TempDir() : path_(base_folder() + "/" + kPrefix + "XXXXXX") {
  [[maybe_unused]] static const bool done = remove_leftovers();
  if (::mkdtemp(path_.data()) == nullptr) throw ServerError("no folder like " + path_);
  lock_ = lock(path_);
}

TempDir::~TempDir() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

void write_file(const std::string& path, std::string_view text) {
  std::ofstream out(path, std::ios::binary | std::ios::trunc);
  out << text;
  out.close();
  if (!out) throw ServerError("cannot write " + path);
}

std::string read_file(const std::string& path) {
  std::ostringstream text;
  text << std::ifstream(path, std::ios::binary).rdbuf();
  return std::move(text).str();
}

}  // namespace larder::servers
