// Flights and their lists of waiters.
// Thread safety: see flight_table.h.
#include "flight/flight_table.h"

namespace larder::flight {

void Flight::join(Waiter& waiter) {
  CHECK(waiter.flight == nullptr);
  waiter.flight = this;
  waiter.prev = last_;
  waiter.next = nullptr;
  (last_ != nullptr ? last_->next : first_) = &waiter;
  last_ = &waiter;
  ++waiting;
}

void Flight::leave(Waiter& waiter) {
  CHECK(waiter.flight == this);
  (waiter.prev != nullptr ? waiter.prev->next : first_) = waiter.next;
  (waiter.next != nullptr ? waiter.next->prev : last_) = waiter.prev;
  waiter.prev = waiter.next = nullptr;
  waiter.flight = nullptr;
  --waiting;
}

Waiter* Flight::pop() {
  Waiter* waiter = first_;
  if (waiter != nullptr) leave(*waiter);
  return waiter;
}

std::shared_ptr<Flight> FlightTable::find(std::string_view key) const {
  if (flights_.empty()) return nullptr;
  const auto it = flights_.find(key);
  return it == flights_.end() ? nullptr : it->second;
}

std::shared_ptr<Flight> FlightTable::begin(std::string_view key, std::uint64_t hash,
                                           std::uint64_t fence, std::shared_ptr<RunningLoad> load) {
  load->wanted.add_relaxed(1);
  auto flight = std::make_shared<Flight>(key, hash, fence, std::move(load));
  const bool added = flights_.emplace(flight->key, flight).second;
  CHECK(added);
  flight->attached = true;
  return flight;
}

void FlightTable::fence_all() {
  for (auto& [key, flight] : flights_) flight->attached = false;
  flights_.clear();
}

void FlightTable::detach(std::string_view key) {
  const auto it = flights_.find(key);
  if (it == flights_.end()) return;
  it->second->attached = false;
  flights_.erase(it);
}

void FlightTable::end(Flight& flight) {
  if (flight.attached) detach(flight.key);
}

bool FlightTable::end_if_unwanted(Flight& flight) {
  if (flight.wanted()) return false;
  end(flight);
  return flight.load->wanted.sub_relaxed(1) == 1;
}

}  // namespace larder::flight
