// Two sources, compiled in turns by a child process whose processor time is taken.
//
// Thread safety: see compile_cost.h.
#include "bench/compile_cost.h"

#include <cstdlib>
#include <fcntl.h>
#include <filesystem>
#include <fstream>
#include <string_view>
#include <unistd.h>

#include <sys/resource.h>
#include <sys/wait.h>

#include "bench/statistics.h"

namespace larder::bench {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kSession = R"(
struct Session {
  std::string subject;
  std::vector<std::string> roles;
  std::chrono::system_clock::time_point issued_at;
};
)";

constexpr std::string_view kUse = R"(
bool use(const larder::Cache<Session>& sessions, std::string_view token, Session session) {
  if (!sessions.set(token, std::move(session), std::chrono::minutes(5)).ok()) return false;
  const auto found = sessions.get(token);
  return found.hit() && sessions.erase(token).ok();
}
)";

void collect_headers(const fs::path& root, const std::string& name, std::set<std::string>& standard,
                     std::set<std::string>& own) {
  if (!own.insert(name).second) return;  // bound: each header once
  std::ifstream file(root / name);
  for (std::string line; std::getline(file, line);) {
    const std::size_t at = line.find("#include ");
    if (at != 0 || line.size() < 12) continue;
    const bool is_own = line[9] == '"';
    const std::size_t end = line.find(is_own ? '"' : '>', 10);
    if (end == std::string::npos) continue;
    const std::string target = line.substr(10, end - 10);
    if (is_own) {
      collect_headers(root, target, standard, own);
    } else {
      standard.insert(target);
    }
  }
}

double seconds_of(const timeval& time) {
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
}

// Processor time of one compilation; nothing where it failed.
std::optional<double> compile(const std::string& compiler, const std::string& include_flag,
                              const std::string& source) {
  const pid_t child = fork();
  if (child == 0) {
    const int nowhere = open("/dev/null", O_WRONLY);
    if (nowhere >= 0) dup2(nowhere, STDERR_FILENO);
    execlp(compiler.c_str(), compiler.c_str(), "-std=c++23", "-O0", include_flag.c_str(), "-c",
           source.c_str(), "-o", "/dev/null", static_cast<char*>(nullptr));
    _exit(127);
  }
  int status = 0;
  rusage usage{};
  if (child < 0 || wait4(child, &status, 0, &usage) != child || status != 0) return std::nullopt;
  return seconds_of(usage.ru_utime) + seconds_of(usage.ru_stime);
}

// A folder of our own that goes away with its content.
class TemporaryFolder {
 public:
  TemporaryFolder() {
    std::string pattern = (fs::temp_directory_path() / "larder-bench-XXXXXX").string();
    if (mkdtemp(pattern.data()) != nullptr) path_ = pattern;
  }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  ~TemporaryFolder() {
    std::error_code ignored;
    if (!path_.empty()) fs::remove_all(path_, ignored);
  }
  // The file's path; empty where it could not be written.
  [[nodiscard]] std::string write(const char* name, const std::string& text) const {
    if (path_.empty()) return {};
    std::ofstream file(path_ / name);
    return file << text ? (path_ / name).string() : std::string();
  }

 private:
  fs::path path_;
};

}  // namespace

std::set<std::string> standard_headers(const std::string& headers) {
  std::set<std::string> standard;
  std::set<std::string> own;
  collect_headers(headers, "larder/cache.h", standard, own);
  return standard;
}

std::optional<CompileCost> measure_compile_cost(const std::string& compiler,
                                                const std::string& headers, unsigned rounds,
                                                std::string& fault) {
  if (!fs::exists(fs::path(headers) / "larder/cache.h")) {
    fault = "no larder/cache.h in '" + headers + "'; name its folder by --headers";
    return std::nullopt;
  }
  std::string standard;
  for (const std::string& name : standard_headers(headers)) {
    standard += "#include <" + name + ">\n";
  }
  const TemporaryFolder folder;
  const std::string without = folder.write("without.cc", standard + std::string(kSession));
  const std::string with = folder.write("with.cc", standard + "#include \"larder/cache.h\"\n" +
                                                       std::string(kSession) + std::string(kUse));
  CompileCost cost;
  for (unsigned round = 0; round <= rounds; ++round) {
    const auto alone = compile(compiler, "-I" + headers, without);
    const auto both = compile(compiler, "-I" + headers, with);
    if (!alone || !both) {
      fault = "'" + compiler + "' did not compile the sources";
      return std::nullopt;
    }
    if (round == 0) continue;  // fills the caches of the file system
    cost.without_seconds.push_back(*alone);
    cost.with_seconds.push_back(*both);
  }
  cost.added_seconds = median(cost.with_seconds) - median(cost.without_seconds);
  return cost;
}

}  // namespace larder::bench
