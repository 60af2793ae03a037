// Each fault on its own and some together, on bytes, without sockets.
#include "servers/proxy_pipe.h"

#include <vector>

#include <gtest/gtest.h>

namespace larder::servers {
namespace {

using namespace std::chrono_literals;  // NOLINT(google-build-using-namespace): durations in tests

class ProxyPipeTest : public ::testing::Test {
 protected:
  /// What it would send by `now`, in writes.
  std::vector<std::string> writes(Instant now) {
    std::vector<std::string> out;
    while (!pipe_.next(now).empty()) {
      out.emplace_back(pipe_.next(now));
      pipe_.sent(out.back().size());
    }
    return out;
  }
  std::string sent(Instant now = Instant{} + 1h) {
    std::string all;
    for (const std::string& bytes : writes(now)) all += bytes;
    return all;
  }
  void take(std::string_view bytes) { pipe_.take(bytes, start_); }

  const Instant start_{};
  Faults faults_;
  ProxyCounts counts_;
  ProxyPipe pipe_{Way::to_client, faults_, counts_};
};

TEST_F(ProxyPipeTest, without_faults_all_bytes_pass_at_once) {
  take("abc");
  take("def");
  EXPECT_EQ(pipe_.due(), start_);
  EXPECT_EQ(pipe_.next(start_), "abc");
  pipe_.sent(1);
  EXPECT_EQ(pipe_.next(start_), "bc");
  EXPECT_EQ(sent(start_), "bcdef");
  EXPECT_EQ(counts_.bytes_to_client, 6U);
  EXPECT_EQ(counts_.bytes_to_server, 0U);
  EXPECT_FALSE(pipe_.is_over());
  pipe_.end();
  EXPECT_TRUE(pipe_.is_over());
}

TEST_F(ProxyPipeTest, cuts_after_exactly_so_many_bytes) {
  for (std::uint64_t limit = 0; limit <= 6; ++limit) {
    ProxyPipe pipe(Way::to_client, faults_, counts_);
    faults_ = {.cut_after = limit};
    std::string passed;
    for (const char* const bytes : {"ab", "cdef"}) {
      if (!pipe.wants_bytes()) break;
      pipe.take(bytes, start_);
      while (!pipe.next(start_).empty()) {
        passed += pipe.next(start_);
        pipe.sent(pipe.next(start_).size());
      }
    }
    EXPECT_EQ(passed, std::string("abcdef").substr(0, limit));
    EXPECT_TRUE(pipe.is_cut());
    EXPECT_FALSE(pipe.wants_bytes());
  }
}

TEST_F(ProxyPipeTest, counts_from_when_the_faults_were_set) {
  take("abc");
  faults_ = {.cut_after = 2};
  pipe_.restart();
  take("defg");
  EXPECT_EQ(sent(), "abcde");
}

TEST_F(ProxyPipeTest, cuts_only_so_often) {
  faults_ = {.cut_after = 1, .times = 1};
  ProxyPipe other(Way::to_client, faults_, counts_);
  take("ab");
  other.take("ab", start_);
  EXPECT_TRUE(pipe_.is_cut());
  EXPECT_FALSE(other.is_cut());
  EXPECT_EQ(other.next(start_), "ab");
}

TEST_F(ProxyPipeTest, corrupts_one_byte) {
  faults_ = {.corrupt_at = 3};
  take("aa");
  take("aaaa");
  take("aa");
  EXPECT_EQ(sent(), "aaa`aaaa");
  EXPECT_EQ(counts_.corrupted_bytes, 1U);
}

TEST_F(ProxyPipeTest, corrupts_a_text_wherever_it_stands) {
  const std::string text = "--value--value-";
  for (std::size_t split = 0; split <= text.size(); ++split) {
    faults_ = {.corrupt_text = "value", .times = 2};
    pipe_.restart();
    take(text.substr(0, split));
    take(text.substr(split));
    EXPECT_EQ(sent(), "--valud--valud-") << split;
  }
  EXPECT_EQ(counts_.corrupted_bytes, 2 * (text.size() + 1));
  faults_ = {.corrupt_text = "v", .times = 1};
  take("vv");
  EXPECT_EQ(sent(), "wv");
}

TEST_F(ProxyPipeTest, delays) {
  faults_ = {.delay = 5ms};
  take("abc");
  pipe_.take("def", start_ + 1ms);
  EXPECT_EQ(pipe_.due(), start_ + 5ms);
  EXPECT_EQ(sent(start_ + 4ms), "");
  EXPECT_EQ(sent(start_ + 5ms), "abc");
  EXPECT_EQ(sent(start_ + 6ms), "def");
  EXPECT_EQ(counts_.delayed_chunks, 2U);
}

TEST_F(ProxyPipeTest, nothing_overtakes_when_a_delay_ends) {
  faults_ = {.delay = 5ms};
  take("abc");
  faults_ = {};
  pipe_.take("def", start_ + 1ms);
  EXPECT_EQ(sent(start_ + 4ms), "");
  EXPECT_EQ(sent(start_ + 5ms), "abcdef");
}

TEST_F(ProxyPipeTest, slices_and_spreads_them_out) {
  faults_ = {.slice = 2};
  take("abcde");
  EXPECT_EQ(writes(start_), (std::vector<std::string>{"ab", "cd", "e"}));
  faults_ = {.delay = 1ms, .slice = 2};
  take("abcd");
  EXPECT_EQ(sent(start_ + 1ms), "ab");
  EXPECT_EQ(sent(start_ + 2ms), "cd");
  EXPECT_EQ(counts_.slices, 5U);
}

TEST_F(ProxyPipeTest, a_black_hole_takes_everything_even_the_end) {
  take("a");
  faults_ = {.black_hole = true};
  take("bcd");
  pipe_.end();
  EXPECT_EQ(sent(), "a");
  EXPECT_EQ(counts_.lost_bytes, 3U);
  EXPECT_FALSE(pipe_.is_over());
  faults_ = {};
  EXPECT_TRUE(pipe_.is_over());
}

TEST_F(ProxyPipeTest, holds_until_it_is_lifted) {
  take("a");
  faults_ = {.hold = true};
  EXPECT_FALSE(pipe_.wants_bytes());
  EXPECT_FALSE(pipe_.due().has_value());
  EXPECT_EQ(sent(), "");
  faults_ = {};
  EXPECT_TRUE(pipe_.wants_bytes());
  EXPECT_EQ(sent(), "a");
}

TEST_F(ProxyPipeTest, takes_no_more_than_its_bound_unsent) {
  const std::string much(ProxyPipe::kMostWaiting / 2, 'x');
  take(much);
  EXPECT_TRUE(pipe_.wants_bytes());
  take(much);
  EXPECT_FALSE(pipe_.wants_bytes());
  pipe_.sent(1);
  EXPECT_TRUE(pipe_.wants_bytes());
}

}  // namespace
}  // namespace larder::servers
