// larder_stress: the linearizability run as a command, for long runs and for outside checkers.
//   larder_stress [--seed N] [--seconds N] [--threads N] [--keys N] [--operations N]
//                 [--option-set NAME] [--dump-history FILE]
// Exit status: 0 all histories are linearizable, 1 not all are, 2 bad arguments.
// Thread safety: one thread.
#include <charconv>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <string>
#include <string_view>

#include "linear_run.h"

namespace {

using larder::stress::LinearPlan;

int usage() {
  std::cerr << "usage: larder_stress [--seed N] [--seconds N] [--threads N] [--keys N]\n"
               "                     [--operations N] [--option-set NAME] [--dump-history FILE]\n"
               "option sets:";
  for (const std::string_view name : larder::stress::linear_sets()) std::cerr << ' ' << name;
  std::cerr << '\n';
  return 2;
}

template <class N>
bool parse(std::string_view text, N least, N most, N& number) {
  N read{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), read);
  if (error != std::errc() || end != text.data() + text.size()) return false;
  if (read < least || read > most) return false;
  number = read;
  return true;
}

struct Arguments {
  LinearPlan plan;
  std::string dump_path;
};

bool parse_option(std::string_view name, std::string_view value, Arguments& arguments) {
  LinearPlan& plan = arguments.plan;
  if (name == "--seed") return parse<std::uint64_t>(value, 0, ~std::uint64_t{0} / 2, plan.seed);
  if (name == "--threads") return parse(value, 1, 64, plan.clients);
  if (name == "--keys") return parse(value, 1, 64, plan.keys);
  if (name == "--operations") return parse(value, 1, 100'000, plan.operations_per_client);
  if (name == "--seconds") {
    int seconds = 0;
    if (!parse(value, 0, 7 * 24 * 3600, seconds)) return false;
    plan.duration = std::chrono::seconds(seconds);
    return true;
  }
  if (name == "--option-set") {
    plan.only_set = value;
    for (const std::string_view known : larder::stress::linear_sets()) {
      if (known == value) return true;
    }
    return false;
  }
  if (name == "--dump-history") {
    arguments.dump_path = value;
    return !value.empty();
  }
  return false;
}

}  // namespace

int main(int argc, char** argv) {
  Arguments arguments;
  for (int i = 1; i < argc; i += 2) {
    if (i + 1 >= argc || !parse_option(argv[i], argv[i + 1], arguments)) return usage();
  }
  std::ofstream dump;
  if (!arguments.dump_path.empty()) {
    dump.open(arguments.dump_path);
    arguments.plan.dump = &dump;
  }
  const auto report = larder::stress::run_linear(arguments.plan);
  std::cout << "seeds " << arguments.plan.seed << " to " << report.last_seed << ", threads "
            << arguments.plan.clients << ", keys " << arguments.plan.keys << '\n'
            << report.statistics;
  for (const std::string& failure : report.failures) std::cout << failure;
  if (arguments.plan.dump != nullptr && !dump.flush()) {
    std::cerr << "larder_stress: cannot write " << arguments.dump_path << '\n';
    return 1;
  }
  return report.failures.empty() ? 0 : 1;
}
