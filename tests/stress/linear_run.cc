// Opens a cache per history, drives it, and lets the checker judge what came out.
// Thread safety: see linear_run.h.
#include "linear_run.h"

#include <algorithm>
#include <memory>
#include <sstream>
#include <thread>

#include "larder/manager.h"
#include "larder/testing.h"
#include "model/cache_target.h"
#include "model/workload.h"

namespace larder::stress {
namespace {

using namespace std::chrono_literals;

/// How one cache is opened and what is done to it.
struct LinearSet {
  std::string_view name;
  CacheSettings settings;
  unsigned short_ttl_percent = 30;
  unsigned advance_percent = 10;
  bool evictions = false;
  bool all_operations = true;  ///< false: loads against everything that fences them
};

std::vector<LinearSet> make_sets() {
  return {
      {.name = "default", .settings = {}},
      {.name = "one_shard", .settings = {.shards = 1}},
      {.name = "track_access", .settings = {.track_access = true}},
      {.name = "secure_wipe", .settings = {.secure_wipe = true}},
      {.name = "short_ttl",
       .settings = {.sweep_interval = 1ms, .sweep_batch = 1},
       .short_ttl_percent = 90,
       .advance_percent = 30},
      {.name = "standing_clock", .settings = {}, .short_ttl_percent = 0, .advance_percent = 0},
      {.name = "loads", .settings = {.shards = 4}, .all_operations = false},
      {.name = "evictions", .settings = {.max_entries = 3}, .evictions = true},
  };
}

model::OpWeights weights_of(const LinearSet& set) {
  using model::Op;
  if (set.all_operations) return model::all_operations();
  return model::only({Op::get_or_set,
                      Op::get_or_set,
                      Op::get_or_set,
                      Op::get_or_set,
                      Op::get_or_set_many,
                      Op::get_or_set_many,
                      Op::get,
                      Op::set,
                      Op::erase,
                      Op::take,
                      Op::rename,
                      Op::increment,
                      Op::update,
                      Op::set_tags,
                      Op::clear,
                      Op::erase_by_tag,
                      Op::erase_by_index,
                      Op::erase_by_pattern,
                      Op::erase_many,
                      Op::set_if_absent,
                      Op::compare_and_set,
                      Op::set_many,
                      Op::add_index});
}

/// What the cache itself says once all is quiet; empty: nothing wrong.
std::string quiet_faults(const Cache<std::int64_t>& cache) {
  if (std::string fault = testing::validate(cache); !fault.empty()) return "structure: " + fault;
  const Stats stats = cache.stats();
  if (stats.flights != 0) return "flights left: " + std::to_string(stats.flights);
  if (stats.waiters != 0) return "waiters left: " + std::to_string(stats.waiters);
  return {};
}

struct Judged {
  model::History history;
  model::CheckReport report;
  std::string faults;
};

Judged run_once(const LinearPlan& plan, const LinearSet& set, std::uint64_t seed) {
  model::Workload workload{.name = std::string(set.name),
                           .clients = plan.clients,
                           .operations_per_client = plan.operations_per_client,
                           .keys = plan.keys,
                           .seed = seed,
                           .weights = weights_of(set),
                           .short_ttl_percent = set.short_ttl_percent,
                           .advance_percent = set.advance_percent,
                           .pause_percent = 25};
  workload.facts.clock_tolerance_ns = model::kEngineToleranceNs;
  workload.facts.evictions = set.evictions;
  const auto clock = std::make_shared<model::SteppedClock>();
  Manager manager;
  const auto cache = manager
                         .open<std::int64_t>(
                             "linear", {.settings = set.settings,
                                        .indexes = {model::declared_index(workload.facts.declared)},
                                        .clock = clock})
                         .value();
  const model::Environment environment = model::environment_on(clock);
  model::CacheTarget target(cache, environment);
  Judged judged;
  judged.history = model::run_workload(workload, environment, target);
  judged.faults = quiet_faults(cache);
  judged.report = model::check(judged.history);
  return judged;
}

void note_failure(const LinearSet& set, std::uint64_t seed, const Judged& judged,
                  LinearReport& report) {
  std::ostringstream text;
  text << "option set " << set.name << ", seed " << seed << ": " << judged.faults << '\n'
       << judged.report.text();
  report.failures.push_back(text.str());
  if (!report.failed_history.empty()) return;
  std::ostringstream lines;
  model::write_history(lines, judged.history);
  report.failed_history = lines.str();
}

}  // namespace

std::vector<std::string_view> linear_sets() {
  static const std::vector<LinearSet> kSets = make_sets();
  std::vector<std::string_view> names;
  for (const LinearSet& set : kSets) names.push_back(set.name);
  return names;
}

LinearReport run_linear(const LinearPlan& plan) {
  std::vector<LinearSet> sets = make_sets();
  if (!plan.only_set.empty()) {
    std::erase_if(sets, [&](const LinearSet& set) { return set.name != plan.only_set; });
  }
  LinearReport report;
  const auto end = std::chrono::steady_clock::now() + plan.duration;
  std::uint64_t seed = plan.seed;
  while (!sets.empty() && report.failures.size() < kMaxFailures) {
    if (seed >= plan.seed + sets.size() && std::chrono::steady_clock::now() >= end) break;
    const LinearSet& set = sets[(seed - plan.seed) % sets.size()];
    const Judged judged = run_once(plan, set, seed);
    report.statistics.add(judged.report.statistics);
    if (plan.dump != nullptr) model::write_history(*plan.dump, judged.history);
    if (!judged.report.ok() || !judged.faults.empty()) note_failure(set, seed, judged, report);
    report.last_seed = seed++;
  }
  return report;
}

}  // namespace larder::stress
