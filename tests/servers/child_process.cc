// fork() and exec() on a thread that never ends: the system sends the signal that ties a child to
// its parent when the thread that forked ends, not the process.
#include "servers/child_process.h"

#include <cerrno>
#include <condition_variable>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <mutex>
#include <poll.h>
#include <signal.h>
#include <sstream>
#include <thread>
#include <unistd.h>

#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "servers/server_error.h"
#include "servers/temp_dir.h"

namespace larder::servers {
namespace {

constexpr unsigned kFirstOtherFile = 3;  // after input, output and errors
constexpr int kCannotStart = 127;

std::vector<char*> as_pointers(const std::vector<std::string>& texts) {
  std::vector<char*> pointers;
  for (const std::string& text : texts) pointers.push_back(const_cast<char*>(text.c_str()));
  pointers.push_back(nullptr);
  return pointers;
}

// What fork() needs, prepared so that the child allocates nothing.
struct Plan {
  explicit Plan(const ProgramCall& call)
      : file(call.file.c_str()),
        folder(call.folder.c_str()),
        output_file(call.output_file.empty() ? "/dev/null" : call.output_file.c_str()),
        arguments(as_pointers(call.arguments)),
        environment(as_pointers(call.environment)),
        parent(::getpid()) {}

  const char* file;
  const char* folder;
  const char* output_file;
  std::vector<char*> arguments;
  std::vector<char*> environment;
  pid_t parent;
};

// In the child: only what is safe after the fork of a process with threads.
[[noreturn]] void become(const Plan& plan) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (::getppid() != plan.parent) ::_exit(kCannotStart);  // it ended in between
  sigset_t none;
  ::sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  const int input = ::open("/dev/null", O_RDONLY);
  const int output = ::open(plan.output_file, O_WRONLY | O_CREAT | O_APPEND, 0600);
  ::dup2(input, STDIN_FILENO);
  ::dup2(output, STDOUT_FILENO);
  ::dup2(output, STDERR_FILENO);
  ::syscall(SYS_close_range, kFirstOtherFile, ~0U, 0U);
  if (::chdir(plan.folder) == 0)
    ::execve(plan.file, plan.arguments.data(), plan.environment.data());
  ::_exit(kCannotStart);
}

// The thread that forks. One per process, never ended: see the head of this file.
class Launcher {
 public:
  static Launcher& instance() {
    static auto* const only = new Launcher;
    return *only;
  }

  pid_t launch(const Plan& plan) {
    if (owner_ != ::getpid()) throw ServerError("a forked process must exec before it starts one");
    const std::lock_guard one_at_a_time(callers_);
    std::unique_lock lock(mutex_);
    plan_ = &plan;
    changed_.notify_all();
    changed_.wait(lock, [this] { return plan_ == nullptr; });
    return child_;
  }

 private:
  Launcher() : owner_(::getpid()) {
    std::thread([this] { run(); }).detach();
  }

  [[noreturn]] void run() {
    std::unique_lock lock(mutex_);
    while (true) {  // one turn per child, as long as the process lives
      changed_.wait(lock, [this] { return plan_ != nullptr; });
      child_ = ::fork();
      if (child_ == 0) become(*plan_);
      plan_ = nullptr;
      changed_.notify_all();
    }
  }

  const pid_t owner_;
  std::mutex callers_;
  std::mutex mutex_;
  std::condition_variable changed_;
  // guarded by mutex_
  const Plan* plan_ = nullptr;
  pid_t child_ = -1;
};

int wait_for(pid_t pid, int options) {
  int status = 0;
  while (::waitpid(pid, &status, options) < 0 && errno == EINTR) {  // bound: signals
  }
  return status;
}

}  // namespace

ChildProcess::ChildProcess(const ProgramCall& call) {
  if (::access(call.file.c_str(), X_OK) != 0) throw ServerError("no program " + call.file);
  pid_ = Launcher::instance().launch(Plan(call));
  if (pid_ < 0) throw ServerError("cannot start " + call.file);
  watch_ = FileHandle(static_cast<int>(::syscall(SYS_pidfd_open, pid_, 0)));
  if (!watch_) {
    kill9();
    throw ServerError("the system has no pidfd_open()");
  }
}

ChildProcess::~ChildProcess() { kill9(); }

bool ChildProcess::wait(std::chrono::milliseconds most) {
  if (ended_) return true;
  pollfd watched{.fd = watch_.get(), .events = POLLIN, .revents = 0};
  if (::poll(&watched, 1, static_cast<int>(most.count())) <= 0) return false;
  status_ = wait_for(pid_, 0);
  ended_ = true;
  return true;
}

void ChildProcess::send(int signal) const { ::kill(pid_, signal); }

void ChildProcess::terminate(std::chrono::milliseconds most) {
  if (ended_) return;
  resume();
  send(SIGTERM);
  if (!wait(most)) kill9();
}

void ChildProcess::kill9() {
  if (ended_) return;
  send(SIGKILL);
  status_ = wait_for(pid_, 0);
  ended_ = true;
}

void ChildProcess::pause() {
  if (ended_ || paused_) return;
  send(SIGSTOP);
  const int status = wait_for(pid_, WUNTRACED);
  paused_ = WIFSTOPPED(status);
  ended_ = !paused_;
  if (ended_) status_ = status;
}

void ChildProcess::resume() {
  if (ended_ || !paused_) return;
  send(SIGCONT);
  const int status = wait_for(pid_, WCONTINUED);
  paused_ = false;
  ended_ = !WIFCONTINUED(status);
  if (ended_) status_ = status;
}

RunResult run_program(ProgramCall call, std::chrono::milliseconds most) {
  const TempDir folder;
  call.output_file = folder.file("output");
  ChildProcess child(call);
  if (!child.wait(most)) child.kill9();
  const int code = WIFEXITED(child.status()) ? WEXITSTATUS(child.status()) : -1;
  return {code, read_file(call.output_file)};
}

std::string find_program(const std::string& name) {
  const char* const path = std::getenv("PATH");
  std::istringstream folders(std::string("/usr/bin:/bin:") + (path != nullptr ? path : ""));
  for (std::string folder; std::getline(folders, folder, ':');) {  // bound: the folders of PATH
    std::string file = folder + "/" + name;
    if (!folder.empty() && ::access(file.c_str(), X_OK) == 0) return file;
  }
  return {};
}

}  // namespace larder::servers
