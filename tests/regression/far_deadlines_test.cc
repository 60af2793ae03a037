// Spans that reach beyond the end of time mean "no deadline", not one that has passed.
#include <gtest/gtest.h>

#include "larder/manager.h"

namespace larder {
namespace {

TEST(FarDeadlines, ASpanBeyondTheEndOfTimeDoesNotWrapAround) {
  Manager manager;
  const auto cache = manager.open<int>("numbers").value();
  const Context patient = Context::within(std::chrono::nanoseconds::max());
  EXPECT_GT(*patient.deadline_ns, default_clock()->now_ns());
  EXPECT_TRUE(cache.with(patient).set("k", 1).ok());
  EXPECT_LT(*Context::within(std::chrono::nanoseconds::min()).deadline_ns, 0);
  EXPECT_TRUE(cache.close(std::chrono::nanoseconds::max()).ok());
}

}  // namespace
}  // namespace larder
