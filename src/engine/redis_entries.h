// Entries read and written as a whole: the steps that the operations of a Redis cache are made of.
//
// Thread safety: as the turn's. Codecs, extractors and hooks run with no lock held.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "engine/redis_exchange.h"

namespace larder::engine {

// What lives at the keys, in their order. Damaged values are removed, unless somebody was faster.
Task<Result<std::vector<Opened>>> read_entries(RedisWay way, std::span<const std::string> entries,
                                               std::span<const std::string_view> keys);

// Counts a use of those that live, where the cache tracks access.
Task<std::optional<Error>> note_uses(RedisWay way, std::span<const std::string> entries,
                                     std::span<const Opened> opened);

// Of one write.
struct StoreTerms {
  std::string_view condition = "always";  // see scripts/store.lua
  Ttl ttl{};
  bool goes_on = false;  // the entry that lives goes on
};

struct StoreItem {
  std::string entry;
  Sealed sealed;
  Version version{};
  std::string expected{};
};

enum class Stored : std::int8_t {
  refused = 0,
  created = 1,
  replaced = 2,
  foreign = -1,     // what is there may not be replaced
  lease_lost = -2,  // somebody wrote the key, or the lease ran out
  fenced = -3,      // an erase of its terms, or of many keys, came between
};

// Stores each item under the condition. Bound: kStoreSlice items per script.
inline constexpr std::size_t kStoreSlice = 64;
Task<Result<std::vector<Stored>>> store_entries(RedisWay way, const StoreTerms& terms,
                                                std::span<const StoreItem> items);

enum class Erased : std::int8_t {
  refused = -1,  // another entry lives there than was expected
  nothing = 0,
  erased = 1,
};

// Erases what lives, and leases. `expected`: for each key a version, kNothing, or kAnything; none
// at all: anything.
inline constexpr std::string_view kNothing = "-";
inline constexpr std::string_view kAnything;
Task<Result<std::vector<Erased>>> erase_entries(RedisWay way, std::span<const std::string> entries,
                                                std::span<const std::string> expected = {});

// One key.
Task<Result<Opened>> read_entry(RedisWay way, std::string_view key);
Task<Result<Stored>> store_entry(RedisWay way, const StoreTerms& terms, StoreItem item);
// An absent version: nothing may live there.
Task<Result<Erased>> erase_entry(RedisWay way, std::string_view key, Version expected);

// Counts, and tells on_removal. No lock held.
void tell_removed(RedisSpace& space, std::string_view key, RemovalCause cause);
void tell_stored(RedisSpace& space, std::string_view key, Stored stored);

// The entry at `entry` as a T of `how`; false: there is none, or item.error says why.
bool deliver(const RedisSpace& space, const Opened& opened, Deliver how, Item& item);
// A T on its own, as a pin.
Result<Pin> pinned(const RedisSpace& space, const Opened& opened);

}  // namespace larder::engine
