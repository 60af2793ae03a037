// Names of entries, found by index key or by pattern, and what is done with many of them. Used by
// redis_search.cc and redis_listing.cc.
//
// Thread safety: as the turn's.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/glob.h"
#include "engine/redis_exchange.h"
#include "larder/operation.h"

namespace larder::engine {

// An entry that lives, and its life.
struct Living {
  std::string name;
  std::string key;
  std::string life;
};

// Keys and index keys per command: what the server does in one go.
inline constexpr std::size_t kSearchSlice = 256;

// The index key of a term, as a key in Redis.
std::string index_key(const RedisSpace& space, std::string_view index, std::string_view term);
// The term as a block.
std::string term_block(std::string_view index, std::string_view term);

// The members of an index key that live and hold the term. Drifted memberships are repaired.
Task<Result<std::vector<Living>>> members(RedisWay way, std::string index_key);

// One step of a listing of keys in Redis: what matched, and where it goes on ("0": nowhere).
struct ScanStep {
  std::vector<std::string> keys;
  std::string cursor;
};
Task<Result<ScanStep>> scan_step(RedisWay way, std::string cursor, std::string pattern,
                                 std::size_t count);

// What matches and lives; and the names of leases, where somebody asks for them.
Task<Result<std::vector<Living>>> matching(RedisWay way, const base::Glob& glob,
                                           std::vector<std::string>* leases = nullptr);
// Those of `names` that live.
Task<Result<std::vector<Living>>> living(RedisWay way, std::span<const std::string> names,
                                         std::vector<std::string>* leases = nullptr);

// Erases those whose lives go on and, unless `index_key` is empty, still hold its term: hooks are
// asked for each, and told. Returns how many.
Task<Result<std::size_t>> erase_living(RedisWay way, std::span<const Living> targets,
                                       std::string index_key, RemovalCause cause);

}  // namespace larder::engine
