// The loop of a thread in a round, and the choice of a value type: what the subjects share. The
// loop is the same for every subject, so that what it costs is too.
//
// Thread safety: one call belongs to one thread.
#pragma once

#include <memory>
#include <string>

#include "bench/allocations.h"
#include "bench/machine.h"
#include "bench/subject.h"
#include "bench/value.h"

namespace larder::bench {

// Calls `op(const Request*)`, which uses up kStep requests, until the time is over and the least
// number of operations is done. One call in
// kSampleEvery is timed; that reading of the clock also says when to end.
template <std::size_t kStep, class Op>
void drive(ThreadRun& run, Op&& op) {
  constexpr std::size_t kAdvance = kStep * kSampleEvery;
  static_assert(kChunk % kAdvance == 0);
  const std::uint64_t allocations_before = thread_allocations();
  const std::int64_t cpu_before_ns = thread_cpu_ns();
  const std::int64_t begin_ns = now_ns();
  const std::int64_t end_ns = begin_ns + run.duration_ns;
  std::size_t position = run.position;
  std::uint64_t calls = 0;
  std::int64_t before_ns = begin_ns;
  do {
    const Request* const request = &run.requests[position];
    op(request);
    run.latency.record(now_ns() - before_ns - run.clock_cost_ns);
    for (std::size_t i = 1; i < kSampleEvery; ++i) op(request + i * kStep);
    calls += kSampleEvery;
    position += kAdvance;
    if (position == run.requests.size()) position = 0;
    before_ns = now_ns();
  } while (before_ns < end_ns || calls * kStep < run.least_operations);
  run.elapsed_ns = before_ns - begin_ns;
  run.cpu_ns = thread_cpu_ns() - cpu_before_ns;
  run.operations = calls * kStep;
  run.allocations = thread_allocations() - allocations_before;
  run.position = position;
}

template <class F>
std::unique_ptr<Subject> with_value_type(const SubjectSetup& setup, F&& f) {
  if (setup.strings) return f.template operator()<std::string>();
  switch (setup.value_bytes) {
    case 8:
      return f.template operator()<Bytes<8>>();
    case 64:
      return f.template operator()<Bytes<64>>();
    case 256:
      return f.template operator()<Bytes<256>>();
    case 1024:
      return f.template operator()<Bytes<1024>>();
    default:
      return nullptr;
  }
}

}  // namespace larder::bench
