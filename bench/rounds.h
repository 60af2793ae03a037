// Runs rounds: threads that start together, work for a while on one subject, and are added up;
// and several series of rounds in turns, so that what drifts on the machine meets all alike.
//
// Thread safety: none; one thread calls, which starts the others.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "bench/latency_histogram.h"
#include "bench/requests.h"
#include "bench/subject.h"
#include "bench/workload.h"

namespace larder::bench {

// What all threads did in one round.
struct Round {
  double mops = 0;  // million operations a second: the sum over threads of each one's rate
  std::uint64_t operations = 0;
  std::uint64_t hits = 0;
  std::uint64_t misses = 0;
  std::uint64_t wrong = 0;
  std::uint64_t failed = 0;
  std::uint64_t allocations = 0;
  std::int64_t cpu_ns = 0;  // of all threads
  LatencyHistogram latency;

  [[nodiscard]] double hit_ratio() const noexcept;
  [[nodiscard]] double allocations_per_operation() const noexcept;
  [[nodiscard]] double cpu_ns_per_operation() const noexcept;
};

// The requests of every thread, each with its own stream.
using Streams = std::vector<std::vector<Request>>;

struct RoundPlan {
  const Streams* streams = nullptr;  // at least as many as any series has threads
  unsigned rounds = 5;
  double seconds = 1;         // of a round
  double warm_seconds = 0.2;  // of each series, once, before the rounds; not counted
  // Of each series while it warms, whatever the time: a cache that misses has to learn its keys.
  std::uint64_t warm_operations = 0;
  bool pin = true;
};

struct Series {
  std::string label;
  Subject* subject = nullptr;
  Workload workload = Workload::get;
  unsigned threads = 2;
  // found
  std::vector<Round> rounds{};
  std::vector<std::size_t> positions{};  // of each thread in its stream
  std::uint64_t warm_operations = 0;

  [[nodiscard]] std::vector<double> mops() const;
  // All rounds as one; its rate is the median.
  [[nodiscard]] Round total() const;
};

// Every series once per round, in the order given and back in the next one. `tell` hears what
// begins.
void run_in_turns(std::vector<Series>& series, const RoundPlan& plan,
                  const std::function<void(std::string_view)>& tell);

// One stream per thread of `requests` requests each.
Streams draw_streams(std::uint32_t keys, double exponent, unsigned threads, std::size_t requests,
                     std::uint64_t seed);

}  // namespace larder::bench
