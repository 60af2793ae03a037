// The sources that are compiled for the compile time.
#include "bench/compile_cost.h"

#include <gtest/gtest.h>

namespace larder::bench {
namespace {

const std::string kHeaders = LARDER_SOURCE_DIR "/include";

TEST(CompileCost, FindsTheStandardHeadersBehindOthers) {
  const auto headers = standard_headers(kHeaders);
  EXPECT_TRUE(headers.contains("string_view"));
  EXPECT_TRUE(headers.contains("expected")) << "by way of result.h";
  for (const std::string& header : headers) {
    EXPECT_EQ(header.find("larder"), std::string::npos) << header;
  }
  EXPECT_TRUE(standard_headers("/nowhere").empty());
}

TEST(CompileCost, SaysWhatIsMissing) {
  std::string fault;
  EXPECT_FALSE(measure_compile_cost("c++", "/nowhere", 1, fault).has_value());
  EXPECT_NE(fault.find("--headers"), std::string::npos) << fault;
  EXPECT_FALSE(measure_compile_cost("no-such-compiler", kHeaders, 1, fault).has_value());
  EXPECT_NE(fault.find("no-such-compiler"), std::string::npos) << fault;
}

TEST(CompileCost, BothSourcesCompile) {
  std::string fault;
  const auto cost = measure_compile_cost("c++", kHeaders, 1, fault);
  ASSERT_TRUE(cost.has_value()) << fault;
  ASSERT_EQ(cost->with_seconds.size(), 1U);
  EXPECT_GT(cost->with_seconds.front(), 0);
  EXPECT_GT(cost->without_seconds.front(), 0);
}

}  // namespace
}  // namespace larder::bench
