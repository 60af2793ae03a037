// The rows of the table of targets. Ratios come from rounds in turns; a row whose distance to the
// target is within what equals differed by says so.
//
// Thread safety: see targets.h.
#include "bench/targets.h"

#include <cstdio>
#include <filesystem>
#include <memory>
#include <optional>
#include <vector>

#include <CLI/CLI.hpp>

#include "bench/allocations.h"
#include "bench/compile_cost.h"
#include "bench/json_line.h"
#include "bench/machine.h"
#include "bench/progress.h"
#include "bench/workload_run.h"

namespace larder::bench {
namespace {

constexpr unsigned kCrowd = 8;  // threads that update one key

enum class Want : unsigned char { at_least, at_most };

struct Row {
  std::string name;
  Want want = Want::at_least;
  double target = 0;
  std::optional<double> measured{};
  std::string unit{};           // of target and figure: "x", "B", ...
  double spread = 0;            // of equals, where there is a control
  std::string note{};           // what else is to be said, or why there is no figure
  std::vector<double> first{};  // raw rounds
  std::vector<double> second{};

  [[nodiscard]] std::string verdict() const {
    if (!measured) return "skipped";
    const bool met = want == Want::at_least ? *measured >= target : *measured <= target;
    const bool near = spread > 0 && Ratio{.value = *measured, .spread = spread}.is_near(target);
    return std::string(met ? "met" : "missed") + (near ? ", within the spread" : "");
  }
};

std::string figure(double value, const std::string& unit) {
  char text[48];
  std::snprintf(text, sizeof(text), "%.4g%s%s", value, unit == "x" ? "" : " ", unit.c_str());
  return text;
}

// Measures row after row and collects them with the first fault.
class Table {
 public:
  Table(const TargetOptions& options, Progress& progress)
      : options_(options), progress_(progress) {}

  void measure() {
    memory();  // first, while this process has one thread
    read();
    mix();
    cache_aside();
    batches();
    scaling("scaling 1 to 2 threads, read", Workload::get);
    scaling("scaling 1 to 2 threads, one hot key", Workload::one_hot_key);
    updates();
    compilation();
  }

  [[nodiscard]] const std::vector<Row>& rows() const { return rows_; }
  [[nodiscard]] const std::string& fault() const { return fault_; }

 private:
  Options with(Workload workload) const {
    Options options = options_.common;
    options.workload = to_string(workload);
    return options;
  }

  void note_fault(const std::string& fault) {
    if (fault_.empty()) fault_ = fault;
  }

  WorkloadResult against_peer(Options options) {
    options.peer = "lru64";
    WorkloadResult result = run_workload(options, progress_);
    note_fault(result.fault);
    return result;
  }

  void add_ratio(const std::string& name, double target, const WorkloadResult& result) {
    Row row{.name = name, .target = target, .unit = "x"};
    if (result.ratio) {
      row.measured = result.ratio->value;
      row.spread = result.ratio->spread;
      row.first = result.larder().mops();
      row.second = result.peer()->mops();
    }
    rows_.push_back(std::move(row));
  }

  void memory() {
    progress_.show("measuring memory");
    Row row{.name = "resident bytes per entry, 84 of payload",
            .want = Want::at_most,
            .target = 160,
            .unit = "B"};
    row.measured = bytes_per_entry(with(Workload::get), false);
    const auto peer = bytes_per_entry(with(Workload::get), true);
    row.note = peer ? "lru64 " + figure(*peer, "B") : "the system does not tell";
    rows_.push_back(std::move(row));
  }

  void read() {
    const WorkloadResult result = against_peer(with(Workload::get));
    add_ratio("read, all resident, to lru64", 1.5, result);
    const Round total = result.larder().total();
    Row allocations{.name = "allocations per read hit", .want = Want::at_most, .target = 0};
    if (counts_allocations() && total.hits > 0) {
      allocations.measured =
          static_cast<double>(total.allocations) / static_cast<double>(total.hits);
      allocations.note = std::to_string(total.hits) + " hits";
    } else {
      allocations.note = "a sanitizer owns operator new";
    }
    rows_.push_back(std::move(allocations));
    rows_.push_back(
        {.name = "floor: reads", .target = 1, .measured = total.mops, .unit = "Mops/s"});
    rows_.push_back({.name = "floor: p99 of a read",
                     .want = Want::at_most,
                     .target = 100'000,
                     .measured = total.latency.percentile(0.99),
                     .unit = "ns"});
  }

  void mix() { add_ratio("75 % get, 25 % set, to lru64", 1.3, against_peer(with(Workload::mix))); }

  void cache_aside() {
    const Options options = with(Workload::cache_aside);
    const WorkloadResult result = against_peer(options);
    Row row{.name = "cache-aside, room for a tenth: hit ratio", .target = 0.81};
    row.measured = result.larder().total().hit_ratio();
    const Zipf zipf(options.keys, options.zipf);
    row.note =
        "best fixed content " +
        figure(zipf.probability_of_first(static_cast<std::uint32_t>(options.setup().capacity)), "");
    if (result.peer() != nullptr) {
      row.note += "lru64 " + figure(result.peer()->total().hit_ratio(), "");
    }
    rows_.push_back(std::move(row));
    add_ratio("cache-aside, to lru64", 0.8, result);
  }

