// Rule 19: configuration.
//
// Thread safety: tests.
#include "helpers.h"
#include "larder/config.h"

namespace larder::contract {
namespace {

using Options = CacheOptions<std::string>;

LARDER_CONTRACT(rule_19_every_option_is_taken_case_224, kAnyEngine | kPlainOptions) {
  const auto parsed = Config::parse_toml(R"(
    [defaults]
    default_ttl = "1h"
    [caches.sessions]
    max_entries = 100_000
    max_bytes = 5_000_000
    on_full = "reject"
    shards = 16
    track_access = true
    secure_wipe = true
  )");
  ASSERT_TRUE(succeeds(parsed));
  const CacheSettings settings = parsed->settings_for("sessions").value();
  EXPECT_EQ(settings.default_ttl, Ttl(1h));
  EXPECT_EQ(settings.max_entries, 100'000U);
  EXPECT_EQ(settings.max_bytes, 5'000'000U);
  EXPECT_EQ(settings.on_full, OnFull::reject);
  EXPECT_EQ(settings.shards, 16U);
  EXPECT_TRUE(settings.track_access);
  EXPECT_TRUE(settings.secure_wipe);
  EXPECT_EQ(parsed->settings_for("others")->max_entries, CacheSettings{}.max_entries);
}

LARDER_CONTRACT(rule_19_the_environment_is_laid_over, kAnyEngine | kPlainOptions) {
  Config config;
  const std::vector<std::string_view> variables = {"LARDER_MAX_ENTRIES=7",
                                                   "LARDER_SESSIONS_MAX_ENTRIES=9", "PATH=/bin"};
  ASSERT_TRUE(succeeds(config.apply_environment(variables)));
  EXPECT_EQ(config.settings_for("any")->max_entries, 7U);
  EXPECT_EQ(config.settings_for("sessions")->max_entries, 9U);
  const std::vector<std::string_view> bad = {"LARDER_MAX_ENTRIES=many"};
  const auto refused = config.apply_environment(bad);
  ASSERT_TRUE(fails(refused, Errc::invalid_config));
  EXPECT_NE(refused.error().message().find("LARDER_MAX_ENTRIES"), std::string_view::npos)
      << refused.error().message();
  EXPECT_EQ(config.settings_for("any")->max_entries, 7U);
}

LARDER_CONTRACT(rule_19_all_problems_are_reported_by_field_and_range, kAnyEngine) {
  Options options = t.options<std::string>();
  options.settings.max_entries = 0;
  options.settings.default_ttl = Ttl(0s);
  options.settings.shards = 0;
  options.settings.sweep_batch = 0;
  options.settings.max_load_time = 0ms;
  options.settings.timing_floor = -1ns;
  options.indexes = {index("", [](const std::string& value) { return value; }),
                     index("twice", [](const std::string& value) { return value; }),
                     index("twice", [](const std::string& value) { return value; })};
  const auto valid = options.validate();
  ASSERT_TRUE(fails(valid, Errc::invalid_config));
  const auto opened = t.manager().open<std::string>("bad", options);
  ASSERT_TRUE(fails(opened, Errc::invalid_config));
  for (const std::string_view message : {valid.error().message(), opened.error().message()}) {
    for (const std::string_view field : {"max_entries", "default_ttl", "shards", "sweep_batch",
                                         "max_load_time", "timing_floor", "indexes", "twice"}) {
      EXPECT_NE(message.find(field), std::string_view::npos) << field << " in: " << message;
    }
  }
  EXPECT_TRUE(t.manager().names().empty());
}

LARDER_CONTRACT(rule_19_each_bad_value_is_refused_alone, kAnyEngine) {
  const std::vector<std::pair<std::string_view, std::function<void(CacheSettings&)>>> mistakes = {
      {"max_entries", [](CacheSettings& s) { s.max_entries = 0; }},
      {"max_bytes", [](CacheSettings& s) { s.max_bytes = 0; }},
      {"shards", [](CacheSettings& s) { s.shards = 4'097; }},
      {"provider", [](CacheSettings& s) { s.provider = ""; }},
      {"default_ttl", [](CacheSettings& s) { s.default_ttl = Ttl(-1s); }},
      {"default_ttl", [](CacheSettings& s) { s.default_ttl = Ttl::keep(); }},
      {"max_load_time", [](CacheSettings& s) { s.max_load_time = 25h; }},
      {"timing_floor", [](CacheSettings& s) { s.timing_floor = 11s; }},
      {"sweep_interval", [](CacheSettings& s) { s.sweep_interval = 0ms; }},
      {"sweep_batch", [](CacheSettings& s) { s.sweep_batch = 1'000'001; }},
      {"sweep_time", [](CacheSettings& s) { s.sweep_time = 11s; }},
  };
  for (const auto& [field, make] : mistakes) {
    Options options = t.options<std::string>();
    make(options.settings);
    const auto refused = t.manager().open<std::string>("bad", options);
    ASSERT_TRUE(fails(refused, Errc::invalid_config)) << field;
    EXPECT_NE(refused.error().message().find(field), std::string_view::npos)
        << refused.error().message();
  }
}

LARDER_CONTRACT(rule_19_settings_from_a_file_open_a_cache, kStores) {
  const auto config = Config::parse_toml("[caches.names]\ndefault_ttl = \"50ms\"\n");
  ASSERT_TRUE(succeeds(config));
  const auto cache = t.open([&](Options& options) {
    options.settings = config->settings_for("names").value();
    t.place(options.settings);
  });
  EXPECT_TRUE(succeeds(cache.set("k", "v")));
  t.advance(50ms);
  EXPECT_TRUE(cache.get("k").miss());
}

LARDER_CONTRACT(rule_19_names_of_caches_are_checked, kAnyEngine) {
  EXPECT_TRUE(
      fails(t.manager().open<std::string>("", t.options<std::string>()), Errc::invalid_argument));
}

}  // namespace
}  // namespace larder::contract
