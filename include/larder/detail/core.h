// CacheCore: what a cache is below its typed skin: its engine with its decorators, the wait of
// blocking calls, its name and limits. Used by Cache<T>, AsyncCache<T> and Manager, not by users.
// Thread safety: every member may be called from any thread at any time.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "larder/engine.h"
#include "larder/result.h"
#include "larder/stats.h"

namespace larder {
struct MetricsSnapshot;
}

namespace larder::detail {

struct CoreParts;  // defined in src/engine/core_parts.h

/// Shared by the handles of one cache and by its manager; outlives the manager if handles do.
class CacheCore {
 public:
  explicit CacheCore(std::unique_ptr<CoreParts> parts);
  ~CacheCore();
  CacheCore(const CacheCore&) = delete;
  CacheCore& operator=(const CacheCore&) = delete;

  /// The engine that may answer reads without an operation; it asks for one where hooks,
  /// a floor or a middleware have to see the read.
  [[nodiscard]] Engine& direct() const noexcept { return *direct_; }
  /// Typed temporaries of the skin are wiped after use.
  [[nodiscard]] bool wipes() const noexcept { return wipes_; }

  /// Starts `op` and waits for its outcome, its deadline or its stop token.
  void run(Operation& op) noexcept;
  /// The engine under all decorators, for tests and for faces of other kinds.
  [[nodiscard]] Engine& engine() const noexcept;
  [[nodiscard]] const CoreParts& parts() const noexcept { return *parts_; }

  [[nodiscard]] const std::string& name() const noexcept;
  [[nodiscard]] Stats stats() const;
  /// Empty where the cache records none.
  [[nodiscard]] MetricsSnapshot metrics() const;
  [[nodiscard]] bool closed() const noexcept;
  Result<void> close(std::optional<std::chrono::nanoseconds> within);
  Result<void> resize(std::size_t max_entries, std::size_t max_bytes);

 private:
  // constant after construction
  std::unique_ptr<CoreParts> parts_;
  Engine* direct_;
  bool wipes_;
};

/// What the shortcut for plain writes answered; none where it takes an operation.
inline std::optional<Result<Version>> put_directly(const CacheCore& core, std::string_view key,
                                                   void* value,
                                                   const WriteOptions& options) noexcept {
  if (!options.tags.empty()) return std::nullopt;
  Put put{.key = key, .value = value, .ttl = options.ttl};
  if (!core.direct().put(put)) return std::nullopt;
  if (put.error) return *std::move(put.error);
  return put.version;
}

/// Lets the library build the value of a Lookup in place.
struct LookupAccess {
  /// Storage for a T inside a miss.
  template <class T>
  static void* storage(Lookup<T>& lookup) noexcept {
    return std::addressof(lookup.value_);
  }
  /// A T was built in storage(): the miss becomes a hit.
  template <class T>
  static void engage(Lookup<T>& lookup) noexcept {
    lookup.state_ = Lookup<T>::State::hit;
  }
};

}  // namespace larder::detail
