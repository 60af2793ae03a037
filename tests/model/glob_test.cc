// The model's own pattern dialect, against the contract's wording.
#include "model/glob.h"

#include <gtest/gtest.h>

namespace larder::model {
namespace {

TEST(ModelGlob, MatchesTheDialect) {
  EXPECT_TRUE(glob_matches("*", ""));
  EXPECT_TRUE(glob_matches("user:*", "user:a/b:c"));
  EXPECT_FALSE(glob_matches("user:*", "use"));
  EXPECT_TRUE(glob_matches("k?", "k1"));
  EXPECT_FALSE(glob_matches("k?", "k"));
  EXPECT_TRUE(glob_matches("k[0-2]", "k2"));
  EXPECT_FALSE(glob_matches("k[0-2]", "k3"));
  EXPECT_TRUE(glob_matches("k[^0]", "k1"));
  EXPECT_FALSE(glob_matches("k[^0]", "k0"));
  EXPECT_TRUE(glob_matches("k[ab]x", "kbx"));
  EXPECT_FALSE(glob_matches("k[ab]x", "kb"));
  EXPECT_TRUE(glob_matches("\\*", "*"));
  EXPECT_FALSE(glob_matches("\\*", "a"));
  EXPECT_TRUE(glob_matches("a*b*c", "a--b--bc"));
  EXPECT_FALSE(glob_matches("a*b*c", "a--c--b"));
}

}  // namespace
}  // namespace larder::model
