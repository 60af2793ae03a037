// The loads of one process in front of Redis: which flights are attached, which leases they hold,
// and what has fenced them. Used by the Redis engine.
//
// Thread safety: every member from any thread.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/atomic.h"
#include "base/glob.h"
#include "engine/loads.h"
#include "flight/flight_table.h"
#include "sync/mutex.h"

namespace larder::engine {

// A flight may be joined while its load is one that began after every write that the caller can
// know of. Writes of this process detach flights here. Those of others are seen by the lease: a
// caller that read the key and found another lease than the flight's, or none, reads after a write
// that the flight does not know of, unless the flight took its lease only after that read.
class RedisFlights {
 public:
  // Orders readings of keys and takings of leases within this process.
  [[nodiscard]] std::uint64_t instant() noexcept { return instants_.add_relaxed(1); }

  LoadPlace place(std::string_view key);

  // Writes of this process.
  void fence(std::string_view key);
  void fence_matching(const base::Glob& glob);
  // An erase by index or tag: who comes later does not join what began before.
  void fence_later() noexcept { generation_.add_relaxed(1); }
  [[nodiscard]] std::uint64_t generation() const noexcept { return generation_.load_relaxed(); }

  // The load of `key` runs under this lease from now on.
  void note_lease(std::string_view key, Version token);
  void forget_lease(std::string_view key, Version token);
  // Whether a write of this process has come since the load took this lease.
  [[nodiscard]] bool was_fenced(std::string_view key, Version token);
  // A reading of `key` at `instant` found the lease `seen` (absent: none): detaches a flight whose
  // lease is another one, taken before. The place's lock is held.
  void compare_locked(const LoadPlace& place, Version seen, std::uint64_t instant);

  void report(std::uint64_t& flights, std::uint64_t& waiters) const;

 private:
  struct Lease {
    Version token;
    std::uint64_t taken = 0;
    bool was_fenced = false;  // by a write of this process: its flight is detached
    bool was_missed = false;  // a reader found another lease, or none: the same
  };
  struct Stripe {
    mutable sync::Mutex mutex{sync::Rank::kShard};
    // guarded by mutex; unannotated: loads reach them through LoadPlace
    flight::FlightTable flights;
    // The latest last; bound: loads of this process that run.
    std::unordered_map<std::string, std::vector<Lease>> leases;
  };
  static constexpr std::size_t kStripes = 32;

  Stripe& stripe_of(std::string_view key) noexcept;

  // own synchronisation
  std::array<Stripe, kStripes> stripes_;
  // atomics
  base::Atomic<std::uint64_t> instants_{1};    // role: see instant(); carries no data
  base::Atomic<std::uint64_t> generation_{0};  // role: counts erases by index and tag
};

}  // namespace larder::engine
