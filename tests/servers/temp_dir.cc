// Folders by mkdtemp(), and small files.
#include "servers/temp_dir.h"

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <system_error>

#include "servers/server_error.h"

namespace larder::servers {
namespace {

constexpr std::size_t kMostBasePath = 60;  // a unix socket's path has at most 107 bytes

std::string base_folder() {
  const char* const named = std::getenv("TMPDIR");
  if (named == nullptr || *named == '\0') return "/tmp";
  const std::string folder = named;
  return folder.size() <= kMostBasePath ? folder : "/tmp";
}

}  // namespace

TempDir::TempDir() : path_(base_folder() + "/larder-test-XXXXXX") {
  if (::mkdtemp(path_.data()) == nullptr) throw ServerError("no folder like " + path_);
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
