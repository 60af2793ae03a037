// `larder bench`: one workload, as text or as JSON lines; and `larder bench targets`.
//
// Thread safety: see commands.h.
#include <cstdio>
#include <memory>
#include <string>

#include <CLI/CLI.hpp>

#include "bench/allocations.h"
#include "bench/commands.h"
#include "bench/json_line.h"
#include "bench/machine.h"
#include "bench/options.h"
#include "bench/progress.h"
#include "bench/targets.h"
#include "bench/workload_run.h"

namespace larder::bench {
namespace {

struct Memory {
  std::optional<double> larder;
  std::optional<double> peer;
};

JsonLine run_line(const Options& options) {
  JsonLine line("run");
  line.add("workload", options.workload)
      .add("threads", options.threads)
      .add("keys", options.keys)
      .add("capacity", options.setup().capacity)
      .add("zipf", options.zipf)
      .add("value_bytes", options.value_bytes)
      .add("value_type", options.value_type)
      .add("seconds", options.seconds)
      .add("rounds", options.rounds)
      .add("pinned", options.pin)
      .add("seed", options.seed)
      .add("processors", usable_cpus());
  return line;
}

void add_figures(JsonLine& line, const Round& round) {
  line.add("mops", round.mops)
      .add("cpu_ns_per_operation", round.cpu_ns_per_operation())
      .add("operations", round.operations)
      .add("hits", round.hits)
      .add("misses", round.misses)
      .add("hit_ratio", round.hit_ratio())
      .add("p50_ns", round.latency.percentile(0.5))
      .add("p99_ns", round.latency.percentile(0.99))
      .add("p999_ns", round.latency.percentile(0.999));
  if (counts_allocations()) {
    line.add("allocations_per_operation", round.allocations_per_operation());
  }
}

void print_json(const Options& options, const Memory& memory, const WorkloadResult& result) {
  run_line(options).print();
  for (std::size_t round = 0; round < options.rounds; ++round) {
    for (const Series& series : result.series) {
      JsonLine line("round");
      line.add("subject", series.label).add("round", round + 1);
      add_figures(line, series.rounds[round]);
      line.print();
    }
  }
  for (const Series& series : result.series) {
    JsonLine line("result");
    line.add("subject", series.label);
    add_figures(line, series.total());
    line.add("bytes_per_entry", series.label == "lru64" ? memory.peer : memory.larder);
    line.print();
  }
  if (result.ratio) {
    JsonLine("comparison")
        .add("peer", options.peer)
        .add("ratio", result.ratio->value)
        .add("lowest", result.ratio->lowest)
        .add("highest", result.ratio->highest)
        .add("spread", result.ratio->spread)
        .add("verdict", verdict_of(*result.ratio))
        .print();
  }
}

void print_text(const Options& options, const Memory& memory, const WorkloadResult& result) {
  std::printf("%s, %u threads, %u keys, room for %llu, zipf %.2f, %zu-byte %s; %s\n",
              options.workload.c_str(), options.threads, options.keys,
              static_cast<unsigned long long>(options.setup().capacity), options.zipf,
              options.value_bytes, options.value_type == "string" ? "strings" : "values",
              machine_summary().c_str());
  std::printf("%-13s %8s %8s %9s %9s %9s %9s %8s %8s\n", "", "Mops/s", "cpu ns", "p50 ns", "p99 ns",
              "p99.9 ns", "hit ratio", "allocs", "B/entry");
  for (const Series& series : result.series) {
    const Round total = series.total();
    const auto& bytes = series.label == "lru64" ? memory.peer : memory.larder;
    std::printf("%-13s %8.2f %8.1f %9.0f %9.0f %9.0f %9.4f %8s %8s\n", series.label.c_str(),
                total.mops, total.cpu_ns_per_operation(), total.latency.percentile(0.5),
                total.latency.percentile(0.99), total.latency.percentile(0.999), total.hit_ratio(),
                counts_allocations()
                    ? std::to_string(total.allocations_per_operation()).substr(0, 8).c_str()
                    : "-",
                bytes ? std::to_string(static_cast<long>(*bytes + 0.5)).c_str() : "-");
    std::printf("%-13s", "  rounds");
    for (const Round& round : series.rounds) std::printf(" %7.2f", round.mops);
    std::printf("\n");
  }
  if (options.kind() == Workload::get_many) {
    std::printf("latencies are of calls of %zu keys\n", kBatch);
  }
  if (!result.ratio) return;
  const Ratio& ratio = *result.ratio;
  std::printf("ratio to %s %.2f (rounds %.2f to %.2f); equals differed by %.1f %%: %.*s\n",
              options.peer.c_str(), ratio.value, ratio.lowest, ratio.highest, ratio.spread * 100,
              static_cast<int>(verdict_of(ratio).size()), verdict_of(ratio).data());
}

int run_bench(const Options& options) {
  Progress progress;
  progress.show("measuring memory");
  Memory memory;
  memory.larder = bytes_per_entry(options, false);
  if (!options.peer.empty()) memory.peer = bytes_per_entry(options, true);
  const WorkloadResult result = run_workload(options, progress);
  progress.wipe();
  if (result.larder().rounds.empty()) {
    std::fprintf(stderr, "larder bench: %s\n", result.fault.c_str());
    return 1;
  }
  options.json ? print_json(options, memory, result) : print_text(options, memory, result);
  if (result.fault.empty()) return 0;
  std::fprintf(stderr, "larder bench: %s\n", result.fault.c_str());
  return 1;
}

}  // namespace

void add_bench_command(CLI::App& app, int& exit_code) {
  CLI::App* const bench = app.add_subcommand("bench", "Measure the cache on this machine");
  auto options = std::make_shared<Options>();
  add_flags(*bench, *options);
  bench->require_subcommand(0, 1);

  CLI::App* const targets =
      bench->add_subcommand("targets", "Measure what Larder promises, row by row");
  auto target_options = std::make_shared<TargetOptions>();
  add_target_flags(*targets, *target_options);

  targets->callback([target_options, &exit_code] { exit_code = run_targets(*target_options); });
  bench->callback([bench, options, &exit_code] {
    if (bench->get_subcommands().empty()) exit_code = run_bench(*options);
  });
}

}  // namespace larder::bench
