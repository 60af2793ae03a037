// Programs started, stopped for a while, ended, and ended with their parent however it ends.
#include "servers/child_process.h"

#include <cstdio>
#include <cstdlib>
#include <memory>
#include <poll.h>
#include <signal.h>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "servers/server_error.h"
#include "servers/temp_dir.h"

namespace larder::servers {
namespace {

using namespace std::chrono_literals;  // NOLINT(google-build-using-namespace): durations in tests
using ::testing::HasSubstr;

ProgramCall shell(const std::string& script) {
  return {.file = "/bin/sh", .arguments = {"shell", "-c", script}};
}

// R, S, T (stopped), Z ...: the third word of /proc/PID/stat.
char state_of(pid_t pid) {
  const std::string text = read_file("/proc/" + std::to_string(pid) + "/stat");
  const std::size_t end = text.rfind(") ");
  return end == std::string::npos ? ' ' : text.at(end + 2);
}

bool is_gone(pid_t pid) { return ::kill(pid, 0) != 0 || state_of(pid) == 'Z'; }

TEST(RunProgramTest, gives_output_and_exit_code) {
  const RunResult result = run_program(shell("echo out; echo err >&2; exit 3"));
  EXPECT_EQ(result.exit_code, 3);
  EXPECT_EQ(result.output, "out\nerr\n");
}

TEST(RunProgramTest, hands_over_arguments_environment_and_folder_and_no_files) {
  ProgramCall call = shell("echo \"$0 $1 $TEST_VALUE\"; pwd; ls -1 /proc/self/fd");
  call.arguments.insert(call.arguments.end(), {"zero", "o n e"});
  call.environment = {"PATH=/usr/bin:/bin", "TEST_VALUE=here"};
  call.folder = "/usr";
  const FileHandle open_file(::dup(STDIN_FILENO));
  EXPECT_EQ(run_program(call).output, "zero o n e here\n/usr\n0\n1\n2\n3\n");  // 3: of ls itself
}

TEST(RunProgramTest, kills_what_takes_too_long) {
  EXPECT_EQ(run_program(shell("read forever < /dev/zero"), 50ms).exit_code, -1);
}

TEST(RunProgramTest, refuses_what_is_not_there) {
  EXPECT_THROW(run_program({.file = "/no/such/program", .arguments = {"x"}}), ServerError);
  EXPECT_EQ(find_program("no_such_program_anywhere"), "");
  EXPECT_EQ(find_program("sh"), "/usr/bin/sh");
}

TEST(ChildProcessTest, pauses_and_goes_on) {
  ChildProcess child(shell("while :; do :; done"));
  child.pause();
  EXPECT_EQ(state_of(child.pid()), 'T');
  child.pause();
  child.resume();
  EXPECT_NE(state_of(child.pid()), 'T');
  child.resume();
  EXPECT_FALSE(child.wait(0ms));
}

// A shell that has set its trap for SIGTERM.
class Trapped {
 public:
  explicit Trapped(const std::string& trap) : child_(call(trap)) {
    while (read_file(file()).empty() && !child_.wait(1ms)) {  // bound: the test's own time
    }
  }
  [[nodiscard]] ChildProcess& child() { return child_; }

 private:
  [[nodiscard]] std::string file() const { return folder_.file("output"); }
  [[nodiscard]] ProgramCall call(const std::string& trap) const {
    ProgramCall call = shell("trap '" + trap + "' TERM; echo ready; while :; do :; done");
    call.output_file = file();
    return call;
  }

  TempDir folder_;
  ChildProcess child_;
};

TEST(ChildProcessTest, ends_as_told) {
  Trapped polite("exit 7");
  Trapped deaf("");
  Trapped paused("exit 8");
  paused.child().pause();
  polite.child().terminate();
  deaf.child().terminate(50ms);
  paused.child().terminate();
  for (Trapped* trapped : {&polite, &deaf, &paused}) {
    EXPECT_TRUE(trapped->child().wait(0ms));
    EXPECT_TRUE(is_gone(trapped->child().pid()));
  }
  EXPECT_EQ(WEXITSTATUS(polite.child().status()), 7);
  EXPECT_EQ(WTERMSIG(deaf.child().status()), SIGKILL);
  EXPECT_EQ(WEXITSTATUS(paused.child().status()), 8);
}

TEST(ChildProcessTest, a_death_during_a_pause_is_seen) {
  ChildProcess child(shell("while :; do :; done"));
  child.pause();
  ::kill(child.pid(), SIGKILL);
  EXPECT_TRUE(child.wait(10s));
  child.resume();
  child.kill9();
  EXPECT_EQ(WTERMSIG(child.status()), SIGKILL);
}

TEST(ChildProcessTest, outlives_the_thread_that_started_it) {
  std::unique_ptr<ChildProcess> child;
  std::thread([&] { child = std::make_unique<ChildProcess>(shell("while :; do :; done")); }).join();
  EXPECT_FALSE(child->wait(20ms));
  EXPECT_FALSE(is_gone(child->pid()));
}

// Runs twice: here, and in a process of its own that starts a child, tells its number and is
// killed.
TEST(ChildProcessTest, never_outlives_its_process) {
  if (std::getenv("TEST_DIES") != nullptr) {
    const ChildProcess child(shell("while :; do :; done"));
    std::printf("child=%d\n", child.pid());
    std::fflush(stdout);
    ::raise(SIGKILL);
  }
  ProgramCall self{.file = "/proc/self/exe",
                   .arguments = {"parent", "--gtest_filter=ChildProcessTest.never_outlives_*"}};
  self.environment.emplace_back("TEST_DIES=1");
  const RunResult parent = run_program(self);
  EXPECT_EQ(parent.exit_code, -1);
  ASSERT_THAT(parent.output, HasSubstr("child="));
  const pid_t pid = std::stoi(parent.output.substr(parent.output.find("child=") + 6));
  // Its end is a matter of moments; a pidfd of a process that is gone is refused.
  const FileHandle watch(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)));
  if (!watch) return;
  pollfd watched{.fd = watch.get(), .events = POLLIN, .revents = 0};
  EXPECT_EQ(::poll(&watched, 1, 10'000), 1);
}

}  // namespace
}  // namespace larder::servers
