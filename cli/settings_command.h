// `larder settings`: prints what a cache can be told by TOML and by variables.
// Thread safety: called once, from the main thread.
#pragma once

#include <CLI/App.hpp>

namespace larder::cli {

void add_settings_command(CLI::App& app);

}  // namespace larder::cli
