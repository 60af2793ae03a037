// Filling, running and checking.
//
// Thread safety: see workload_run.h.
#include "bench/workload_run.h"

#include <memory>

#include "bench/machine.h"

namespace larder::bench {
namespace {

constexpr std::uint64_t kFillSeed = 17;
// Requests for each entry of a cache that cannot hold all keys, before anything counts: what it is
// filled with has nothing to do with what is asked for.
constexpr std::uint64_t kWarmPerEntry = 20;

using SubjectPtr = std::unique_ptr<Subject>;

SubjectPtr make_filled(const Options& options, bool of_peer,
                       const std::vector<std::uint32_t>& ids) {
  SubjectPtr subject = of_peer ? make_lru_peer(options.setup()) : make_larder(options.setup());
  if (subject == nullptr || !subject->fill(ids)) return nullptr;
  return subject;
}

// Updates that were answered with success and are not counted in the values, or the other way.
std::string lost_updates(const Series& series, std::uint32_t keys) {
  std::uint64_t made = series.warm_operations;
  for (const Round& round : series.rounds) made += round.operations - round.failed;
  const std::uint64_t counted = series.subject->updates(keys);
  if (made == counted) return {};
  return series.label + ": " + std::to_string(made) + " updates were made, the values count " +
         std::to_string(counted);
}

}  // namespace

std::string fault_of(const std::vector<Series>& series, std::uint32_t keys) {
  for (const Series& each : series) {
    const Round total = each.total();
    if (total.wrong > 0) {
      return each.label + ": " + std::to_string(total.wrong) + " hits with the wrong value";
    }
    if (total.failed > 0) {
      return each.label + ": " + std::to_string(total.failed) + " operations failed";
    }
    // What was evicted has taken its count along.
    if (each.workload == Workload::update && each.subject->entries() == keys) {
      if (std::string lost = lost_updates(each, keys); !lost.empty()) return lost;
    }
  }
  return {};
}

WorkloadResult run_workload(const Options& options, Progress& progress) {
  WorkloadResult result;
  const bool with_peer = !options.peer.empty();
  progress.show("drawing requests");
  const bool hot = options.kind() == Workload::one_hot_key;
  const Streams streams = draw_streams(hot ? 1 : options.keys, options.zipf, options.threads,
                                       options.stream_requests(), options.seed);
  const std::vector<std::uint32_t> ids = shuffled_ids(options.keys, kFillSeed);
  std::vector<SubjectPtr> subjects;
  const auto add = [&](const char* label, bool of_peer) {
    progress.show("filling " + std::string(label));
    subjects.push_back(make_filled(options, of_peer, ids));
    result.series.push_back({.label = label,
                             .subject = subjects.back().get(),
                             .workload = options.kind(),
                             .threads = options.threads});
    if (subjects.back() == nullptr) result.fault = std::string(label) + " could not be filled";
  };
  add("larder", false);
  if (with_peer) {
    add("lru64", true);
    add("larder-again", false);
  }
  if (!result.fault.empty()) return result;
  const bool misses = options.setup().capacity < options.keys;
  const RoundPlan plan{.streams = &streams,
                       .rounds = options.rounds,
                       .seconds = options.seconds,
                       .warm_seconds = options.seconds / 5,
                       .warm_operations = misses ? kWarmPerEntry * options.setup().capacity : 0,
                       .pin = options.pin};
  run_in_turns(result.series, plan, [&](std::string_view what) { progress.show(what); });
  result.fault = fault_of(result.series, options.keys);
  if (with_peer) {
    result.ratio =
        compare(result.series[0].mops(), result.series[1].mops(), result.series[2].mops());
  }
  for (Series& series : result.series) series.subject = nullptr;  // they end here
  return result;
}

std::optional<double> bytes_per_entry(const Options& options, bool of_peer) {
  const std::vector<std::uint32_t> ids = shuffled_ids(options.keys, kFillSeed);
  const auto measured = measure_in_child([&] {
    const std::size_t before = resident_bytes();
    const SubjectPtr subject = make_filled(options, of_peer, ids);
    const std::size_t after = resident_bytes();
    if (subject == nullptr || before == 0 || after <= before) return 0.0;
    return static_cast<double>(after - before) / static_cast<double>(subject->entries());
  });
  if (!measured || !(*measured > 0)) return std::nullopt;
  return measured;
}

}  // namespace larder::bench
