// Operations as data: what Cache<T> asks of an engine, without T. Users meet them when they write a
// provider or a middleware (engine.h).
// Thread safety: an Operation belongs to its caller until Engine::start(), then to the engine until
// it is done, completed or left.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
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
#include "larder/value_ops.h"

namespace larder {

/// Every operation of the contract. An engine answers codes that it does not know with
/// `not_supported`, so that a new operation breaks no provider.
enum class Opcode : std::uint8_t {
  // KeyOperation
  get,
  contains,
  metadata,
  take,
  set,
  set_if_absent,
  set_if_present,
  compare_and_set,
  erase,
  increment,
  touch,
  set_tags,
  rename,
  // LoadOperation, UpdateOperation
  load,
  update,
  // SearchOperation
  add_index,
  remove_index,
  find_by_index,
  get_by_index,
  count_by_index,
  erase_by_index,
  find_by_pattern,
  erase_by_pattern,
  scan,
  scan_index,
  clear,
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
  std::string_view key;   ///< of rename: items[0] is the source, items[1] the destination
  void* value = nullptr;  ///< writes: the T to move from;
                          ///< Deliver::copy: raw storage for a T; metadata: EntryMetadata*
  Version expected;       ///< compare_and_set
  // out
  bool hit = false;                     ///< reads: present (a T was built, or the pin is filled)
                                        ///< writes: effective (stored, existed, touched, renamed)
  Version version;                      ///< of the entry read or written
  std::optional<Timestamp> expires_at;  ///< of the entry read; absent: never
  Pin pin;
  std::optional<Error> error;  ///< this key failed
};

enum class Progress : std::uint8_t {
  done,     ///< the outcome is in the operation
  pending,  ///< it will be; `Operation::complete()` will be, or was, called once
};

class Decorator;

/// What every operation has. Derived structs add the inputs and outputs of their family.
class Operation {
 public:
  /// Called once when a pending operation has its outcome. Runs on any thread; must not block.
  using Completion = void (*)(Operation& op, void* argument) noexcept;
  static constexpr std::size_t kMaxFrames = 12;

  Opcode code;
  Context context{};
  const Clock* clock = nullptr;  ///< of the cache, for the context's deadline; null: the default
  /// Set by a caller whose thread waits for the outcome anyway: the engine may wait on it, run user
  /// code there, and keep the context's bounds itself.
  bool may_wait = false;
  /// For the engine: what it keeps of a pending operation.
  std::shared_ptr<void> engine_state{};
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
    Decorator* owner = nullptr;
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
  Deliver deliver = Deliver::nothing;   ///< get, take; set*: `pin` asks for what was stored
  bool with_expiry = false;             ///< get: Item::expires_at is wanted
  bool batch = false;                   ///< came through a `_many` form
  const WriteOptions* write = nullptr;  ///< set*, compare_and_set; increment: ttl if created;
                                        ///< touch: its ttl; set_tags: its tags
  Delta delta{};                        ///< increment; the new value is delivered
};

/// How one key of a load ended.
struct LoadOutcome {
  enum class Kind : std::uint8_t { value, absent, failed };
  Kind kind = Kind::absent;
  void* value = nullptr;     ///< a T to move from
  std::optional<Ttl> ttl{};  ///< absent: the call's
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
  /// What cannot be stored (a time to live or a tag that is not valid) reaches the engine as
  /// failed.
  void finish(std::span<LoadOutcome> outcomes) && noexcept;

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
  /// For the engine: this caller's share in the loads of its keys.
  std::shared_ptr<void> load_state{};
};

/// User code that updates, without its types. Its terms are valid: those of Cache<T> are checked.
class Updater {
 public:
  struct Decision {
    enum class Kind : std::uint8_t { store, keep, erase, fail };
    Kind kind = Kind::keep;
    void* value = nullptr;                ///< store: a T to move from
    const WriteOptions* write = nullptr;  ///< null: the call's
    std::optional<Error> error{};         ///< fail
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
  std::vector<std::string> keys;    ///< find_by_*
  std::vector<Found> found;         ///< get_by_index
  std::vector<std::size_t> counts;  ///< per term (count, erase); one for the others
  Page page;                        ///< scan*
};

/// The error that `op`'s arguments deserve, else the one its context deserves, else nothing.
/// The whole input is looked at; batches without items deserve none. O(input).
std::optional<Error> check_input(const Operation& op);

/// Whether `op` came through a `_many` form without any item: it succeeds on an open cache.
bool is_empty_batch(const Operation& op) noexcept;

}  // namespace larder
