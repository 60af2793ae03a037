// What is measured: a cache of some kind, behind one virtual call per thread and round. Made by
// make_larder() and make_lru_peer() for the value type asked for.
//
// Thread safety: run() from any number of threads at a time; the rest while none runs.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>

#include "bench/latency_histogram.h"
#include "bench/requests.h"
#include "bench/workload.h"

namespace larder::bench {

// The share of one thread in a round.
struct ThreadRun {
  // given
  std::span<const Request> requests;  // whole chunks
  std::size_t position = 0;           // where it goes on, at the start of a chunk; kept up to date
  std::int64_t duration_ns = 0;
  std::uint64_t least_operations = 0;  // goes on beyond the time for so many
  std::int64_t clock_cost_ns = 0;
  // found
  std::uint64_t operations = 0;  // keys
  std::uint64_t hits = 0;
  std::uint64_t misses = 0;
  std::uint64_t wrong = 0;   // hits with another key's value
  std::uint64_t failed = 0;  // operations that answered an error
  std::uint64_t allocations = 0;
  std::int64_t elapsed_ns = 0;
  std::int64_t cpu_ns = 0;   // processor time, which what else runs on the machine disturbs less
  LatencyHistogram latency;  // of calls, sampled
};

struct SubjectSetup {
  std::uint64_t capacity = 0;
  std::size_t value_bytes = 64;  // 8, 64, 256 or 1024
  bool strings = false;          // std::string values rather than arrays
  std::uint64_t seed = 0;        // of the key hash; 0: as the cache is shipped
};

class Subject {
 public:
  virtual ~Subject() = default;

  // Stores the values of `ids`. False: a write failed.
  virtual bool fill(std::span<const std::uint32_t> ids) = 0;
  virtual void run(Workload workload, ThreadRun& run) = 0;
  virtual std::uint64_t entries() = 0;
  // The updates that the values of the keys below `keys` have counted.
  virtual std::uint64_t updates(std::uint32_t keys) = 0;
};

// A Larder cache, default options but for the capacity. Null: it could not be opened.
std::unique_ptr<Subject> make_larder(const SubjectSetup& setup);
// The mutex LRU of lru_peer.h.
std::unique_ptr<Subject> make_lru_peer(const SubjectSetup& setup);

}  // namespace larder::bench
