// TimeShift: how far the wall clock of the servers started with it is ahead, or where it stands;
// all of them see a move at once. ShiftedClock: a cache's clock that goes with it. Used by the
// servers of this folder and by who opens caches on them.
// Thread safety: every member may be called from any thread at any time.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>

#include "larder/clock.h"
#include "servers/temp_dir.h"

namespace larder::servers {

class TimeShift {
 public:
  /// Of a time that runs: ahead by nothing yet. Of one that stands still: at the present, until it
  /// is moved. Throws ServerError.
  enum class Mode : std::uint8_t { runs, stands_still };
  explicit TimeShift(Mode mode = Mode::runs);
  TimeShift(const TimeShift&) = delete;
  TimeShift& operator=(const TimeShift&) = delete;
  ~TimeShift();

  /// Forward only: a negative span moves nothing. When it returns, whatever a server does next, it
  /// does at the later time.
  void advance(std::chrono::nanoseconds span) noexcept;
  [[nodiscard]] std::chrono::nanoseconds total() const noexcept;
  [[nodiscard]] bool stands_still() const noexcept { return begin_ns_ != 0; }
  /// Of a time that stands still: its wall clock.
  [[nodiscard]] std::int64_t instant_ns() const noexcept { return begin_ns_ + total().count(); }
  /// What a server's environment needs, as `NAME=value`.
  [[nodiscard]] std::string preload_variable() const;
  [[nodiscard]] std::string file_variable() const;

 private:
  // constant after construction
  TempDir folder_;
  std::string file_;
  std::int64_t begin_ns_ = 0;  // 0: time runs
  // Two words in the file, which the servers map, too: the shift (atomic_ref), and begin_ns_.
  std::int64_t* shift_ns_ = nullptr;
};

/// Real time plus a TimeShift, or where that stands. Waits on it look again every millisecond, so
/// that they end when advance() has passed their deadline.
class ShiftedClock final : public Clock {
 public:
  explicit ShiftedClock(std::shared_ptr<const TimeShift> shift) : shift_(std::move(shift)) {}

  std::int64_t now_ns() const noexcept override;
  std::int64_t wall_ns() const noexcept override;
  std::chrono::nanoseconds poll_interval() const noexcept override {
    return std::chrono::milliseconds(1);
  }

 private:
  std::shared_ptr<const TimeShift> shift_;
};

}  // namespace larder::servers
