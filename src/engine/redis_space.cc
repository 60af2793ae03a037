// Making the space of a cache.
// Thread safety: see redis_space.h.
#include "engine/redis_space.h"

#include <random>
#include <utility>

namespace larder::engine {
namespace {

std::uint64_t random_word() {
  std::random_device entropy;
  const std::uint64_t high = entropy();
  return (high << 32) | entropy() | 1;  // never zero: that is the absent version's
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
