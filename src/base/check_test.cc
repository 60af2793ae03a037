// Tests of the checks: silent and single evaluation when they hold, place and operands when not.
//
// Thread safety: a test program.
#include "base/check.h"

#include <string>

#include <gtest/gtest.h>

namespace larder::base {
namespace {

enum class Colour { kRed = 3, kBlue = 4 };

TEST(Check, EvaluatesItsOperandsOnce) {
  int evaluations = 0;
  CHECK(++evaluations == 1);
  CHECK_EQ(++evaluations, 2);
  CHECK_LT(2, ++evaluations);
  EXPECT_EQ(evaluations, 3);
}

TEST(Check, HoldsForAllComparisons) {
  CHECK_EQ(1, 1);
  CHECK_NE(1, 2);
  CHECK_LT(1, 2);
  CHECK_LE(2, 2);
  CHECK_GT(2, 1);
  CHECK_GE(2, 2);
  CHECK_EQ(Colour::kRed, Colour::kRed);
}

TEST(CheckDeathTest, SaysPlaceAndCondition) {
  EXPECT_DEATH(CHECK(1 + 1 == 3), "check_test.cc:[0-9]+: check failed: 1 \\+ 1 == 3");
}

TEST(CheckDeathTest, SaysBothOperands) {
  const int small = -5;
  const unsigned long big = 7;
  const std::string text = "milk";
  EXPECT_DEATH(CHECK_EQ(small, -6), "small == -6 \\(-5 against -6\\)");
  EXPECT_DEATH(CHECK_GT(big, 9UL), "big > 9UL \\(7 against 9\\)");
  EXPECT_DEATH(CHECK_NE(text, "milk"), "\\(\"milk\" against \"milk\"\\)");
  EXPECT_DEATH(CHECK_GE(0.5, 0.75), "\\(0.5 against 0.75\\)");
  EXPECT_DEATH(CHECK_EQ(Colour::kRed, Colour::kBlue), "\\(3 against 4\\)");
  const int* pointer = &small;
  EXPECT_DEATH(CHECK_EQ(pointer, nullptr), "\\(0x[0-9a-f]+ against");
}

TEST(CheckDeathTest, DebugChecksFollowTheBuild) {
  int evaluations = 0;
#ifdef NDEBUG
  DCHECK(++evaluations == 5);
  DCHECK_EQ(++evaluations, 5);
  EXPECT_EQ(evaluations, 0);
#else
  EXPECT_DEATH(DCHECK(++evaluations == 5), "check failed: \\+\\+evaluations == 5");
  EXPECT_DEATH(DCHECK_EQ(++evaluations, 5), "\\(1 against 5\\)");
#endif
}

}  // namespace
}  // namespace larder::base
