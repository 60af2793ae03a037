// The list of settings, for people or as Markdown.
#include "cli/settings_command.h"

#include <iostream>
#include <memory>

#include "larder/config.h"

namespace larder::cli {
namespace {

void print_settings(bool markdown) {
  if (markdown) {
    std::cout << settings_markdown();
    return;
  }
  for (const SettingDescription& setting : describe_settings()) {
    std::cout << setting.name << " = " << setting.default_value << "\n    " << setting.meaning
              << "\n    accepted: " << setting.accepted << "\n    variable: " << setting.variable
              << "\n";
  }
}

}  // namespace

void add_settings_command(CLI::App& app) {
  CLI::App* command = app.add_subcommand("settings", "Print the settings of a cache");
  auto markdown = std::make_shared<bool>(false);
  command->add_flag("--markdown", *markdown, "As a Markdown table");
  command->callback([markdown] { print_settings(*markdown); });
}

}  // namespace larder::cli
