// Fencing of flights by writes of this process, and by leases that are gone.
// Thread safety: see redis_flights.h.
#include "engine/redis_flights.h"

#include <algorithm>

#include "base/hash.h"

namespace larder::engine {

RedisFlights::Stripe& RedisFlights::stripe_of(std::string_view key) noexcept {
  return stripes_[base::hash_bytes(key, base::process_seed()) % kStripes];
}

LoadPlace RedisFlights::place(std::string_view key) {
  Stripe& stripe = stripe_of(key);
  return {key, base::hash_bytes(key, base::process_seed()), &stripe.mutex, &stripe.flights};
}

void RedisFlights::fence(std::string_view key) {
  Stripe& stripe = stripe_of(key);
  sync::MutexLock lock(stripe.mutex);
  stripe.flights.fence(key);
  if (stripe.leases.empty()) return;
  const auto lease = stripe.leases.find(std::string(key));
  if (lease == stripe.leases.end()) return;
  for (Lease& one : lease->second) one.was_fenced = true;
}

void RedisFlights::fence_matching(const base::Glob& glob) {
  for (Stripe& stripe : stripes_) {
    sync::MutexLock lock(stripe.mutex);
    stripe.flights.fence_matching([&](std::string_view key) { return glob.matches(key); });
    for (auto& [key, leases] : stripe.leases) {
      if (!glob.matches(key)) continue;
      for (Lease& one : leases) one.was_fenced = true;
    }
  }
}

void RedisFlights::note_lease(std::string_view key, Version token) {
  Stripe& stripe = stripe_of(key);
  sync::MutexLock lock(stripe.mutex);
  std::vector<Lease>& leases = stripe.leases[std::string(key)];
  if (std::ranges::find(leases, token, &Lease::token) != leases.end()) return;
  leases.push_back({.token = token, .taken = instant()});
}

void RedisFlights::forget_lease(std::string_view key, Version token) {
  Stripe& stripe = stripe_of(key);
  sync::MutexLock lock(stripe.mutex);
  const auto found = stripe.leases.find(std::string(key));
  if (found == stripe.leases.end()) return;
  std::erase_if(found->second, [&](const Lease& lease) { return lease.token == token; });
  if (found->second.empty()) stripe.leases.erase(found);
}

bool RedisFlights::was_fenced(std::string_view key, Version token) {
  Stripe& stripe = stripe_of(key);
  sync::MutexLock lock(stripe.mutex);
  const auto found = stripe.leases.find(std::string(key));
  if (found == stripe.leases.end()) return false;
  const auto lease = std::ranges::find(found->second, token, &Lease::token);
  return lease != found->second.end() && lease->was_fenced;
}

void RedisFlights::compare_locked(const LoadPlace& place, Version seen, std::uint64_t instant) {
  Stripe& stripe = stripe_of(place.key);
  const auto lease = stripe.leases.find(std::string(place.key));
  if (lease == stripe.leases.end()) return;
  Lease& latest = lease->second.back();
  if (latest.was_fenced || latest.was_missed) return;  // the flight there is a later one
  if (latest.token != seen && latest.taken < instant) {
    latest.was_missed = true;
    stripe.flights.fence(place.key);
  }
}

void RedisFlights::report(std::uint64_t& flights, std::uint64_t& waiters) const {
  for (const Stripe& stripe : stripes_) {
    sync::MutexLock lock(stripe.mutex);
    flights += stripe.flights.size();
    stripe.flights.for_each([&](const auto& flight) { waiters += flight->waiting; });
  }
}

}  // namespace larder::engine
