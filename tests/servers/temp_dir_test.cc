// Folders of tests, their ends, and what a killed process leaves.
#include "servers/temp_dir.h"

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <signal.h>

#include <gtest/gtest.h>

#include "servers/child_process.h"

namespace larder::servers {
namespace {

namespace fs = std::filesystem;

TEST(TempDirTest, is_private_and_goes_with_its_owner) {
  std::string path;
  {
    const TempDir one;
    const TempDir two;
    EXPECT_NE(one.path(), two.path());
    path = one.path();
    EXPECT_EQ(fs::status(path).permissions(), fs::perms::owner_all);
    fs::create_directory(one.file("folder"));
    write_file(one.file("folder/file"), "text");
    EXPECT_EQ(read_file(one.file("folder/file")), "text");
    EXPECT_EQ(read_file(one.file("none")), "");
  }
  EXPECT_FALSE(fs::exists(path));
}

void make_old(const std::string& path) {
  fs::last_write_time(path, fs::file_time_type::clock::now() - std::chrono::hours(1));
}

// This test in a process of its own, as one of two parts.
std::string run_part(const std::string& part) {
  ProgramCall self{
      .file = "/proc/self/exe",
      .arguments = {"part", "--gtest_brief=1", "--gtest_filter=TempDirTest.a_killed_*"}};
  self.environment.push_back("TEST_PART=" + part);
  const RunResult result = run_program(self);
  const std::size_t begin = result.output.find("path=") + 5;
  return result.output.substr(begin, result.output.find('\n', begin) - begin);
}

TEST(TempDirTest, a_killed_process_leaves_nothing_for_long) {
  if (std::getenv("TEST_PART") != nullptr) {
    const TempDir folder;
    std::printf("path=%s\n", folder.path().c_str());
    std::fflush(stdout);
    if (std::string(std::getenv("TEST_PART")) == "killed") ::raise(SIGKILL);
    return;
  }
  const TempDir owned;
  make_old(owned.path());
  const std::string fresh = run_part("killed");
  const std::string left = run_part("killed");
  ASSERT_TRUE(fs::exists(fresh) && fs::exists(left));
  make_old(left);
  EXPECT_FALSE(fs::exists(run_part("ended")));
  EXPECT_FALSE(fs::exists(left));
  EXPECT_TRUE(fs::exists(fresh));
  EXPECT_TRUE(fs::exists(owned.path()));
  fs::remove_all(fresh);
}

}  // namespace
}  // namespace larder::servers
