// Config: the settings of a program's caches from a TOML file and from the environment, layered,
// with every problem reported at once; and the list of settings that documentation is made from.
// Thread safety: values; a const Config may be read from any thread.
#pragma once

#include <cstddef>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "larder/options.h"
#include "larder/result.h"

namespace larder {

/// Settings by cache name. From weakest to strongest: the defaults of CacheSettings, the table
/// `[defaults]`, the table `[caches.NAME]`, the variable `LARDER_<FIELD>`, the variable
/// `LARDER_<NAME>_<FIELD>` (the name in capitals, with `_` for all but letters and digits).
/// @code
///   [defaults]
///   default_ttl = "1h"
///   [caches.sessions]
///   max_entries = 100_000
/// @endcode
/// Unknown keys and values out of range are problems; each one names the place, the value and
/// what is accepted. A refused source changes nothing.
class Config {
 public:
  static constexpr std::size_t kMaxFileBytes = std::size_t{1} << 20;

  /// No layer: settings_for() gives the defaults.
  Config();
  Config(const Config&) = default;  // no move: an object without layers does not exist
  Config& operator=(const Config&) = default;

  /// `invalid_config`, listing every problem, or what `text` says. A program may keep settings of
  /// its own there, in one more table that it names: see program_settings().
  static Result<Config> parse_toml(std::string_view text, std::string_view program_table = {});
  /// The same for a file of at most kMaxFileBytes; the problems begin with its path.
  static Result<Config> read_file(const std::string& path, std::string_view program_table = {});
  /// A file (none where `path` is empty), then the process's environment; the problems of both
  /// come together.
  static Result<Config> load(const std::string& path);

  /// Lays the variables `LARDER_*` of the process over what is there.
  Result<void> apply_environment();
  /// The same for variables given as "NAME=value"; those without the prefix are passed over.
  Result<void> apply_environment(std::span<const std::string_view> variables);

  /// The settings of the cache `name`, named in a file or not.
  [[nodiscard]] Result<CacheSettings> settings_for(std::string_view name) const;
  /// The caches with a table of their own, sorted.
  [[nodiscard]] std::vector<std::string> cache_names() const;
  /// The program's own table: texts, whole numbers and flags by key, as text. What they mean is
  /// for the program to check.
  [[nodiscard]] const std::map<std::string, std::string>& program_settings() const;

 private:
  struct Layers;
  explicit Config(std::shared_ptr<const Layers> layers) noexcept;

  std::shared_ptr<const Layers> layers_;  // never null
};

/// One setting, for people.
struct SettingDescription {
  std::string name;           ///< the field of CacheSettings and the key in TOML
  std::string default_value;  ///< as one would write it
  std::string accepted;       ///< the range
  std::string meaning;
  std::string variable;  ///< `LARDER_<FIELD>`
};

/// All settings, in the order of CacheSettings.
std::vector<SettingDescription> describe_settings();

/// The same as a Markdown table: the reference part of docs/configuration.md.
std::string settings_markdown();

}  // namespace larder
