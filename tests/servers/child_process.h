// ChildProcess: one program that a test starts and that never outlives the test's process, however
// that ends. RunResult: a program that is run to its end.
// Thread safety: one thread at a time per object; start from any thread.
#pragma once

#include <chrono>
#include <string>
#include <vector>

#include <sys/types.h>

#include "servers/file_handle.h"

namespace larder::servers {

struct ProgramCall {
  std::string file;                    ///< the program's path
  std::vector<std::string> arguments;  ///< the first is the name it runs under
  std::vector<std::string> environment{"PATH=/usr/local/bin:/usr/bin:/bin", "LC_ALL=C"};
  std::string folder = "/";   ///< where it runs
  std::string output_file{};  ///< its output and errors are appended here; empty: dropped
};

// States: running -> paused -> running ... -> ended. The destructor kills what has not ended.
class ChildProcess {
 public:
  /// Throws ServerError where the program cannot be started.
  explicit ChildProcess(const ProgramCall& call);
  ChildProcess(const ChildProcess&) = delete;
  ChildProcess& operator=(const ChildProcess&) = delete;
  ~ChildProcess();

  [[nodiscard]] pid_t pid() const noexcept { return pid_; }
  /// Waits at most so long for its end; true once it has ended.
  bool wait(std::chrono::milliseconds most);
  /// As of waitpid(); once it has ended.
  [[nodiscard]] int status() const noexcept { return status_; }

  /// Asks it to end, and kills it when it has not within `most`.
  void terminate(std::chrono::milliseconds most = std::chrono::seconds(10));
  /// SIGKILL; returns when it is gone.
  void kill9();
  /// SIGSTOP and SIGCONT; return when the system says that it stands, or goes on.
  void pause();
  void resume();
  [[nodiscard]] bool is_paused() const noexcept { return paused_; }

 private:
  void send(int signal) const;

  // constant after construction
  pid_t pid_ = 0;
  FileHandle watch_;  // a pidfd: readable when the process has ended
  // of its user's thread
  bool ended_ = false;
  bool paused_ = false;
  int status_ = 0;
};

struct RunResult {
  int exit_code = -1;  ///< -1: a signal ended it
  std::string output;
};

/// Runs a program to its end; one that takes longer than `most` is killed. Throws ServerError where
/// it cannot be started.
RunResult run_program(ProgramCall call, std::chrono::milliseconds most = std::chrono::seconds(30));

/// The path of a program: in the system's folders, then in PATH; empty where it is not installed.
std::string find_program(const std::string& name);

}  // namespace larder::servers