  // Two ways to use one cache, in turns; `first` again as the control.
  void within(Row row, const Options& options, Series first, Series second) {
    progress_.show("filling for " + row.name);
    const auto subject = make_larder(options.setup());
    if (subject == nullptr || !subject->fill(shuffled_ids(options.keys, options.seed))) {
      return note_fault(row.name + ": the cache could not be filled");
    }
    const bool hot = first.workload == Workload::one_hot_key;
    const Streams streams = draw_streams(hot ? 1 : options.keys, options.zipf, options.threads,
                                         options.stream_requests(), options.seed);
    first.subject = second.subject = subject.get();
    std::vector<Series> series = {first, second, first};
    run_in_turns(series,
                 {.streams = &streams,
                  .rounds = options.rounds,
                  .seconds = options.seconds,
                  .warm_seconds = options.seconds / 5,
                  .pin = options.pin},
                 [&](std::string_view what) { progress_.show(what); });
    note_fault(fault_of(series, options.keys));
    row.first = series[0].mops();
    row.second = series[1].mops();
    const Ratio ratio = compare(row.first, row.second, series[2].mops());
    row.measured = ratio.value;
    row.spread = ratio.spread;
    rows_.push_back(std::move(row));
  }

  void batches() {
    const unsigned threads = options_.common.threads;
    within({.name = "get_many of 64, to 64 gets", .target = 1.3, .unit = "x"},
           with(Workload::get_many),
           {.label = "get_many", .workload = Workload::get_many, .threads = threads},
           {.label = "get", .workload = Workload::get, .threads = threads});
  }

  void scaling(const std::string& name, Workload workload) {
    Row row{.name = name, .target = 1.7, .unit = "x"};
    if (usable_cpus() < 2) {
      row.note = "needs two processors";
      rows_.push_back(std::move(row));
      return;
    }
    Options options = with(workload);
    options.threads = 2;
    within(std::move(row), options, {.label = "2 threads", .workload = workload, .threads = 2},
           {.label = "1 thread", .workload = workload, .threads = 1});
  }

  void updates() {
    Options options = with(Workload::update);
    options.keys = 1;
    options.threads = kCrowd;
    const WorkloadResult result = against_peer(options);
    Row lost{.name = "update on one key, 8 threads: all counted", .target = 1};
    lost.measured = result.fault.empty() ? 1 : 0;
    lost.note = result.fault.empty()
                    ? std::to_string(result.larder().total().operations) + " updates, none lost"
                    : result.fault;
    rows_.push_back(std::move(lost));
    add_ratio("update on one key, to mutex and version check", 0, result);
  }

  void compilation() {
    progress_.show("compiling");
    Row row{.name = "compile time of cache.h and a Cache<Session>, -O0",
            .want = Want::at_most,
            .target = 0.4,
            .unit = "s"};
    const std::string headers = options_.headers.empty() ? "include" : options_.headers;
    const auto cost =
        measure_compile_cost(options_.compiler, headers, options_.common.rounds, row.note);
    if (cost) {
      row.measured = cost->added_seconds;
      row.first = cost->with_seconds;
      row.second = cost->without_seconds;
    }
    rows_.push_back(std::move(row));
  }

  const TargetOptions& options_;
  Progress& progress_;
  std::vector<Row> rows_;
  std::string fault_;
};

void print_json(const std::vector<Row>& rows) {
  for (const Row& row : rows) {
    JsonLine line("target");
    line.add("row", row.name)
        .add("target", row.target)
        .add("want", row.want == Want::at_least ? "at_least" : "at_most")
        .add("unit", row.unit)
        .add("measured", row.measured)
        .add("spread", row.spread)
        .add("verdict", row.verdict())
        .add("note", row.note)
        .add("rounds", row.first)
        .add("other_rounds", row.second);
    line.print();
  }
}

void print_text(const std::vector<Row>& rows) {
  std::printf("%-50s %12s %14s  %s\n", "", "target", "measured", "verdict");
  for (const Row& row : rows) {
    const std::string target =
        row.target == 0 && row.want == Want::at_least
            ? "-"
            : (row.want == Want::at_least ? ">= " : "<= ") + figure(row.target, row.unit);
    std::printf("%-50s %12s %14s  %s", row.name.c_str(), target.c_str(),
                row.measured ? figure(*row.measured, row.unit).c_str() : "-",
                target == "-" ? "reported" : row.verdict().c_str());
    if (row.spread > 0) std::printf("; equals differed by %.1f %%", row.spread * 100);
    if (!row.note.empty()) std::printf("; %s", row.note.c_str());
    std::printf("\n");
  }
}

}  // namespace

void add_target_flags(CLI::App& app, TargetOptions& options) {
  add_common_flags(app, options.common);
  app.add_option("--headers", options.headers,
                 "The folder that holds larder/cache.h, for the compile time (default: include)")
      ->check(CLI::ExistingDirectory);
  app.add_option("--compiler", options.compiler, "The compiler of that row")->capture_default_str();
}

int run_targets(const TargetOptions& options) {
  Progress progress;
  Table table(options, progress);
  table.measure();
  progress.wipe();
  if (options.common.json) {
    print_json(table.rows());
  } else {
    std::printf("%s; %u keys, rounds of %.3g s, %u of them\n", machine_summary().c_str(),
                options.common.keys, options.common.seconds, options.common.rounds);
    print_text(table.rows());
  }
  if (table.fault().empty()) return 0;
  std::fprintf(stderr, "larder bench targets: %s\n", table.fault().c_str());
  return 1;
}

}  // namespace larder::bench
