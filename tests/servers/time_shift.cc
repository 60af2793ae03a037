// The shared file behind a shift, and the clock.
#include "servers/time_shift.h"

#include <algorithm>
#include <atomic>
#include <fcntl.h>

#include <sys/mman.h>

#include "servers/file_handle.h"
#include "servers/server_error.h"

namespace larder::servers {
namespace {

template <class SystemClock>
std::int64_t since_epoch_ns() {
  const auto since = SystemClock::now().time_since_epoch();
  return std::chrono::duration_cast<std::chrono::nanoseconds>(since).count();
}

constexpr std::size_t kFileBytes = 2 * sizeof(std::int64_t);
constexpr std::int64_t kNsPerMs = 1'000'000;

}  // namespace

TimeShift::TimeShift(Mode mode) : file_(folder_.file("shift")) {
  const FileHandle file(::open(file_.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
  if (!file || ::ftruncate(file.get(), kFileBytes) != 0) {
    throw ServerError("cannot make " + file_);
  }
  void* const mapped =
      ::mmap(nullptr, kFileBytes, PROT_READ | PROT_WRITE, MAP_SHARED, file.get(), 0);
  if (mapped == MAP_FAILED) throw ServerError("cannot map " + file_);
  shift_ns_ = static_cast<std::int64_t*>(mapped);
  if (mode == Mode::runs) return;
  // Servers count whole milliseconds: at one's beginning nothing is cut off.
  begin_ns_ = since_epoch_ns<std::chrono::system_clock>() / kNsPerMs * kNsPerMs;
  shift_ns_[1] = begin_ns_;
}

TimeShift::~TimeShift() { ::munmap(shift_ns_, kFileBytes); }

void TimeShift::advance(std::chrono::nanoseconds span) noexcept {
  const std::int64_t step_ns = std::max<std::int64_t>(span.count(), 0);
  // Pairs with total(), and with the load in time_shift_preload.cc.
  std::atomic_ref(*shift_ns_).fetch_add(step_ns, std::memory_order_release);
}

std::chrono::nanoseconds TimeShift::total() const noexcept {
  return std::chrono::nanoseconds(std::atomic_ref(*shift_ns_).load(std::memory_order_acquire));
}

std::string TimeShift::preload_variable() const {
  return std::string("LD_PRELOAD=") + LARDER_TIME_SHIFT_LIBRARY;
}

std::string TimeShift::file_variable() const { return "TIME_SHIFT_FILE=" + file_; }

std::int64_t ShiftedClock::now_ns() const noexcept {
  if (shift_->stands_still()) return shift_->instant_ns();
  return since_epoch_ns<std::chrono::steady_clock>() + shift_->total().count();
}

std::int64_t ShiftedClock::wall_ns() const noexcept {
  if (shift_->stands_still()) return shift_->instant_ns();
  return since_epoch_ns<std::chrono::system_clock>() + shift_->total().count();
}

}  // namespace larder::servers
