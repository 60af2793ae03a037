// larder: the command. Its subcommands register themselves on one CLI11 application.
#include <CLI/CLI.hpp>

#include "bench/commands.h"
#include "cli/serve_command.h"
#include "cli/settings_command.h"
#include "cli/version.h"

namespace {
constexpr int kUsage = 2;
}

int main(int argc, char** argv) {
  CLI::App app("Larder: a typed, thread-safe cache for C++ services");
  app.set_version_flag("--version", "larder " + std::string(larder::cli::kVersion));
  app.set_help_all_flag("--help-all", "Print the help of all commands and exit");
  app.require_subcommand(1);

  int exit_code = 0;
  larder::cli::add_serve_command(app, exit_code);
  larder::cli::add_settings_command(app);
  larder::bench::add_bench_command(app, exit_code);
  larder::bench::add_replay_command(app, exit_code);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& refused) {
    return app.exit(refused) == 0 ? 0 : kUsage;
  }
  return exit_code;
}
