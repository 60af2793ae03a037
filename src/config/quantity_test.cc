// Tests of durations and sizes: exact forms, refusals, and printing as the inverse of reading.
//
// Thread safety: single-threaded.
#include "config/quantity.h"

#include <cstdint>
#include <limits>
#include <string>

#include <gtest/gtest.h>

#include "base/prng.h"

namespace larder::config {
namespace {

constexpr std::int64_t kSecondNs = 1'000'000'000;

TEST(QuantityTest, reads_durations_with_and_without_blanks) {
  EXPECT_EQ(parse_duration_ns("7ns"), 7);
  EXPECT_EQ(parse_duration_ns("3us"), 3'000);
  EXPECT_EQ(parse_duration_ns("250ms"), 250'000'000);
  EXPECT_EQ(parse_duration_ns("30s"), 30 * kSecondNs);
  EXPECT_EQ(parse_duration_ns("5 min"), 300 * kSecondNs);
  EXPECT_EQ(parse_duration_ns("2h"), 7'200 * kSecondNs);
  EXPECT_EQ(parse_duration_ns("7d"), 604'800 * kSecondNs);
  EXPECT_EQ(parse_duration_ns("0s"), 0);
}

TEST(QuantityTest, refuses_durations_that_are_not_one_whole_number_with_a_unit) {
  for (const char* text : {"", "s", "5", "5 ", " 5s", "5s ", "-5s", "+5s", "1.5s", "5m", "5 weeks",
                           "5ss", "5S", "1h 30min", "5\ts", "0x5s"}) {
    EXPECT_EQ(parse_duration_ns(text), std::nullopt) << text;
  }
}

TEST(QuantityTest, refuses_durations_beyond_64_bits) {
  EXPECT_EQ(parse_duration_ns("9223372036854775807ns"), std::numeric_limits<std::int64_t>::max());
  EXPECT_EQ(parse_duration_ns("9223372036854775808ns"), std::nullopt);
  EXPECT_EQ(parse_duration_ns("106752d"), std::nullopt);
  EXPECT_EQ(parse_duration_ns("99999999999999999999999s"), std::nullopt);
}

TEST(QuantityTest, reads_sizes_in_both_families_of_units) {
  EXPECT_EQ(parse_count("1000", true), 1'000U);
  EXPECT_EQ(parse_count("12B", true), 12U);
  EXPECT_EQ(parse_count("64MiB", true), 64U << 20);
  EXPECT_EQ(parse_count("64 MB", true), 64'000'000U);
  EXPECT_EQ(parse_count("1TiB", true), std::uint64_t{1} << 40);
  EXPECT_EQ(parse_count("16777216TiB", true), std::nullopt);
  EXPECT_EQ(parse_count("64mib", true), std::nullopt);
  EXPECT_EQ(parse_count("64MiB", false), std::nullopt);
  EXPECT_EQ(parse_count("18446744073709551615", false), std::numeric_limits<std::uint64_t>::max());
  EXPECT_EQ(parse_count("18446744073709551616", false), std::nullopt);
  EXPECT_EQ(parse_count("-1", false), std::nullopt);
}

TEST(QuantityTest, prints_the_largest_unit_that_stays_exact) {
  EXPECT_EQ(print_duration(0), "0s");
  EXPECT_EQ(print_duration(604'800 * kSecondNs), "7d");
  EXPECT_EQ(print_duration(90 * 60 * kSecondNs), "90min");
  EXPECT_EQ(print_duration(1'500'000'000), "1500ms");
  EXPECT_EQ(print_duration(-kSecondNs), "-1s");
  EXPECT_EQ(print_count(0, true), "0B");
  EXPECT_EQ(print_count(64U << 20, true), "64MiB");
  EXPECT_EQ(print_count(1'000, true), "1000B");
  EXPECT_EQ(print_count(1'024, false), "1024");
}

TEST(QuantityTest, what_is_printed_is_read_back) {
  base::Prng random(20'240);
  for (int round = 0; round < 20'000; ++round) {
    const std::uint64_t number = random() >> random.below(64);
    const auto span_ns = static_cast<std::int64_t>(number >> 1);
    EXPECT_EQ(parse_duration_ns(print_duration(span_ns)), span_ns);
    EXPECT_EQ(parse_count(print_count(number, true), true), number);
    EXPECT_EQ(parse_count(print_count(number, false), false), number);
  }
}

}  // namespace
}  // namespace larder::config
