// The seam: the Engine that carries out operations, the Provider that makes engines, and the
// Decorator that wraps one. Users meet it when they write a provider or a middleware; everything
// else goes through Cache<T>.
// Thread safety: an Engine takes operations from any thread at any time.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "larder/context.h"
#include "larder/operation.h"
#include "larder/result.h"
#include "larder/stats.h"

namespace larder {

struct CacheTraits;

/// What `find` learned without an operation.
enum class Found : std::uint8_t {
  hit,   ///< a copy was built
  miss,  ///< certainly not there
  ask,   ///< this way does not know: start an operation
};

/// A plain write of one key: without context, tags, condition or hooks.
struct Put {
  std::string_view key;
  void* value;  ///< a T; moved from unless its index extractors or weigher threw
  Ttl ttl;
  // out
  Version version{};             ///< of the entry, where there is no error
  std::optional<Error> error{};  ///< nothing was stored
};

/// An engine's state for health checks.
struct Health {
  enum class State : std::uint8_t { up, degraded, down };
  State state = State::up;
  std::vector<std::string> reasons;
  std::optional<std::chrono::nanoseconds> latency;
};

/// A cache engine below the typed skin. Implementations are thread-safe in every member, answer
/// closed caches with `closed`, check arguments before context before hooks before any effect
/// (the library's front does this for what it opens), and run no user code under a lock.
class Engine {
 public:
  virtual ~Engine() = default;

  /// Carries out `op` now (done) or later (pending).
  virtual Progress start(Operation& op) noexcept = 0;
  /// The caller of a pending operation goes: true when it was removed and will not be touched
  /// again; false when its completion is running or has run.
  virtual bool leave(Operation& op) noexcept = 0;
  /// A shortcut for copying reads of one key without context, hooks or floor. The key is valid;
  /// a closed engine answers `ask`, and so does one whose `T` throws while it is copied.
  virtual Found find(std::string_view key, void* copy_to) noexcept {
    static_cast<void>(key), static_cast<void>(copy_to);
    return Found::ask;
  }

  /// A shortcut for plain writes. True: done, and `put` says how. False: nothing was done or looked
  /// at, start an operation: so answers a closed engine, and whoever has to see every write.
  virtual bool put(Put& put) noexcept {
    static_cast<void>(put);
    return false;
  }

  [[nodiscard]] virtual bool closed() const noexcept = 0;
  virtual void collect(Stats& stats) const = 0;
  virtual Health health(const Context& context) = 0;
  /// Refuses new work, ends loads, waits for what runs up to `deadline_ns` on the cache's clock.
  virtual Result<void> close(std::optional<std::int64_t> deadline_ns) = 0;
  /// New limits from now on; evicts down to them.
  virtual Result<void> resize(std::size_t max_entries, std::size_t max_bytes) = 0;
  /// One round of housekeeping now (sweeps); tests call it after moving a manual clock.
  virtual void maintain() = 0;
  /// Checks the engine's own structure: the first fault found, or empty. For quiet moments.
  virtual std::string validate() const = 0;
};

/// Makes engines for caches of one kind.
class Provider {
 public:
  virtual ~Provider() = default;
  virtual Result<std::shared_ptr<Engine>> open(const struct CacheSettings& settings,
                                               std::shared_ptr<const CacheTraits> traits) = 0;
};

/// Wraps an engine in another.
using Middleware = std::function<std::shared_ptr<Engine>(std::shared_ptr<Engine> inner)>;

/// `chain(a, b)(engine)` is `a(b(engine))`: the first listed is outermost.
Middleware chain(std::vector<Middleware> outermost_first);
template <class... More>
Middleware chain(Middleware first, More... more) {
  return chain(std::vector<Middleware>{std::move(first), std::move(more)...});
}

/// Base of engines that wrap another: forwards everything, and sees every operation begin and
/// end in one place. Constant after construction but for what a derived class adds.
class Decorator : public Engine {
 public:
  explicit Decorator(std::shared_ptr<Engine> inner) : inner_(std::move(inner)) {}

  Progress start(Operation& op) noexcept override;
  bool leave(Operation& op) noexcept override { return inner_->leave(op); }
  Found find(std::string_view key, void* copy_to) noexcept override;
  bool closed() const noexcept override { return inner_->closed(); }
  void collect(Stats& stats) const override { inner_->collect(stats); }
  Health health(const Context& context) override { return inner_->health(context); }
  Result<void> close(std::optional<std::int64_t> deadline_ns) override {
    return inner_->close(deadline_ns);
  }
  Result<void> resize(std::size_t max_entries, std::size_t max_bytes) override {
    return inner_->resize(max_entries, max_bytes);
  }
  void maintain() override { inner_->maintain(); }
  std::string validate() const override { return inner_->validate(); }

 protected:
  /// Runs before the inner engine sees `op`. An error refuses it: the inner engine is not asked
  /// and the operation ends with the error its arguments deserve first, else with this one.
  virtual std::optional<Error> before(Operation& op, Operation::Frame& frame) noexcept;
  /// Runs once when the outcome is known, or when the caller has left.
  virtual void after(Operation& op, Operation::Frame& frame) noexcept;
  /// Whether reads may take the shortcut past before() and after().
  [[nodiscard]] virtual bool allows_find() const noexcept { return false; }
  [[nodiscard]] Engine& inner() const noexcept { return *inner_; }

 private:
  friend class Operation;
  std::shared_ptr<Engine> inner_;
};

}  // namespace larder
