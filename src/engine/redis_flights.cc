// Fencing of flights by writes of this process, and by leases that are gone.
// Thread safety: see redis_flights.h.
#include "engine/redis_flights.h"

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
  if (lease != stripe.leases.end()) lease->second.was_fenced = true;
}

void RedisFlights::fence_matching(const base::Glob& glob) {
  for (Stripe& stripe : stripes_) {
    sync::MutexLock lock(stripe.mutex);
    stripe.flights.fence_matching([&](std::string_view key) { return glob.matches(key); });
    for (auto& [key, lease] : stripe.leases) lease.was_fenced |= glob.matches(key);
  }
}

void RedisFlights::note_lease(std::string_view key, Version token) {
  Stripe& stripe = stripe_of(key);
  sync::MutexLock lock(stripe.mutex);
  stripe.leases[std::string(key)] = {.token = token, .taken = instant()};
}

void RedisFlights::forget_lease(std::string_view key, Version token) {
  Stripe& stripe = stripe_of(key);
  sync::MutexLock lock(stripe.mutex);
  const auto found = stripe.leases.find(std::string(key));
  if (found != stripe.leases.end() && found->second.token == token) stripe.leases.erase(found);
}

bool RedisFlights::was_fenced(std::string_view key, Version token) {
  Stripe& stripe = stripe_of(key);
  sync::MutexLock lock(stripe.mutex);
  const auto found = stripe.leases.find(std::string(key));
  return found != stripe.leases.end() && found->second.token == token && found->second.was_fenced;
}

void RedisFlights::compare_locked(const LoadPlace& place, Version seen, std::uint64_t instant) {
  Stripe& stripe = stripe_of(place.key);
  const auto lease = stripe.leases.find(std::string(place.key));
  if (lease == stripe.leases.end()) return;
  if (lease->second.token != seen && lease->second.taken < instant) {
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
