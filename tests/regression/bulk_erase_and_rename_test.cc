// Renames between the look of a bulk erase at its members and the erasing of each: a member whose
// key stays present is erased, whatever entry it has by then; a key that went and came back is left
// alone. The hook before each erase is where the renames happen.
//
// Thread safety: one thread.
#include <functional>
#include <string_view>
#include <utility>

#include <gtest/gtest.h>

#include "larder/cache.h"
#include "larder/manager.h"

namespace larder {
namespace {

class BulkEraseAndRename : public ::testing::Test {
 protected:
  BulkEraseAndRename() {
    CacheOptions<int> options;
    options.hooks.pre_erase = [this](std::string_view) {
      if (auto now = std::exchange(before_first_erase_, nullptr)) now();
      return Verdict::allow();
    };
    cache_ = manager_.open<int>("c", options);
  }

  Manager manager_;
  Result<Cache<int>> cache_ = Error(Errc::closed);
  std::function<void()> before_first_erase_;
};

TEST_F(BulkEraseAndRename, AMemberThatIsReplacedByARenameIsErased) {
  ASSERT_TRUE(cache_->set("a", 1, {{}, {"blue"}}).ok());
  ASSERT_TRUE(cache_->set("b", 2, {{}, {"blue"}}).ok());
  before_first_erase_ = [this] { EXPECT_TRUE(*cache_->rename("a", "b")); };
  EXPECT_EQ(*cache_->erase_by_tag("blue"), 1U);
  EXPECT_FALSE(*cache_->contains("a"));
  EXPECT_FALSE(*cache_->contains("b"));
}

TEST_F(BulkEraseAndRename, AMemberThatWasMarkedIsErasedUnderAnEntryWithoutTerms) {
  ASSERT_TRUE(cache_->set("a", 1).ok());
  ASSERT_TRUE(cache_->set("b", 2, {{}, {"blue"}}).ok());
  before_first_erase_ = [this] { EXPECT_TRUE(*cache_->rename("a", "b")); };
  EXPECT_EQ(*cache_->erase_by_pattern("b"), 1U);
  EXPECT_FALSE(*cache_->contains("b"));
}

TEST_F(BulkEraseAndRename, AKeyThatWentAndCameBackIsLeftAlone) {
  ASSERT_TRUE(cache_->set("a", 1, {{}, {"blue"}}).ok());
  before_first_erase_ = [this] {
    // The second rename asks no more: the hook has done its part.
    EXPECT_TRUE(*cache_->rename("a", "elsewhere"));
    EXPECT_TRUE(*cache_->rename("elsewhere", "a"));
  };
  EXPECT_EQ(*cache_->erase_by_tag("blue"), 0U);
  EXPECT_TRUE(*cache_->contains("a"));
}

}  // namespace
}  // namespace larder
