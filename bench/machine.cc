// The machine as Linux shows it.
//
// Thread safety: see machine.h.
#include "bench/machine.h"

#include <cstdio>
#include <cstdlib>
#include <exception>
#include <fstream>
#include <sched.h>
#include <time.h>
#include <unistd.h>
#include <vector>

#include <sys/wait.h>

#include "bench/statistics.h"

namespace larder::bench {

std::int64_t thread_cpu_ns() noexcept {
  timespec time{};
  if (clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time) != 0) return 0;
  return std::int64_t{time.tv_sec} * 1'000'000'000 + time.tv_nsec;
}

std::int64_t clock_cost_ns() {
  std::vector<double> costs;
  for (int i = 0; i < 1001; ++i) {
    const std::int64_t before = now_ns();
    costs.push_back(static_cast<double>(now_ns() - before));
  }
  return static_cast<std::int64_t>(median(std::move(costs)));
}

unsigned usable_cpus() {
  cpu_set_t set;
  CPU_ZERO(&set);
  if (sched_getaffinity(0, sizeof(set), &set) != 0) return 1;
  return static_cast<unsigned>(CPU_COUNT(&set));
}

bool pin_this_thread(unsigned n) noexcept {
  cpu_set_t usable;
  CPU_ZERO(&usable);
  if (sched_getaffinity(0, sizeof(usable), &usable) != 0) return false;
  unsigned left = n % static_cast<unsigned>(CPU_COUNT(&usable));
  for (unsigned cpu = 0; cpu < CPU_SETSIZE; ++cpu) {
    if (!CPU_ISSET(cpu, &usable) || left-- != 0) continue;
    cpu_set_t one;
    CPU_ZERO(&one);
    CPU_SET(cpu, &one);
    return sched_setaffinity(0, sizeof(one), &one) == 0;
  }
  return false;
}

std::size_t resident_bytes() {
  std::ifstream file("/proc/self/statm");
  std::size_t total_pages = 0;
  std::size_t resident_pages = 0;
  if (!(file >> total_pages >> resident_pages)) return 0;
  return resident_pages * static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
}

std::optional<double> measure_in_child(const std::function<double()>& measure) {
  int ends[2];
  if (pipe(ends) != 0) return std::nullopt;
  const pid_t child = fork();
  if (child == 0) {
    bool told = false;
    try {
      const double result = measure();
      told = write(ends[1], &result, sizeof(result)) == sizeof(result);
    } catch (const std::exception& fault) {
      std::fprintf(stderr, "larder: %s\n", fault.what());
    }
    _exit(told ? 0 : 1);  // without the parent's destructors and buffers
  }
  close(ends[1]);
  double result = 0;
  const bool told = child > 0 && read(ends[0], &result, sizeof(result)) == sizeof(result);
  close(ends[0]);
  int status = 0;
  const bool ended = child > 0 && waitpid(child, &status, 0) == child && status == 0;
  if (!told || !ended) return std::nullopt;
  return result;
}

std::string machine_summary() {
  double load[1] = {0};
  if (getloadavg(load, 1) != 1) load[0] = 0;
  char text[80];
  std::snprintf(text, sizeof(text), "%u processors, load %.1f", usable_cpus(), load[0]);
  return text;
}

}  // namespace larder::bench
