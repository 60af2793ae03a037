// The seam: operations as data, and the Engine that carries them out. Users meet it when they
// write a provider or a middleware; everything else goes through Cache<T>.
// Thread safety: an Engine takes operations from any thread at any time. An Operation belongs to
// its caller until start(), then to the engine until it is done, completed or left.
#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "larder/context.h"
#include "larder/entry.h"
#include "larder/error.h"
#include "larder/load.h"
#include "larder/result.h"
#include "larder/stats.h"
#include "larder/value_ops.h"

namespace larder {

struct CacheTraits;

/// Every operation of the contract. An engine answers codes that it does not know with
/// `not_supported`, so that a new operation breaks no provider.
enum class Opcode : std::uint8_t {
  // KeyOperation
  get, contains, metadata, take, set, set_if_absent, set_if_present, compare_and_set, erase,
  increment, touch, set_tags, rename,
  // LoadOperation, UpdateOperation
  load, update,
  // SearchOperation
  add_index, remove_index, find_by_index, get_by_index, count_by_index, erase_by_index,
  find_by_pattern, erase_by_pattern, scan, scan_index, clear,
};
inline constexpr std::size_t kOpcodes = static_cast<std::size_t>(Opcode::clear) + 1;
std::string_view to_string(Opcode code) noexcept;

/// Keys are byte strings of 1 to this many bytes; so are index keys and tags.
inline constexpr std::size_t kMaxKeyBytes = 65'535;

/// How the engine hands out a value.
enum class Deliver : std::uint8_t {
  nothing,  ///< only whether it is there
  copy,     ///< builds a copy at Item::value
  pin,      ///< fills Item::pin
};

/// One key of an operation: its inputs, and the outcome for this key.
struct Item {
  // in
  std::string_view key;        ///< of rename: items[0] is the source, items[1] the destination
  void* value = nullptr;       ///< writes: the T to move from, moved only when stored;
                               ///< Deliver::copy: raw storage for a T; metadata: EntryMetadata*
  Version expected;            ///< compare_and_set
  // out
  bool hit = false;            ///< reads: present (a T was built, or the pin is filled)
                               ///< writes: effective (stored, existed, touched, renamed)
  Version version;             ///< of the entry read or written
  std::optional<Timestamp> expires_at;  ///< of the entry read; absent: never
  Pin pin;
  std::optional<Error> error;  ///< this key failed
};

enum class Progress : std::uint8_t {
  done,     ///< the outcome is in the operation
  pending,  ///< it will be; `Operation::complete()` will be, or was, called once
};

class Engine;

/// What every operation has. Derived structs add the inputs and outputs of their family.
class Operation {
 public:
  /// Called once when a pending operation has its outcome. Runs on any thread; must not block.
  using Completion = void (*)(Operation& op, void* argument) noexcept;
  static constexpr std::size_t kMaxFrames = 12;

  Opcode code;
  Context context{};
  const Clock* clock = nullptr;  ///< of the cache, for the context's deadline; null: the default
  std::optional<Error> error{};  ///< the operation as a whole failed; no item had an effect
                                 ///< unless the error's effect says `unknown`

  explicit Operation(Opcode opcode) noexcept : code(opcode) {}
  Operation(const Operation&) = delete;
  Operation& operator=(const Operation&) = delete;

  /// Set by the caller before start().
  void on_complete(Completion completion, void* argument) noexcept {
    completion_ = completion;
    completion_argument_ = argument;
  }

  /// A decorator's own small record inside the operation, from start() to the outcome.
  struct Frame {
    class Decorator* owner = nullptr;
    std::uint64_t data[2] = {};
  };
  /// For decorators: opens the next frame, or null when kMaxFrames are in use.
  Frame* push(Decorator& owner) noexcept;
  /// For decorators: closes the innermost frame.
  void pop() noexcept { --frames_in_use_; }

  /// For engines: the outcome of a pending operation is in place. Runs the decorators' ends,
  /// innermost first, then the caller's completion. The operation may be gone when it returns.
  void complete() noexcept;
  /// For engines and callers that leave: runs the decorators' ends without the completion.
  void unwind() noexcept;

 protected:
  ~Operation() = default;

 private:
  std::size_t frames_in_use_ = 0;
  Completion completion_ = nullptr;
  void* completion_argument_ = nullptr;
  std::array<Frame, kMaxFrames> frames_;
};

/// Operations on named keys: single ones carry one item, batches many.
struct KeyOperation : Operation {
  using Operation::Operation;

