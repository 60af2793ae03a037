// The settings of `larder serve`, from weakest to strongest: defaults, the table [serve] of the
// file, the variables LARDER_SERVE_<SETTING>, flags. Those of the cache come from the same file and
// from the library's variables.
#include "cli/serve_command.h"

#include <algorithm>
#include <cctype>
#include <chrono>
#include <cstdint>
#include <iostream>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <unistd.h>
#include <vector>

#include <CLI/CLI.hpp>

#include "cli/version.h"
#include "larder/config.h"
#include "larder/options.h"
#include "service/serve.h"
#include "service/session_store.h"

namespace larder::cli {
namespace {

using service::ServeOptions;
using service::ServerOptions;
using Milliseconds = std::int64_t;  // for CLI11, which knows no durations

constexpr std::string_view kTable = "serve";
constexpr std::string_view kVariablePrefix = "LARDER_SERVE_";
constexpr int kRefused = 2;
constexpr Milliseconds kDay = 24 * 60 * 60 * 1000;
constexpr std::size_t kMaxThreads = 1024;
constexpr std::size_t kMaxConnections = 1'000'000;

// "session-ttl" -> "LARDER_SERVE_SESSION_TTL".
std::string variable_of(std::string_view setting) {
  std::string name(kVariablePrefix);
  for (const char c : setting) {
    name.push_back(c == '-' ? '_' : static_cast<char>(std::toupper(c)));
  }
  return name;
}

class ServeCommand {
 public:
  explicit ServeCommand(CLI::App& app);
  // The exit status.
  int run();

 private:
  template <class T>
  CLI::Option* add(const std::string& setting, T& value, const std::string& help);
  void add_duration(const std::string& setting, Milliseconds& value, Milliseconds least,
                    Milliseconds most, const std::string& help, const std::string& shown = {});

  void read_settings();
  void read_file();
  void read_variables();
  void apply(const std::string& setting, const std::string& text);
  [[nodiscard]] bool is_own_variable(std::string_view variable) const;
  [[nodiscard]] ServeOptions options() const;
  void print(const ServeOptions& options) const;

  CLI::App* command_;
  std::vector<CLI::Option*> settings_;  // which the file and variables may also give
  CLI::Option* session_ttl_option_ = nullptr;

