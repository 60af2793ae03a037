// Faults: what a FaultProxy does to the bytes of one direction. ProxyCounts: what it has done, so
// that a test can prove that its fault took place. Used by FaultProxy and its connections.
// Thread safety: values.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>

namespace larder::servers {

enum class Way : std::uint8_t { to_server, to_client };

/// Applies to connections that are open and to those that come; bytes are counted per connection,
/// from when the faults were set. Several may be combined.
struct Faults {
  /// Ends the connection on both sides when so many bytes have passed; 0: at the first byte.
  std::optional<std::uint64_t> cut_after{};
  /// With cut_after: by a reset, which may overtake bytes, instead of an orderly end.
  bool reset = false;
  /// Changes one bit of the byte of this number.
  std::optional<std::uint64_t> corrupt_at{};
  /// Changes one bit of the last byte of each occurrence.
  std::string corrupt_text{};
  /// How often cut_after, corrupt_at and corrupt_text come about, all together.
  std::uint64_t times = std::numeric_limits<std::uint64_t>::max();
  /// Bytes wait so long.
  std::chrono::nanoseconds delay{0};
  /// Most bytes of one write; with a delay, each waits for the one before. 0: no limit.
  std::size_t slice = 0;
  /// Bytes are taken and lost.
  bool black_hole = false;
  /// Bytes stay where they are until other faults are set: a network that comes back.
  bool hold = false;
};

struct ProxyCounts {
  std::uint64_t accepted = 0;
  std::uint64_t open = 0;             ///< at this moment
  std::uint64_t bytes_to_server = 0;  ///< received, whatever became of them
  std::uint64_t bytes_to_client = 0;
  std::uint64_t cuts = 0;  ///< connections that a cut ended, cut_all() included
  std::uint64_t corrupted_bytes = 0;
  std::uint64_t lost_bytes = 0;  ///< in the black hole
  std::uint64_t delayed_chunks = 0;
  std::uint64_t slices = 0;
};

}  // namespace larder::servers
