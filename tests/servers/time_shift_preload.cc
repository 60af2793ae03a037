// Loaded into a server (LD_PRELOAD): its wall clock runs ahead of the system's by the nanoseconds
// that stand in the file TIME_SHIFT_FILE, which TimeShift moves; or it stands that far ahead of the
// instant that is the file's second word. The monotonic clock is left alone.
// The clocks are read by system calls, without a look-up of the real functions: a look-up may
// allocate, and allocators ask for the time.
#include <cstdint>
#include <cstdlib>
#include <fcntl.h>
#include <time.h>
#include <unistd.h>

#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>

namespace {

constexpr std::int64_t kNsPerSecond = 1'000'000'000;

const std::int64_t* shift_ns = nullptr;  // in the mapped file: two words; null: no shift

__attribute__((constructor)) void map_shift() {
  const char* const path = std::getenv("TIME_SHIFT_FILE");
  const int file = path != nullptr ? ::open(path, O_RDONLY | O_CLOEXEC) : -1;
  if (file < 0) return;
  void* const mapped = ::mmap(nullptr, 2 * sizeof *shift_ns, PROT_READ, MAP_SHARED, file, 0);
  ::close(file);
  if (mapped != MAP_FAILED) shift_ns = static_cast<const std::int64_t*>(mapped);
}

int read_clock(clockid_t clock, timespec* to) {
  const auto status = static_cast<int>(::syscall(SYS_clock_gettime, clock, to));
  const bool is_wall = clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE;
  if (status != 0 || !is_wall || shift_ns == nullptr) return status;
  // Pairs with TimeShift::advance().
  const std::int64_t shift = __atomic_load_n(shift_ns, __ATOMIC_ACQUIRE);
  if (shift_ns[1] != 0) *to = {};
  const std::int64_t ahead_ns = shift_ns[1] + shift;
  const std::int64_t part_ns = to->tv_nsec + ahead_ns % kNsPerSecond;
  to->tv_sec += ahead_ns / kNsPerSecond + part_ns / kNsPerSecond;
  to->tv_nsec = part_ns % kNsPerSecond;
  return status;
}

}  // namespace

extern "C" {

int clock_gettime(clockid_t clock, timespec* to) noexcept { return read_clock(clock, to); }

int gettimeofday(timeval* __restrict to, void* __restrict) noexcept {
  timespec now{};
  const int status = read_clock(CLOCK_REALTIME, &now);
  to->tv_sec = now.tv_sec;
  to->tv_usec = now.tv_nsec / 1'000;
  return status;
}

time_t time(time_t* to) noexcept {
  timespec now{};
  read_clock(CLOCK_REALTIME, &now);
  if (to != nullptr) *to = now.tv_sec;
  return now.tv_sec;
}

}  // extern "C"
