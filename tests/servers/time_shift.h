// TimeShift: how far the wall clock of the servers started with it is ahead; all of them see a move
// at once. ShiftedClock: a cache's clock that is ahead by the same. Used by RedisServer and the
// topologies.
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
  /// Nothing yet. Throws ServerError.
  TimeShift();
  TimeShift(const TimeShift&) = delete;
  TimeShift& operator=(const TimeShift&) = delete;
  ~TimeShift();

  /// Forward only: a negative span moves nothing. When it returns, whatever a server does next, it
  /// does at the later time.
  void advance(std::chrono::nanoseconds span) noexcept;
  [[nodiscard]] std::chrono::nanoseconds total() const noexcept;
  /// What a server's environment needs, as `NAME=value`.
  [[nodiscard]] std::string preload_variable() const;
  [[nodiscard]] std::string file_variable() const;

 private:
  // constant after construction
  TempDir folder_;
  std::string file_;
  std::int64_t* shift_ns_ = nullptr;  // in the file, which the servers map, too; atomic_ref
};

/// Real time plus a TimeShift. Waits on it look again every millisecond, so that they end when
/// advance() has passed their deadline.
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