  // arguments
  std::string file_;
  bool check_ = false;
  ServerOptions server_;
  Milliseconds session_ttl_ = 0;
  Milliseconds request_timeout_ = server_.exchange_timeout.count();
  Milliseconds idle_timeout_ = server_.idle_timeout.count();
  Milliseconds drain_timeout_ = server_.drain_timeout.count();
  std::string log_level_ = "info";
  std::string log_format_ = "text";
  // of run()
  Config config_;
  CacheSettings sessions_;
  std::vector<std::string> problems_;
};

ServeCommand::ServeCommand(CLI::App& app)
    : command_(app.add_subcommand("serve", "Run the session service over HTTP")) {
  server_.threads = std::max(1U, std::thread::hardware_concurrency());
  command_->add_option("--config", file_, "TOML file: the table [serve] and the caches' settings")
      ->envname(variable_of("config"));
  command_->add_flag("--check", check_, "Check the settings, print them and exit");
  add("address", server_.address, "IP address to listen on");
  add("port", server_.port, "Port to listen on; 0 takes any free one");
  add("threads", server_.threads, "Threads that serve; default: one per core")
      ->check(CLI::Range(std::size_t{1}, kMaxThreads));
  add("max-connections", server_.max_connections, "Connections served at once; more wait")
      ->check(CLI::Range(std::size_t{1}, kMaxConnections));
  add_duration("session-ttl", session_ttl_, 1, Ttl::kMax.count(),
               "How long a session lives after its creation and each touch", "default_ttl");
  session_ttl_option_ = settings_.back();
  add_duration("request-timeout", request_timeout_, 10, kDay,
               "Longest time from the first byte of a request to the end of its response");
  add_duration("idle-timeout", idle_timeout_, 10, kDay,
               "Longest time of a connection without a request");
  add_duration("drain-timeout", drain_timeout_, 10, kDay,
               "Longest time from SIGTERM until what is left is cut off");
  add("log-level", log_level_, "Least level that is logged")
      ->check(CLI::IsMember({"debug", "info", "warning", "error", "off"}));
  add("log-format", log_format_, "Form of a log line")->check(CLI::IsMember({"text", "json"}));
}

template <class T>
CLI::Option* ServeCommand::add(const std::string& setting, T& value, const std::string& help) {
  CLI::Option* option = command_->add_option("--" + setting, value, help);
  option->capture_default_str()->envname(variable_of(setting));
  settings_.push_back(option);
  return option;
}

void ServeCommand::add_duration(const std::string& setting, Milliseconds& value, Milliseconds least,
                                Milliseconds most, const std::string& help,
                                const std::string& shown) {
  const CLI::AsNumberWithUnit with_unit(
      std::map<std::string, Milliseconds>{
          {"ms", 1}, {"s", 1000}, {"min", 60'000}, {"h", 3'600'000}, {"d", kDay}},
      CLI::AsNumberWithUnit::Options(CLI::AsNumberWithUnit::UNIT_REQUIRED), "UNIT");
  add(setting, value, help)
      ->transform(with_unit)
      ->check(CLI::Range(least, most,
                         "from " + std::to_string(least) + "ms to " + std::to_string(most) + "ms"))
      ->type_name("DURATION")
      ->default_str(shown.empty() ? std::to_string(value) + "ms" : shown);
}

int ServeCommand::run() {
  read_settings();
  if (!problems_.empty()) {
    for (const std::string& problem : problems_) std::cerr << "larder serve: " << problem << "\n";
    return kRefused;
  }
  const ServeOptions settled = options();
  if (check_) {
    print(settled);
    return 0;
  }
  return service::serve(settled, std::cout);
}

void ServeCommand::read_settings() {
  if (!file_.empty()) read_file();
  read_variables();
  if (!problems_.empty()) return;
  const Result<CacheSettings> sessions = config_.settings_for(service::SessionStore::kCacheName);
  if (!sessions) {
    problems_.emplace_back(sessions.error().message());
    return;
  }
  sessions_ = *sessions;
  if (session_ttl_option_->count() > 0) {
    sessions_.default_ttl = std::chrono::milliseconds(session_ttl_);
  }
}

void ServeCommand::read_file() {
  Result<Config> config = Config::read_file(file_, kTable);
  if (!config) {
    problems_.emplace_back(config.error().message());
    return;
  }
  config_ = *config;
  for (const auto& [setting, text] : config_.program_settings()) apply(setting, text);
}

// A setting of the file: through the same checks as the flag of its name, which is stronger.
void ServeCommand::apply(const std::string& setting, const std::string& text) {
  const std::string place = file_ + ": " + std::string(kTable) + "." + setting + ": ";
  const auto found = std::ranges::find(
      settings_, "--" + setting, [](const CLI::Option* option) { return option->get_name(); });
  if (found == settings_.end()) {
    problems_.push_back(place + "unknown setting; those of `larder serve --help` are known");
    return;
  }
  if ((*found)->count() > 0) return;
  try {
    (*found)->add_result(text);
    (*found)->run_callback();
  } catch (const CLI::ParseError& refused) {
    problems_.push_back(place + refused.what());
  }
}

void ServeCommand::read_variables() {
  std::vector<std::string_view> variables;
  for (char** variable = environ; variable != nullptr && *variable != nullptr; ++variable) {
    if (!is_own_variable(*variable)) variables.emplace_back(*variable);
  }
  if (Result<void> applied = config_.apply_environment(variables); !applied) {
    problems_.emplace_back(applied.error().message());
  }
}

bool ServeCommand::is_own_variable(std::string_view variable) const {
  const std::string_view name = variable.substr(0, variable.find('='));
  return name == variable_of("config") ||
         std::ranges::any_of(settings_, [name](const CLI::Option* option) {
           return option->get_envname() == name;
         });
}

ServeOptions ServeCommand::options() const {
  ServeOptions options{.server = server_, .sessions = sessions_, .version = std::string(kVersion)};
  options.server.exchange_timeout = std::chrono::milliseconds(request_timeout_);
  options.server.idle_timeout = std::chrono::milliseconds(idle_timeout_);
  options.server.drain_timeout = std::chrono::milliseconds(drain_timeout_);
  options.log_level = spdlog::level::from_str(log_level_);
  options.log_format = log_format_ == "json" ? service::LogFormat::json : service::LogFormat::text;
  return options;
}

void ServeCommand::print(const ServeOptions& options) const {
  const ServerOptions& server = options.server;
  const Ttl ttl = options.sessions.default_ttl;
  std::cout << "address = " << server.address << "\nport = " << server.port
            << "\nthreads = " << server.threads << "\nmax-connections = " << server.max_connections
            << "\nsession-ttl = "
            << (ttl.kind() == Ttl::Kind::span ? std::to_string(ttl.span().count()) + "ms"
                                              : "forever")
            << "\nrequest-timeout = " << server.exchange_timeout.count()
            << "ms\nidle-timeout = " << server.idle_timeout.count()
            << "ms\ndrain-timeout = " << server.drain_timeout.count()
            << "ms\nlog-level = " << log_level_ << "\nlog-format = " << log_format_
            << "\nprovider = " << options.sessions.provider
            << "\nmax_entries = " << options.sessions.max_entries << "\nthe settings are valid\n";
}

}  // namespace

void add_serve_command(CLI::App& app, int& exit_code) {
  const auto command = std::make_shared<ServeCommand>(app);
  app.get_subcommand("serve")->callback([command, &exit_code] { exit_code = command->run(); });
}

}  // namespace larder::cli
