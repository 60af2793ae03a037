// Tests of Config: TOML, variables, layers, complete reports, and sources of random bytes.
//
// Thread safety: single-threaded; one test sets a variable of the process.
#include "larder/config.h"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <map>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/prng.h"

namespace larder {
namespace {

using namespace std::chrono_literals;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr std::string_view kFile = R"(
[defaults]
default_ttl = "1h"
max_entries = 5_000
[caches.sessions]
max_entries = "200"
max_bytes = "64MiB"
on_full = "reject"
secure_wipe = true
timing_floor = "5 ms"
[caches."user profiles"]
provider = "null"
max_bytes = 1048576
default_ttl = "forever"
)";

Config parsed(std::string_view text) {
  Result<Config> config = Config::parse_toml(text);
  EXPECT_TRUE(config.ok()) << config.error().message();
  return *config;
}

CacheSettings settings(const Config& config, std::string_view name) {
  Result<CacheSettings> found = config.settings_for(name);
  EXPECT_TRUE(found.ok());
  return *found;
}

std::string complaint(std::string_view text) {
  const Result<Config> config = Config::parse_toml(text);
  EXPECT_EQ(config.code(), Errc::invalid_config) << text;
  return config ? std::string() : std::string(config.error().message());
}

class TemporaryFile {
 public:
  explicit TemporaryFile(std::string_view text)
      : path_(::testing::TempDir() + "larder_config_XXXXXX") {
    const int descriptor = mkstemp(path_.data());
    EXPECT_GE(descriptor, 0);
    std::ofstream(path_, std::ios::binary) << text;
    if (descriptor >= 0) fclose(fdopen(descriptor, "r"));
  }
  ~TemporaryFile() { std::remove(path_.c_str()); }
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

TEST(ConfigTest, an_empty_config_gives_the_defaults) {
  const CacheSettings found = settings(Config(), "anything");
  EXPECT_EQ(found.max_entries, CacheSettings{}.max_entries);
  EXPECT_EQ(found.default_ttl, CacheSettings{}.default_ttl);
  EXPECT_TRUE(Config::parse_toml("").ok());
}

TEST(ConfigTest, case_224_each_field_holds_its_value) {
  const Config config = parsed(kFile);
  const CacheSettings sessions = settings(config, "sessions");
  EXPECT_EQ(sessions.default_ttl, Ttl(1h));
  EXPECT_EQ(sessions.max_entries, 200U);
  EXPECT_EQ(sessions.max_bytes, 64U << 20);
  EXPECT_EQ(sessions.on_full, OnFull::reject);
  EXPECT_TRUE(sessions.secure_wipe);
  EXPECT_EQ(sessions.timing_floor, 5ms);
  const CacheSettings profiles = settings(config, "user profiles");
  EXPECT_EQ(profiles.provider, "null");
  EXPECT_EQ(profiles.default_ttl, Ttl::forever());
  EXPECT_EQ(profiles.max_entries, 5'000U);
  EXPECT_EQ(settings(config, "other").default_ttl, Ttl(1h));
  EXPECT_THAT(config.cache_names(), ElementsAre("sessions", "user profiles"));
}

TEST(ConfigTest, every_described_setting_is_read_from_both_sources) {
  for (const SettingDescription& setting : describe_settings()) {
    const std::string quote =
        setting.default_value == "true" || setting.default_value == "false" ? "" : "\"";
    EXPECT_TRUE(Config::parse_toml("[defaults]\n" + setting.name + " = " + quote +
                                   setting.default_value + quote)
                    .ok())
        << setting.name;
    Config config;
    const std::string variable = setting.variable + "=" + setting.default_value;
    EXPECT_TRUE(config.apply_environment(std::vector<std::string_view>{variable}).ok())
        << setting.name;
  }
}

TEST(ConfigTest, variables_win_over_the_file_and_named_ones_over_general_ones) {
  Config config = parsed(kFile);
  const std::vector<std::string_view> variables = {"PATH=/bin", "LARDER_MAX_ENTRIES=77",
                                                   "LARDER_USER_PROFILES_MAX_ENTRIES=88",
                                                   "LARDER_SESSIONS_METRICS=false", "LARDERS_X=1"};
  ASSERT_TRUE(config.apply_environment(variables).ok());
  EXPECT_EQ(settings(config, "sessions").max_entries, 77U);
  EXPECT_FALSE(settings(config, "sessions").metrics);
  EXPECT_EQ(settings(config, "user profiles").max_entries, 88U);
  EXPECT_TRUE(settings(config, "user profiles").metrics);
  EXPECT_EQ(settings(config, "sessions").max_bytes, 64U << 20);
}

TEST(ConfigTest, rule_19_all_problems_of_a_file_come_at_once) {
  const std::string message = complaint(R"(
[defaults]
shards = 0
shard = 4
[caches.sessions]
default_ttl = "soon"
max_bytes = -5
track_access = "true"
on_full = ["evict"]
[service]
port = 1
)");
  EXPECT_THAT(message, AllOf(HasSubstr("defaults.shards: '0'"), HasSubstr("1 to 4096"),
                             HasSubstr("defaults.shard: unknown setting"),
                             HasSubstr("caches.sessions.default_ttl: 'soon'"),
                             HasSubstr("caches.sessions.max_bytes: '-5'"),
                             HasSubstr("caches.sessions.track_access: 'true'"),
                             HasSubstr("caches.sessions.on_full: 'array'"),
                             HasSubstr("service: unknown key")));
}

TEST(ConfigTest, tables_of_another_kind_are_problems) {
  EXPECT_THAT(complaint("defaults = 4"), HasSubstr("defaults: a integer"));
  EXPECT_THAT(complaint("caches = \"x\""), HasSubstr("caches: a string"));
  EXPECT_THAT(complaint("[caches]\nsessions = 4"), HasSubstr("caches.sessions"));
  EXPECT_THAT(complaint("[defaults]\nshards = 1.5"), HasSubstr("floating-point"));
}

TEST(ConfigTest, a_syntax_error_names_its_place) {
  EXPECT_THAT(complaint("[defaults]\nshards = = 4"), HasSubstr("line 2"));
}

TEST(ConfigTest, case_193_a_bad_number_in_a_variable_is_an_error_never_a_default) {
  Config config = parsed(kFile);
  const std::vector<std::string_view> variables = {"LARDER_MAX_ENTRIES=many", "LARDER_SHARDS",
                                                   "LARDER_SHARD=4", "LARDER__SHARDS=4",
                                                   "LARDER_METRICS=perhaps"};
  const Result<void> applied = config.apply_environment(variables);
  ASSERT_EQ(applied.code(), Errc::invalid_config);
  EXPECT_THAT(std::string(applied.error().message()),
              AllOf(HasSubstr("LARDER_MAX_ENTRIES: 'many'"), HasSubstr("from 1"),
                    HasSubstr("LARDER_SHARDS: ''"), HasSubstr("LARDER_SHARD: unknown"),
                    HasSubstr("LARDER__SHARDS: unknown"), HasSubstr("LARDER_METRICS: 'perhaps'")));
  EXPECT_EQ(settings(config, "sessions").max_entries, 200U) << "a refused source changes nothing";
}

TEST(ConfigTest, files_are_read_and_their_path_is_named) {
  const TemporaryFile good(kFile);
  Result<Config> config = Config::read_file(good.path());
  ASSERT_TRUE(config.ok());
  EXPECT_EQ(settings(*config, "sessions").max_entries, 200U);
  const TemporaryFile bad("[defaults]\nshards = 0\nmetrics = 1");
  config = Config::read_file(bad.path());
  ASSERT_FALSE(config.ok());
  EXPECT_THAT(std::string(config.error().message()),
              AllOf(HasSubstr(bad.path() + ": defaults.shards"),
                    HasSubstr(bad.path() + ": defaults.metrics")));
}

TEST(ConfigTest, missing_directories_and_long_files_are_refused) {
  for (const std::string& path : {::testing::TempDir(), ::testing::TempDir() + "larder/absent"}) {
    EXPECT_EQ(Config::read_file(path).code(), Errc::invalid_config) << path;
  }
  const TemporaryFile longest(std::string(Config::kMaxFileBytes, '\n'));
  EXPECT_TRUE(Config::read_file(longest.path()).ok());
  const TemporaryFile longer(std::string(Config::kMaxFileBytes + 1, '\n'));
  const Result<Config> refused = Config::read_file(longer.path());
  ASSERT_FALSE(refused.ok());
  EXPECT_THAT(std::string(refused.error().message()), HasSubstr("longer than 1048576 bytes"));
}

TEST(ConfigTest, load_reports_the_problems_of_file_and_variables_together) {
  const TemporaryFile file("[caches.a]\nshards = 0");
  ASSERT_EQ(setenv("LARDER_SWEEP_BATCH", "0", 1), 0);
  const Result<Config> both = Config::load(file.path());
  const Result<Config> variables_only = Config::load("");
  ASSERT_EQ(setenv("LARDER_SWEEP_BATCH", "512", 1), 0);
  const Result<Config> good = Config::load("");
  ASSERT_EQ(unsetenv("LARDER_SWEEP_BATCH"), 0);
  ASSERT_FALSE(both.ok());
  EXPECT_THAT(std::string(both.error().message()),
              AllOf(HasSubstr("caches.a.shards"), HasSubstr("LARDER_SWEEP_BATCH: '0'")));
  EXPECT_FALSE(variables_only.ok());
  ASSERT_TRUE(good.ok());
  EXPECT_EQ(settings(*good, "a").sweep_batch, 512U);
}

constexpr std::string_view kLetters[] = {"\u00a0", "\u00e9", "\u0416", "\u65e5", "\U0001f511"};

// Random bytes and damaged files: either a valid config or a message, never a crash; what is
// accepted is within the ranges.
TEST(ConfigTest, any_bytes_give_a_config_or_a_message) {
  base::Prng random(4'711);
  int accepted = 0;
  for (int round = 0; round < 4'000; ++round) {
    std::string text(kFile);
    const std::size_t edits = 1 + random.below(4);
    for (std::size_t i = 0; i < edits && !text.empty(); ++i) {
      const std::size_t at = random.below(text.size());
      switch (random.below(5)) {
        case 0:
          text[at] = static_cast<char>(random.below(256));
          break;
        case 1:
          text.erase(at, 1 + random.below(8));
          break;
        case 2:
          text.insert(at, kLetters[random.below(std::size(kLetters))]);
          break;
        case 3:
          text.insert(at, 1, "\"[]=#\n .0a"[random.below(10)]);
          break;
        default:
          std::swap(text[at], text[random.below(text.size())]);
          break;
      }
    }
    const Result<Config> config = Config::parse_toml(text);
    if (config.ok()) {
      ++accepted;
      for (const std::string& name : config->cache_names()) {
        EXPECT_TRUE(settings(*config, name).problems().empty());
      }
    } else {
      EXPECT_FALSE(config.error().message().empty());
    }
  }
  EXPECT_GT(accepted, 50);
  EXPECT_LT(accepted, 3'950);
  for (int round = 0; round < 2'000; ++round) {
    std::string bytes(random.below(64), '\0');
    for (char& byte : bytes) byte = static_cast<char>(random.below(256));
    const Result<Config> config = Config::parse_toml(bytes);
    EXPECT_TRUE(config.ok() || !config.error().message().empty());
    const std::string variable = "LARDER_SHARDS=" + bytes;
    Config changed;
    EXPECT_TRUE(changed.apply_environment(std::vector<std::string_view>{variable}).ok() ||
                settings(changed, "x").shards == 128U);
  }
}

TEST(ConfigTest, malformed_headers_are_refused) {
  for (const char* text : {"[.a]", "[=]", "[[.a]]", "[a.]", "[", "[[", "[\"a", "[a]]", "= 1"}) {
    EXPECT_FALSE(complaint(text).empty()) << text;
  }
}

TEST(ConfigTest, names_and_remarks_are_of_any_language) {
  const Config config =
      parsed("# caf\u00e9 \u65e5\u672c\n[caches.\"\u00e9\u65e5 \u00a0\"]\nshards = 2 # \u0416");
  EXPECT_EQ(settings(config, "\u00e9\u65e5 \u00a0").shards, 2U);
  EXPECT_FALSE(complaint("[caches.\u00e9]\nshards = 2").empty()) << "bare keys are ASCII";
}

TEST(ConfigTest, deep_nesting_is_refused_without_overflow) {
  EXPECT_FALSE(Config::parse_toml("[defaults]\nshards = " + std::string(100'000, '[')).ok());
}

TEST(ConfigTest, a_program_keeps_a_table_of_its_own) {
  constexpr std::string_view kText =
      "[serve]\nport = 8_080\naddress = \"::1\"\ncheck = true\n[defaults]\nshards = 2";
  const Result<Config> config = Config::parse_toml(kText, "serve");
  ASSERT_TRUE(config.ok()) << config.error().message();
  using Program = std::map<std::string, std::string>;
  EXPECT_EQ(config->program_settings(),
            (Program{{"address", "::1"}, {"check", "true"}, {"port", "8080"}}));
  EXPECT_EQ(settings(*config, "any").shards, 2U);

  EXPECT_FALSE(Config::parse_toml(kText).ok()) << "nobody named the table";
  EXPECT_FALSE(Config::parse_toml(kText, "server").ok());
  const Result<Config> refused = Config::parse_toml("[serve]\nport = 1.5\nhosts = []", "serve");
  ASSERT_FALSE(refused.ok());
  for (const char* key : {"serve.port", "serve.hosts"}) {
    EXPECT_NE(refused.error().message().find(key), std::string_view::npos) << key;
  }
}

// With UPDATE_DOCS set, writes the table instead of comparing it.
TEST(ConfigTest, the_reference_in_the_documentation_is_the_table) {
  constexpr std::string_view kBegin = "<!-- settings: begin -->\n";
  constexpr std::string_view kEnd = "<!-- settings: end -->";
  const std::string path = std::string(LARDER_SOURCE_FOLDER) + "/docs/configuration.md";
  std::ifstream file(path);
  ASSERT_TRUE(file) << path;
  std::string page{std::istreambuf_iterator<char>(file), {}};
  const std::size_t begin = page.find(kBegin);
  const std::size_t end = page.find(kEnd);
  ASSERT_NE(begin, std::string::npos);
  ASSERT_NE(end, std::string::npos);
  const std::size_t from = begin + kBegin.size();
  if (std::getenv("UPDATE_DOCS") != nullptr) {
    page.replace(from, end - from, settings_markdown());
    std::ofstream(path) << page;
    return;
  }
  EXPECT_EQ(page.substr(from, end - from), settings_markdown())
      << "run config_test with UPDATE_DOCS=1";
}

}  // namespace
}  // namespace larder
