// Tests of traceparent: what is read, what is refused, and ids.
//
// Thread safety: single-threaded.
#include "observe/trace_context.h"

#include <set>
#include <string>

#include <gtest/gtest.h>

namespace larder::observe {
namespace {

constexpr std::string_view kParent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

TEST(TraceContextTest, reads_and_prints) {
  const auto parent = parse_trace_parent(kParent);
  ASSERT_TRUE(parent.has_value());
  EXPECT_EQ(parent->trace_id, "4bf92f3577b34da6a3ce929d0e0e4736");
  EXPECT_EQ(parent->span_id, "00f067aa0ba902b7");
  EXPECT_TRUE(parent->is_sampled());
  EXPECT_EQ(parent->print(), kParent);
}

TEST(TraceContextTest, the_lowest_flag_is_sampled) {
  std::string text(kParent);
  text.back() = '2';
  EXPECT_FALSE(parse_trace_parent(text)->is_sampled());
  text.back() = 'b';
  EXPECT_TRUE(parse_trace_parent(text)->is_sampled());
}

TEST(TraceContextTest, later_versions_are_read_as_far_as_known) {
  std::string text(kParent);
  text[1] = '1';
  EXPECT_TRUE(parse_trace_parent(text).has_value());
  EXPECT_TRUE(parse_trace_parent(text + "-more").has_value());
  EXPECT_FALSE(parse_trace_parent(text + "more").has_value());
}

TEST(TraceContextTest, refuses_what_is_malformed) {
  for (const char* text : {"", "00", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-0",
                           "ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
                           "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-x",
                           "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
                           "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01",
                           "00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01",
                           "00_4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
                           "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-0g"}) {
    EXPECT_FALSE(parse_trace_parent(text).has_value()) << text;
  }
}

TEST(TraceContextTest, ids_are_distinct_and_well_formed) {
  std::set<std::string> ids;
  for (int i = 0; i < 1'000; ++i) {
    const std::string trace = next_trace_id();
    const std::string span = next_span_id();
    EXPECT_TRUE(parse_trace_parent("00-" + trace + "-" + span + "-01").has_value());
    ids.insert(trace);
    ids.insert(span);
  }
  EXPECT_EQ(ids.size(), 2'000U);
}

}  // namespace
}  // namespace larder::observe
