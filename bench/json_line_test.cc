// One object on one line.
#include "bench/json_line.h"

#include <limits>
#include <vector>

#include <gtest/gtest.h>

namespace larder::bench {
namespace {

TEST(JsonLine, WritesEveryKindOfField) {
  const std::vector<double> rounds = {1.5, 2};
  const std::string text = JsonLine("round")
                               .add("name", "a\"b\\c\n")
                               .add("count", 18446744073709551615U)
                               .add("negative", -3)
                               .add("ratio", 0.25)
                               .add("on", true)
                               .add("rounds", rounds)
                               .add("none", std::optional<double>())
                               .add("some", std::optional<double>(2.5))
                               .add("endless", std::numeric_limits<double>::infinity())
                               .text();
  EXPECT_EQ(text,
            R"({"type":"round","name":"a\"b\\c\u000a","count":18446744073709551615,"negative":-3,)"
            R"("ratio":0.25,"on":true,"rounds":[1.5,2],"none":null,"some":2.5,"endless":null})");
}

TEST(JsonLine, EmptyListsAreLists) {
  EXPECT_EQ(JsonLine("x").add("rounds", std::vector<double>()).text(),
            R"({"type":"x","rounds":[]})");
}

}  // namespace
}  // namespace larder::bench
