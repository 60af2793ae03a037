// Config: the layers laid over each other, and the descriptions of all settings.
//
// Thread safety: values; the layers that copies share are immutable.
#include "larder/config.h"

#include <cstddef>
#include <cstdio>
#include <memory>
#include <unistd.h>
#include <utility>

#include "config/layers.h"

namespace larder {
namespace {

void apply(const config::Assignments& assignments, CacheSettings& settings) {
  for (const config::Assignment& assignment : assignments) {
    config::assign(*assignment.field, assignment.value, settings);  // accepted when it was read
  }
}

void apply(const config::AssignmentsByName& layer, std::string_view name, CacheSettings& settings) {
  if (const auto found = layer.find(name); found != layer.end()) apply(found->second, settings);
}

std::vector<std::string_view> process_variables() {
  std::vector<std::string_view> variables;
  for (char** variable = environ; variable != nullptr && *variable != nullptr; ++variable) {
    variables.emplace_back(*variable);
  }
  return variables;
}

// At most one byte more than the limit, so that the caller sees when there is more.
Result<std::string> read_text(const std::string& path) {
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(std::fopen(path.c_str(), "rb"),
                                                             &std::fclose);
  std::string text(Config::kMaxFileBytes + 1, '\0');
  if (file != nullptr) text.resize(std::fread(text.data(), 1, text.size(), file.get()));
  if (file == nullptr || std::ferror(file.get()) != 0) {
    return Error(Errc::invalid_config, path + ": cannot be read");
  }
  if (text.size() > Config::kMaxFileBytes) {
    return Error(Errc::invalid_config,
                 path + ": longer than " + std::to_string(Config::kMaxFileBytes) + " bytes");
  }
  return text;
}

config::FileLayers read_file_layers(const std::string& path, std::string_view program_table,
                                    std::vector<std::string>& problems) {
  const Result<std::string> text = read_text(path);
  if (!text) {
    problems.emplace_back(text.error().message());
    return {};
  }
  std::vector<std::string> found;
  config::FileLayers layers = config::read_toml(*text, program_table, found);
  for (const std::string& problem : found) problems.push_back(path + ": " + problem);
  return layers;
}

}  // namespace

Config::Config() : layers_(std::make_shared<const Layers>()) {}

Config::Config(std::shared_ptr<const Layers> layers) noexcept : layers_(std::move(layers)) {}

Result<Config> Config::parse_toml(std::string_view text, std::string_view program_table) {
  std::vector<std::string> problems;
  config::FileLayers file = config::read_toml(text, program_table, problems);
  if (Result<void> checked = check_config(problems); !checked) return checked.error();
  return Config(std::make_shared<const Layers>(
      Layers{std::move(file.defaults), std::move(file.caches), {}, {}, std::move(file.program)}));
}

Result<Config> Config::read_file(const std::string& path, std::string_view program_table) {
  std::vector<std::string> problems;
  config::FileLayers file = read_file_layers(path, program_table, problems);
  if (Result<void> checked = check_config(problems); !checked) return checked.error();
  return Config(std::make_shared<const Layers>(
      Layers{std::move(file.defaults), std::move(file.caches), {}, {}, std::move(file.program)}));
}

Result<Config> Config::load(const std::string& path) {
  std::vector<std::string> problems;
  config::FileLayers file;
  if (!path.empty()) file = read_file_layers(path, {}, problems);
  config::VariableLayers variables = config::read_variables(process_variables(), problems);
  if (Result<void> checked = check_config(problems); !checked) return checked.error();
  return Config(std::make_shared<const Layers>(Layers{std::move(file.defaults),
                                                      std::move(file.caches),
                                                      std::move(variables.defaults),
                                                      std::move(variables.caches),
                                                      {}}));
}

Result<void> Config::apply_environment() { return apply_environment(process_variables()); }

Result<void> Config::apply_environment(std::span<const std::string_view> variables) {
  std::vector<std::string> problems;
  config::VariableLayers layers = config::read_variables(variables, problems);
  if (Result<void> checked = check_config(problems); !checked) return checked;
  Layers changed = *layers_;
  changed.variable_defaults = std::move(layers.defaults);
  changed.variable_caches = std::move(layers.caches);
  layers_ = std::make_shared<const Layers>(std::move(changed));
  return {};
}

Result<CacheSettings> Config::settings_for(std::string_view name) const {
  CacheSettings settings;
  apply(layers_->file_defaults, settings);
  apply(layers_->file_caches, name, settings);
  apply(layers_->variable_defaults, settings);
  apply(layers_->variable_caches, config::variable_name(name), settings);
  if (Result<void> checked = check_config(settings.problems()); !checked) return checked.error();
  return settings;
}

std::vector<std::string> Config::cache_names() const {
  std::vector<std::string> names;
  for (const auto& [name, assignments] : layers_->file_caches) names.push_back(name);
  return names;
}

const std::map<std::string, std::string>& Config::program_settings() const {
  return layers_->program;
}

std::vector<SettingDescription> describe_settings() {
  std::vector<SettingDescription> descriptions;
  const CacheSettings defaults;
  for (const config::Field& field : config::fields()) {
    descriptions.push_back(
        {.name = std::string(field.name),
         .default_value = config::print(field, defaults),
         .accepted = config::accepted(field),
         .meaning = std::string(field.meaning),
         .variable = std::string(config::kVariablePrefix) + config::variable_name(field.name)});
  }
  return descriptions;
}

std::string settings_markdown() {
  std::string table =
      "| setting | default | accepted | meaning | variable |\n|---|---|---|---|---|\n";
  for (const SettingDescription& setting : describe_settings()) {
    table += "| `" + setting.name + "` | `" + setting.default_value + "` | " + setting.accepted +
             " | " + setting.meaning + " | `" + setting.variable + "` |\n";
  }
  return table;
}

}  // namespace larder
