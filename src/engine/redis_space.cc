// Making the space of a cache.
// Thread safety: see redis_space.h.
#include "engine/redis_space.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <random>
#include <utility>

namespace larder::engine {
namespace {

std::uint64_t random_word() {
  std::random_device entropy;
  const std::uint64_t high = entropy();
  return (high << 32) | entropy() | 1;  // never zero: that is the absent version's
}

// The range of a T, found by steps from zero: ValueOps knows how far it may go.
CounterRange range_of(const ValueOps& ops) {
  if (ops.add == nullptr) return {};
  constexpr std::uint64_t kAll = std::numeric_limits<std::uint64_t>::max();
  const auto reach = [&ops](bool negative) {
    std::uint64_t sum = 0;
    alignas(std::max_align_t) std::array<std::byte, 16> storage;
    ops.zero(storage.data());
    for (std::uint64_t step = kAll / 2 + 1; step != 0; step /= 2) {
      if (ops.add(storage.data(), {step, negative})) sum += step;
    }
    return sum;
  };
  const std::uint64_t below = reach(true);
  return {below == 0 ? "0" : "-" + std::to_string(below), std::to_string(reach(false))};
}

}  // namespace

RedisSpace::RedisSpace(const CacheSettings& given, std::shared_ptr<const CacheTraits> of,
                       std::shared_ptr<RedisClient> through)
    : settings(given),
      traits(std::move(of)),
      client(std::move(through)),
      layout(traits->name, traits->placement),
      values(settings, traits),
      standard_ttl(ttl_text(settings.default_ttl)),
      range(range_of(*traits->ops)),
      origin(random_word()) {}

Version RedisSpace::next_version() noexcept { return {origin, versions.add_relaxed(1)}; }

std::string RedisSpace::ttl_text(Ttl ttl) {
  switch (ttl.kind()) {
    case Ttl::Kind::standard:
      return "standard";
    case Ttl::Kind::forever:
      return "forever";
    case Ttl::Kind::keep:
      return "keep";
    case Ttl::Kind::span:
      break;
  }
  return std::to_string(ttl.span().count());
}

}  // namespace larder::engine