  std::span<Item> items;
  Deliver deliver = Deliver::nothing;     ///< get, take; set*: `pin` asks for what was stored
  bool with_expiry = false;               ///< get: Item::expires_at is wanted
  bool batch = false;                     ///< came through a `_many` form
  const WriteOptions* write = nullptr;    ///< set*, compare_and_set; increment: ttl if created;
                                          ///< touch: its ttl; set_tags: its tags
  Delta delta{};                          ///< increment; the new value is delivered
};

/// How one key of a load ended.
struct LoadOutcome {
  enum class Kind : std::uint8_t { value, absent, failed };
  Kind kind = Kind::absent;
  void* value = nullptr;                        ///< a T to move from
  std::optional<Ttl> ttl{};                     ///< absent: the call's
  std::optional<std::vector<std::string>> tags{};
  std::optional<Error> error{};
};

/// The engine's side of one running load.
class LoadSession {
 public:
  /// Outcomes aligned with `context().keys()`. Called once.
  virtual void finish(std::span<LoadOutcome> outcomes) noexcept = 0;
  virtual LoadContext& context() noexcept = 0;

 protected:
  ~LoadSession() = default;
};

/// Right and duty to finish a load; unfinished, it ends the load as `cancelled`.
class LoadTicket {
 public:
  explicit LoadTicket(LoadSession& session) noexcept : session_(&session) {}
  LoadTicket(LoadTicket&& other) noexcept : session_(std::exchange(other.session_, nullptr)) {}
  LoadTicket& operator=(LoadTicket&&) = delete;
  ~LoadTicket();

  /// Valid until finish().
  [[nodiscard]] LoadContext& context() const noexcept { return session_->context(); }
  void finish(std::span<LoadOutcome> outcomes) && noexcept {
    std::exchange(session_, nullptr)->finish(outcomes);
  }

 private:
  LoadSession* session_;
};

/// User code that loads, without its types.
class Loader {
 public:
  virtual ~Loader() = default;
  /// Runs user code; finishes the ticket now or later, from any thread.
  virtual void start(LoadTicket ticket) noexcept = 0;
  /// start() always finishes the ticket before it returns.
  [[nodiscard]] virtual bool is_synchronous() const noexcept = 0;
};

/// get_or_set and get_or_set_many. Values are delivered by pin: each caller copies for itself.
/// A hit item with an empty pin does not exist; `hit == false` without error means absent.
struct LoadOperation : Operation {
  LoadOperation() noexcept : Operation(Opcode::load) {}

  std::span<Item> items;
  bool batch = false;
  const WriteOptions* write = nullptr;
  /// Shared so that a flight can own it beyond this operation.
  std::shared_ptr<Loader> loader;
  /// For the engine: what it keeps of a pending operation.
  std::shared_ptr<void> engine_state{};
};

/// User code that updates, without its types.
class Updater {
 public:
  struct Decision {
    enum class Kind : std::uint8_t { store, keep, erase, fail };
    Kind kind = Kind::keep;
    void* value = nullptr;                        ///< store: a T to move from
    const WriteOptions* write = nullptr;          ///< null: the call's
    std::optional<Error> error{};                 ///< fail
  };
  virtual ~Updater() = default;
  /// Decides on what lives (null: nothing). May run more than once; never throws.
  virtual Decision decide(const void* old_value) noexcept = 0;
};

/// update. The outcome is delivered by pin (kept and stored values).
struct UpdateOperation : Operation {
  UpdateOperation() noexcept : Operation(Opcode::update) {}

  Item item;
  const WriteOptions* write = nullptr;
  Updater* updater = nullptr;
  Updater::Decision::Kind action = Updater::Decision::Kind::keep;
};

/// Indexes, tags, patterns, listings, clear.
struct SearchOperation : Operation {
  using Operation::Operation;
  /// The index that holds the tags; no declared or bound index can have this name.
  static constexpr std::string_view kTagIndex = "\x01tags";

  struct Found {
    std::string key;
    Pin pin;
  };

  // in
  bool batch = false;                        ///< came through a `_many` form
  std::string_view index;                    ///< *_index; kTagIndex for tags
  std::span<const std::string_view> terms;   ///< index keys; several in the _many forms
  std::string_view pattern;                  ///< add_index, remove_index, *_pattern, scan*
  std::span<const std::string_view> except;  ///< erase_by_index: keys to leave alone
  std::string_view cursor;                   ///< scan*: where the last page ended
  std::size_t limit = 0;                     ///< scan*: most items of a page
  // out
  std::vector<std::string> keys;             ///< find_by_*
  std::vector<Found> found;                  ///< get_by_index
  std::vector<std::size_t> counts;           ///< per term (count, erase); one for the others
  Page page;                                 ///< scan*
};

/// The error that `op`'s arguments deserve, else the one its context deserves, else nothing.
/// The whole input is looked at; batches without items deserve none. O(input).
std::optional<Error> check_input(const Operation& op);

/// Whether `op` came through a `_many` form without any item: it succeeds on an open cache.
bool is_empty_batch(const Operation& op) noexcept;

/// What `find` learned without an operation.
enum class Found : std::uint8_t {
  hit,   ///< a copy was built
  miss,  ///< certainly not there
  ask,   ///< this way does not know: start an operation
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
