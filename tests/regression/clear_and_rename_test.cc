// A rename towards a shard that a clear has passed already: the entry must not slip past the clear,
// and the rename must take nothing else that comes meanwhile. The hook of a removal runs between
// two shards of the clear, which is where it renames.
//
// Thread safety: a test program.
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "larder/cache.h"
#include "larder/manager.h"

namespace larder {
namespace {

class ClearAndRename : public ::testing::Test {
 protected:
  ClearAndRename() {
    CacheOptions<int> options;
    options.hooks.on_removal = [this](std::string_view key, RemovalCause cause) {
      if (cause != RemovalCause::cleared) return;
      if (is_renaming_) {
        ++taken_;
        if (taken_ > 1) return;
        EXPECT_TRUE(cache_->set(key, 2).ok());
      } else if (!has_renamed_) {
        rename_something(std::string(key));
      }
    };
    cache_ = manager_.open<int>("c", options);
    for (int i = 0; i < 64; ++i) keys_.push_back("key" + std::to_string(i));
    for (const std::string& key : keys_) EXPECT_TRUE(cache_->set(key, 1).ok());
  }

  // From a shard that the clear has still to come to, which alone makes a rename answer false.
  void rename_something(const std::string& to) {
    for (const std::string& from : keys_) {
      if (from == to || !*cache_->contains(from)) continue;
      is_renaming_ = true;
      const bool moved = *cache_->rename(from, to);
      is_renaming_ = false;
      if (moved) continue;
      has_renamed_ = true;
      EXPECT_TRUE(*cache_->contains(from)) << "what came after the first entry was taken too";
      return;
    }
  }

  Manager manager_;
  Result<Cache<int>> cache_ = Error(Errc::closed);
  std::vector<std::string> keys_;
  bool is_renaming_ = false;
  bool has_renamed_ = false;
  int taken_ = 0;
};

TEST_F(ClearAndRename, ARenameTakesOneEntryForTheClear) {
  ASSERT_TRUE(cache_->clear().ok());
  EXPECT_TRUE(has_renamed_);
  EXPECT_EQ(taken_, 1);
}

}  // namespace
}  // namespace larder
