// Hooks: user code around the operations on each key, and the news of removals.
// Thread safety: hooks run on the calling thread (removals by time on an engine thread), possibly
// many at once, and never under a lock of the library.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <utility>

#include "larder/error.h"

namespace larder {

/// Why an entry ceased to be.
enum class RemovalCause : std::uint8_t {
  expired,      ///< its time was over
  evicted,      ///< the policy made room
  replaced,     ///< a later write took its place
  erased,       ///< erase, take, rename's source, erase_by_*
  cleared,      ///< clear
  invalidated,  ///< another process
};
std::string_view to_string(RemovalCause cause) noexcept;

/// A pre-hook's answer.
class Verdict {
 public:
  static Verdict allow() { return {}; }
  /// Refuses the operation on this key; it ends with `vetoed` and `reason` as its message.
  static Verdict veto(std::string reason) {
    Verdict verdict;
    verdict.vetoed_ = true;
    verdict.reason_ = std::move(reason);
    return verdict;
  }
  [[nodiscard]] bool vetoed() const noexcept { return vetoed_; }
  [[nodiscard]] const std::string& reason() const noexcept { return reason_; }

 private:
  bool vetoed_ = false;
  std::string reason_;
};

/// What became of the operation on one key, for post-hooks.
struct HookOutcome {
  bool effective = false;        ///< get: hit; set: stored; erase: existed
  const Error* error = nullptr;  ///< null: no error
};

/// Hooks of a cache of `V` (`void` below the typed skin). Empty members cost nothing.
/// `value` is null where the operation has no value at hand (contains, touch, misses).
/// A pre-hook that throws fails the operation with `callback_failed`, nothing changed; what a
/// post-hook or `on_removal` throws is counted and dropped, for the effect has happened.
/// Whoever was asked before a write is told how it ended, once for each time asked, a refusal by
/// any hook included; updates ask again where somebody came between. A read that a hook refuses
/// was none: nobody is told.
template <class V>
struct Hooks {
  std::function<Verdict(std::string_view key)> pre_get;
  std::function<void(std::string_view key, const V* value, const HookOutcome&)> post_get;
  std::function<Verdict(std::string_view key, const V* value)> pre_set;
  std::function<void(std::string_view key, const V* value, const HookOutcome&)> post_set;
  std::function<Verdict(std::string_view key)> pre_erase;
  std::function<void(std::string_view key, const HookOutcome&)> post_erase;
  std::function<void(std::string_view key, RemovalCause)> on_removal;

  /// Whether any hook but `on_removal` is there.
  [[nodiscard]] bool any_around() const noexcept {
    return pre_get || post_get || pre_set || post_set || pre_erase || post_erase;
  }
};

}  // namespace larder
