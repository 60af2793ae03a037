// ProxyPipe: one direction of one connection of a FaultProxy: what was received, changed by the
// faults, waits in it for its time to be sent. No sockets. Used by ProxyLink.
// Thread safety: the proxy's lock is held.
#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>

#include "servers/faults.h"

namespace larder::servers {

using Instant = std::chrono::steady_clock::time_point;

// States: open -> cut (nothing more is taken; what waits is still sent) or ended by its source.
class ProxyPipe {
 public:
  static constexpr std::size_t kMostWaiting = std::size_t{1} << 20;

  /// `faults` and `counts` are the proxy's: shared by all pipes of the direction, outlive it.
  ProxyPipe(Way way, Faults& faults, ProxyCounts& counts)
      : way_(way), faults_(&faults), counts_(&counts) {}

  /// Other faults were set: bytes are counted anew.
  void restart() noexcept;
  [[nodiscard]] bool wants_bytes() const noexcept;
  void take(std::string_view bytes, Instant now);
  void end() noexcept { ended_ = true; }

  /// When the next bytes are to be sent; empty: none are.
  [[nodiscard]] std::optional<Instant> due() const noexcept;
  /// What to send in one write, if it is due.
  [[nodiscard]] std::string_view next(Instant now) const noexcept;
  void sent(std::size_t count);
  /// The faults slice: other connections come between two writes.
  [[nodiscard]] bool is_sliced() const noexcept { return faults_->slice > 0; }

  [[nodiscard]] bool is_cut() const noexcept { return cut_; }
  [[nodiscard]] bool is_drained() const noexcept { return waiting_.empty(); }
  /// Its source ended and everything has been sent; a black hole swallows the end, too.
  [[nodiscard]] bool is_over() const noexcept;

 private:
  struct Chunk {
    std::string bytes;
    Instant due;
  };

  [[nodiscard]] bool use_up_one();
  void cut_short(std::string& bytes);
  void corrupt(std::string& bytes);
  void flip(char& byte);
  void store(std::string bytes, Instant now);

  // constant after construction
  const Way way_;
  Faults* const faults_;
  ProxyCounts* const counts_;
  // of the proxy's thread
  std::uint64_t passed_ = 0;  // since the faults were set
  std::string tail_;          // the last bytes before these: corrupt_text may span receipts
  std::deque<Chunk> waiting_;
  std::size_t waiting_bytes_ = 0;
  Instant last_due_{};
  bool ended_ = false;
  bool cut_ = false;
};

}  // namespace larder::servers
