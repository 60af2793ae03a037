// `larder serve`: reads its settings from flags, variables and a TOML file, and starts the session
// service.
// Thread safety: called once, from the main thread.
#pragma once

#include <CLI/App.hpp>

namespace larder::cli {

// Sets `exit_code` when the command has run: 2 for settings that are refused.
void add_serve_command(CLI::App& app, int& exit_code);

}  // namespace larder::cli
