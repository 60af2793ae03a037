// CacheSettings and CacheOptions: everything a cache can be told when it is opened. Settings are
// plain and also come from TOML and the environment; options add what is typed.
// Thread safety: values.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "larder/clock.h"
#include "larder/engine.h"
#include "larder/hooks.h"
#include "larder/index.h"
#include "larder/result.h"
#include "larder/time.h"

namespace larder {

/// What happens when an insertion finds the cache full (in-process engines).
enum class OnFull : std::uint8_t {
  evict,   ///< the policy makes room
  reject,  ///< `cache_full`; a batch wholly or not at all
};

/// The plain part of a cache's options. Every field: meaning, default, accepted range.
struct CacheSettings {
  static constexpr std::size_t kUnlimited = std::numeric_limits<std::size_t>::max();

  /// The registered provider that makes the engine. Default "memory"; not empty.
  std::string provider = "memory";
  /// The time to live of writes that name none. Default 7 days; a valid Ttl, or forever.
  Ttl default_ttl = std::chrono::hours(24 * 7);
  /// Most entries live at once. Default 1,000,000; 1 to kUnlimited.
  std::size_t max_entries = 1'000'000;
  /// Most bytes live at once, as the weigher counts them. Default kUnlimited; 1 to kUnlimited.
  std::size_t max_bytes = kUnlimited;
  /// Default OnFull::evict.
  OnFull on_full = OnFull::evict;
  /// Lock stripes of the memory engine; rounded up to a power of two, fewer are used when the
  /// capacity is small. Default 128; 1 to 4,096.
  std::size_t shards = 128;
  /// The longest a load may run before its callers give up. Default 30 s; 1 ms to 24 h.
  std::chrono::milliseconds max_load_time = std::chrono::seconds(30);
  /// Keep last_accessed and access_count (a read then writes them). Default off.
  bool track_access = false;
  /// Zero keys, values and buffers on every way out. Default off.
  bool secure_wipe = false;
  /// Least duration of the reads get*, contains, metadata and take. Default 0 (off); 0 to 10 s.
  std::chrono::nanoseconds timing_floor{0};
  /// Pause between sweeps for expired entries. Default 100 ms; 1 ms to 1 h.
  std::chrono::milliseconds sweep_interval{100};
  /// Most entries one sweep step visits under one lock. Default 256; 1 to 1,000,000.
  std::size_t sweep_batch = 256;
  /// Most time one sweep spends. Default 10 ms; 1 ms to 10 s.
  std::chrono::milliseconds sweep_time{10};
  /// Count operations and sample latencies. Default on.
  bool metrics = true;
  /// Provider "redis": where the server is. Default the local one; `redis://[USER:PASSWORD@]HOST
  /// [:PORT][/DB]`, `rediss://` for TLS, `unix://PATH`; not empty.
  std::string redis_url = "redis://127.0.0.1:6379";
  /// Multiplexed connections that all callers share. Default 2; 1 to 64.
  std::size_t redis_connections = 2;
  /// The longest a call without a deadline of its own waits for the server. Default 5 s; 1 ms to
  /// 1 h.
  std::chrono::milliseconds redis_timeout = std::chrono::seconds(5);
  /// How long a load of get_or_set holds its key without a sign of life of its process. Default
  /// 10 s; 100 ms to 1 h.
  std::chrono::milliseconds redis_lease = std::chrono::seconds(10);

  /// Every problem, one sentence each, naming field and accepted range; empty: valid.
  [[nodiscard]] std::vector<std::string> problems() const;
};

/// What is known of a cache's `T` and its user code, without `T`. Engines receive it; constant
/// once the cache is open.
struct CacheTraits {
  std::string name;            ///< the cache's name
  std::string_view type_name;  ///< TypeName<T>::value()
  const ValueOps* ops = nullptr;
  std::vector<IndexSpec<void>> indexes;
  Hooks<void> hooks;
  /// Null: key size + size of `T` + what `T` is known to own.
  std::function<std::size_t(std::string_view key, const void* value)> weigher;
  /// Null, or: a sweep also removes the entries it says true for (cause `evicted`).
  std::function<bool(std::string_view key, const void* value)> sweep_predicate;
  std::function<std::string(std::string_view key)> placement;
  std::shared_ptr<Clock> clock;
  /// Seed of the key hash; absent: the process's random seed. Replays fix it, services never.
  std::optional<std::uint64_t> hash_seed;
};

/// Everything a cache of `T` can be told. An aggregate: name what differs from the default.
/// @code
///   CacheOptions<Session>{.settings = {.max_entries = 100'000},
///                         .indexes = {index("by_subject", &Session::subject)}}
/// @endcode
template <class T>
struct CacheOptions {
  CacheSettings settings{};
  /// Indexes recomputed at every write of a value. Names distinct and not empty.
  std::vector<IndexSpec<T>> indexes{};
  Hooks<T> hooks{};
  /// Decorators of the engine, outermost first.
  std::vector<Middleware> middleware{};
  /// Bytes of an entry for `max_bytes`. Default: key + `sizeof(T)` + what `T` is known to own.
  std::function<std::size_t(std::string_view key, const T& value)> weigher{};
  /// A sweep also removes the entries it says true for. Default: none.
  std::function<bool(std::string_view key, const T& value)> sweep_predicate{};
  /// Keys with the same placement share a cluster slot; of no effect in process.
  std::function<std::string(std::string_view key)> placement{};
  /// The source of time. Default: the system's clocks.
  std::shared_ptr<Clock> clock{};
  /// Fixes the seed of the key hash for replays. Leave it empty in services.
  std::optional<std::uint64_t> hash_seed{};

  /// Ok, or `invalid_config` whose message lists every problem.
  [[nodiscard]] Result<void> validate() const;
};

/// `problems` joined into one `invalid_config`, or success.
Result<void> check_config(const std::vector<std::string>& problems);

template <class T>
Result<void> CacheOptions<T>::validate() const {
  std::vector<std::string> problems = settings.problems();
  for (std::size_t i = 0; i < indexes.size(); ++i) {
    if (indexes[i].name.empty()) problems.push_back("indexes: a name must not be empty");
    for (std::size_t j = 0; j < i; ++j) {
      if (indexes[i].name == indexes[j].name) {
        problems.push_back("indexes: the name '" + indexes[i].name + "' is given twice");
      }
    }
  }
  return check_config(problems);
}

}  // namespace larder
