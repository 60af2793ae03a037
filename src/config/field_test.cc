// Tests of the table of settings: complete, consistent with CacheSettings, ranges enforced.
//
// Thread safety: single-threaded.
#include "config/field.h"

#include <chrono>
#include <set>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "config/layers.h"

namespace larder::config {
namespace {

using namespace std::chrono_literals;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

// Fails to compile when CacheSettings gets or loses a field: then the table needs one as well.
std::size_t fields_of_settings(const CacheSettings& settings) {
  const auto& [provider, default_ttl, max_entries, max_bytes, on_full, shards, max_load_time,
               track_access, secure_wipe, timing_floor, sweep_interval, sweep_batch, sweep_time,
               metrics, redis_url, redis_connections, redis_timeout, redis_lease] = settings;
  return std::set<const void*>{&provider,      &default_ttl,  &max_entries,    &max_bytes,
                               &on_full,       &shards,       &max_load_time,  &track_access,
                               &secure_wipe,   &timing_floor, &sweep_interval, &sweep_batch,
                               &sweep_time,    &metrics,      &redis_url,      &redis_connections,
                               &redis_timeout, &redis_lease}
      .size();
}

TEST(FieldTest, the_table_has_every_field_of_the_settings_once) {
  std::set<std::string_view> names;
  for (const Field& field : fields()) names.insert(field.name);
  EXPECT_EQ(names.size(), fields().size());
  EXPECT_EQ(fields().size(), fields_of_settings(CacheSettings{}));
}

TEST(FieldTest, defaults_are_valid_and_are_read_back_from_their_print) {
  for (const Field& field : fields()) {
    CacheSettings settings;
    EXPECT_TRUE(is_valid(field, settings)) << field.name;
    const std::string text = print(field, settings);
    EXPECT_TRUE(assign(field, {RawValue::Kind::kVariable, text}, settings)) << field.name;
    EXPECT_EQ(print(field, settings), text);
    EXPECT_FALSE(accepted(field).empty());
    EXPECT_TRUE(field.meaning.ends_with(".")) << field.name;
  }
}

TEST(FieldTest, no_name_ends_in_another) {
  for (const Field& longer : fields()) {
    for (const Field& shorter : fields()) {
      EXPECT_FALSE(longer.name.ends_with("_" + std::string(shorter.name)))
          << longer.name << " " << shorter.name;
    }
  }
}

TEST(FieldTest, rule_19_valid_settings_have_no_problem) {
  EXPECT_THAT(CacheSettings{}.problems(), IsEmpty());
  CacheSettings settings;
  settings.default_ttl = Ttl::forever();
  settings.max_entries = 1;
  settings.max_bytes = 1;
  settings.timing_floor = 10s;
  EXPECT_THAT(settings.problems(), IsEmpty());
}

TEST(FieldTest, rule_19_all_problems_come_at_once_with_field_value_and_range) {
  CacheSettings settings;
  settings.provider = "";
  settings.default_ttl = 0s;
  settings.max_entries = 0;
  settings.max_bytes = 0;
  settings.on_full = static_cast<OnFull>(9);
  settings.shards = 4'097;
  settings.max_load_time = 0ms;
  settings.timing_floor = -1ns;
  settings.sweep_interval = 2h;
  settings.sweep_batch = 0;
  settings.sweep_time = 11s;
  const std::vector<std::string> problems = settings.problems();
  ASSERT_EQ(problems.size(), 11U);
  EXPECT_THAT(problems[0], HasSubstr("provider: ''"));
  EXPECT_THAT(problems[1], AllOf(HasSubstr("default_ttl"), HasSubstr("36500d")));
  EXPECT_THAT(problems[2], AllOf(HasSubstr("max_entries: '0'"), HasSubstr("from 1")));
  EXPECT_THAT(problems[4], AllOf(HasSubstr("on_full: '9'"), HasSubstr("\"reject\"")));
  EXPECT_THAT(problems[5], AllOf(HasSubstr("shards: '4097'"), HasSubstr("1 to 4096")));
  EXPECT_THAT(problems[7], AllOf(HasSubstr("timing_floor: '-1ns'"), HasSubstr("0s to 10s")));
  EXPECT_THAT(problems[8], AllOf(HasSubstr("sweep_interval: '2h'"), HasSubstr("1ms to 1h")));
}

TEST(FieldTest, extreme_durations_are_problems_without_overflow) {
  CacheSettings settings;
  settings.max_load_time = std::chrono::milliseconds::max();
  settings.sweep_interval = std::chrono::milliseconds::min();
  settings.sweep_time = -std::chrono::milliseconds::max();
  settings.timing_floor = std::chrono::nanoseconds::min();
  settings.default_ttl = std::chrono::hours::max();
  EXPECT_EQ(settings.problems().size(), 5U);
}

TEST(FieldTest, case_16_17_default_ttl_is_seven_days_and_never_zero_or_negative) {
  EXPECT_EQ(print(*find_field("default_ttl"), CacheSettings{}), "7d");
  CacheSettings settings;
  for (const Ttl ttl :
       {Ttl(0s), Ttl(-5s), Ttl(std::chrono::hours(24 * 365 * 101)), Ttl::keep(), Ttl::standard()}) {
    settings.default_ttl = ttl;
    EXPECT_EQ(settings.problems().size(), 1U);
  }
}

TEST(FieldTest, a_refused_value_changes_nothing) {
  CacheSettings settings;
  const Field& shards = *find_field("shards");
  EXPECT_FALSE(assign(shards, {RawValue::Kind::kInteger, "0"}, settings));
  EXPECT_FALSE(assign(shards, {RawValue::Kind::kInteger, "4097"}, settings));
  EXPECT_FALSE(assign(shards, {RawValue::Kind::kBoolean, "true"}, settings));
  EXPECT_FALSE(assign(shards, {RawValue::Kind::kText, "unlimited"}, settings));
  EXPECT_EQ(settings.shards, 128U);
}

TEST(FieldTest, a_duration_finer_than_its_field_is_refused) {
  CacheSettings settings;
  EXPECT_FALSE(assign(*find_field("sweep_time"), {RawValue::Kind::kText, "1500us"}, settings));
  EXPECT_TRUE(assign(*find_field("timing_floor"), {RawValue::Kind::kText, "1500us"}, settings));
  EXPECT_EQ(settings.timing_floor, 1500us);
}

TEST(FieldTest, shown_values_are_short_and_printable) {
  EXPECT_EQ(shown("a\n\xff"), "a\\x0a\\xff");
  EXPECT_EQ(shown(std::string(200, 'x')), std::string(kMaxShownBytes, 'x') + "...");
}

}  // namespace
}  // namespace larder::config
