// Single-flight: the loads in flight of one shard, by key, and who waits for each. Shared by the
// engines that load.
//
// Thread safety: none of its own. A table, the list of a flight's waiters and the marked fields
// of a flight are guarded by the lock of the shard that the table belongs to.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <stop_token>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>

#include "base/atomic.h"
#include "base/check.h"
#include "base/wiped_text.h"
#include "flight/wait_graph.h"

namespace larder::flight {

class Flight;

// A caller in the list of a flight. Engines derive what they deliver to.
struct Waiter {
  // guarded by the shard's lock
  Waiter* prev = nullptr;
  Waiter* next = nullptr;
  Flight* flight = nullptr;  // null while in no list
};

// What the flights of one running loader share.
struct RunningLoad {
  std::stop_source stop;                // own synchronisation
  base::Atomic<std::size_t> wanted{0};  // flights with somebody who wants the result; relaxed
};

// One load of one key.
//
// attached -> detached, once and for good. Attached: callers join, and the result may be
// published. Detached, by a write of the key, by the end of the load, by its time limit or by
// close: nobody joins, nothing is published; who waits still gets the result. A flight is known
// by its identity, never by its key: a later load of the key is another flight (no ABA).
class Flight {
 public:
  Flight(std::string_view key, std::uint64_t hash, std::uint64_t fence,
         std::shared_ptr<RunningLoad> load)
      : id(next_flight_id()), key(key), hash(hash), fence(fence), load(std::move(load)) {}

  // constant after construction
  const std::uint64_t id;
  const base::WipedText key;
  const std::uint64_t hash;
  const std::uint64_t fence;  // generation of the fence log at the beginning
  const std::shared_ptr<RunningLoad> load;
  // guarded by the shard's lock
  bool attached = false;
  bool leader_waits = false;  // the first caller runs the loader itself and wants the result
  std::size_t waiting = 0;    // length of the list

  // Adds a caller at the end of the list.
  void join(Waiter& waiter);
  // Takes one caller out.
  void leave(Waiter& waiter);
  // Takes out the caller that came first; null when there is none.
  Waiter* pop();
  // Whether anybody still wants the result.
  [[nodiscard]] bool wanted() const noexcept { return leader_waits || waiting != 0; }

 private:
  Waiter* first_ = nullptr;
  Waiter* last_ = nullptr;
};

// The attached flights of one shard. At most one per key.
class FlightTable {
 public:
  [[nodiscard]] bool empty() const noexcept { return flights_.empty(); }
  [[nodiscard]] std::size_t size() const noexcept { return flights_.size(); }

  [[nodiscard]] std::shared_ptr<Flight> find(std::string_view key) const;
  // The key must have no attached flight.
  std::shared_ptr<Flight> begin(std::string_view key, std::uint64_t hash, std::uint64_t fence,
                                std::shared_ptr<RunningLoad> load);
  // A write of the key: its flight, if any, cannot publish from here on.
  void fence(std::string_view key) {
    if (!flights_.empty()) [[unlikely]]
      detach(key);
  }
  void fence_all();
  template <class Matches>
  void fence_matching(Matches&& matches);
  // This very flight ends; does nothing when it is detached.
  void end(Flight& flight);
  // After a caller of the flight has gone: if nobody wants it any more it ends, and true says that
  // its loader should be asked to stop, because none of its flights is wanted. Once per flight.
  [[nodiscard]] bool end_if_unwanted(Flight& flight);

  template <class Visit>
  void for_each(Visit&& visit) const {
    for (const auto& [key, flight] : flights_) visit(flight);
  }

 private:
  void detach(std::string_view key);

  // Keys are views of Flight::key.
  std::unordered_map<std::string_view, std::shared_ptr<Flight>> flights_;
};

template <class Matches>
void FlightTable::fence_matching(Matches&& matches) {
  for (auto it = flights_.begin(); it != flights_.end();) {
    if (matches(it->first)) {
      it->second->attached = false;
      it = flights_.erase(it);
    } else {
      ++it;
    }
  }
}

}  // namespace larder::flight
