// The measuring commands of the `larder` program: `bench` and `replay`. Used by cli/.
//
// Thread safety: called once each, by the thread that parses the command line.
#pragma once

namespace CLI {
class App;
}

namespace larder::bench {

// Adds `bench` to `app`. Parsing a command line that names it runs it; `exit_code` is what the
// program should end with: 0 when all went well, 1 when a value was wrong or an operation failed.
void add_bench_command(CLI::App& app, int& exit_code);

// Adds `replay` to `app`, in the same way.
void add_replay_command(CLI::App& app, int& exit_code);

}  // namespace larder::bench
