// What a measurement needs of the machine: its clock and what reading it costs, pinned threads,
// resident memory, and a child process to measure in. Used by the rounds and the reports.
//
// Thread safety: now_ns(), thread_cpu_ns() and pin_this_thread() from any thread; the rest before
// threads start.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>

namespace larder::bench {

inline std::int64_t now_ns() noexcept {
  return std::chrono::steady_clock::now().time_since_epoch() / std::chrono::nanoseconds(1);
}

// Processor time that this thread has used.
std::int64_t thread_cpu_ns() noexcept;

// What two readings one after the other differ by: the median of many pairs.
std::int64_t clock_cost_ns();

// The processors that this process may use.
unsigned usable_cpus();

// Keeps this thread on the n-th of them, counted round. False where the system refuses.
bool pin_this_thread(unsigned n) noexcept;

// Resident memory of this process, in bytes; 0 where the system does not tell.
std::size_t resident_bytes();

// Runs `measure` in a child process, whose memory nobody has used before, and returns what it
// returned; nothing where the child failed. To be called while the process has one thread.
std::optional<double> measure_in_child(const std::function<double()>& measure);

// One line about processor and load, for reports.
std::string machine_summary();

}  // namespace larder::bench
