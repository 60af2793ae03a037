// Threads of a round, and the order of rounds.
//
// Thread safety: see rounds.h.
#include "bench/rounds.h"

#include <latch>
#include <thread>

#include "bench/machine.h"
#include "bench/statistics.h"
#include "bench/zipf.h"

namespace larder::bench {
namespace {

void add(Round& round, const ThreadRun& run) {
  round.mops += static_cast<double>(run.operations) * 1e3 / static_cast<double>(run.elapsed_ns);
  round.operations += run.operations;
  round.hits += run.hits;
  round.misses += run.misses;
  round.wrong += run.wrong;
  round.failed += run.failed;
  round.allocations += run.allocations;
  round.cpu_ns += run.cpu_ns;
  round.latency.merge(run.latency);
}

Round run_round(Series& series, const RoundPlan& plan, double seconds,
                std::uint64_t least_operations, std::int64_t clock_cost) {
  series.positions.resize(series.threads);
  std::vector<ThreadRun> runs(series.threads);
  std::latch start(series.threads);
  std::vector<std::jthread> threads;
  for (unsigned i = 0; i < series.threads; ++i) {
    threads.emplace_back([&, i] {
      if (plan.pin) pin_this_thread(i);
      ThreadRun run;  // on this thread's stack, away from the others'
      run.requests = (*plan.streams)[i];
      run.position = series.positions[i];
      run.duration_ns = static_cast<std::int64_t>(seconds * 1e9);
      run.least_operations = least_operations / series.threads;
      run.clock_cost_ns = clock_cost;
      start.arrive_and_wait();
      series.subject->run(series.workload, run);
      runs[i] = run;
    });
  }
  threads.clear();  // joins
  Round round;
  for (unsigned i = 0; i < series.threads; ++i) {
    series.positions[i] = runs[i].position;
    add(round, runs[i]);
  }
  return round;
}

double ratio(std::uint64_t part, std::uint64_t whole) {
  return whole == 0 ? 0 : static_cast<double>(part) / static_cast<double>(whole);
}

}  // namespace

double Round::hit_ratio() const noexcept { return ratio(hits, hits + misses); }

double Round::allocations_per_operation() const noexcept { return ratio(allocations, operations); }

double Round::cpu_ns_per_operation() const noexcept {
  return operations == 0 ? 0 : static_cast<double>(cpu_ns) / static_cast<double>(operations);
}

std::vector<double> Series::mops() const {
  std::vector<double> values;
  for (const Round& round : rounds) values.push_back(round.mops);
  return values;
}

Round Series::total() const {
  Round sum;
  for (const Round& round : rounds) {
    sum.operations += round.operations;
    sum.hits += round.hits;
    sum.misses += round.misses;
    sum.wrong += round.wrong;
    sum.failed += round.failed;
    sum.allocations += round.allocations;
    sum.cpu_ns += round.cpu_ns;
    sum.latency.merge(round.latency);
  }
  sum.mops = median(mops());
  return sum;
}

void run_in_turns(std::vector<Series>& series, const RoundPlan& plan,
                  const std::function<void(std::string_view)>& tell) {
  const std::int64_t clock_cost = clock_cost_ns();
  for (Series& each : series) {
    tell(each.label + ": warming up");
    each.warm_operations =
        run_round(each, plan, plan.warm_seconds, plan.warm_operations, clock_cost).operations;
  }
  for (unsigned round = 0; round < plan.rounds; ++round) {
    for (std::size_t i = 0; i < series.size(); ++i) {
      Series& each = series[round % 2 == 0 ? i : series.size() - 1 - i];
      tell(each.label + ": round " + std::to_string(round + 1) + " of " +
           std::to_string(plan.rounds));
      each.rounds.push_back(run_round(each, plan, plan.seconds, 0, clock_cost));
    }
  }
}

Streams draw_streams(std::uint32_t keys, double exponent, unsigned threads, std::size_t requests,
                     std::uint64_t seed) {
  const Zipf zipf(keys, exponent);
  Streams streams;
  for (unsigned i = 0; i < threads; ++i) {
    streams.push_back(draw_requests(zipf, requests, mix64(seed + i + 1)));
  }
  return streams;
}

}  // namespace larder::bench
