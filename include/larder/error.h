// What can go wrong: the closed list of error codes and the error value that every operation
// returns. Used by every other header.
// Thread safety: values; a const Error may be shared freely (its text is immutable).
#pragma once

#include <cstdint>
#include <exception>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

namespace larder {

/// Every kind of failure. The list is closed: no engine invents another.
enum class Errc : std::uint8_t {
  closed = 1,         ///< the cache or its manager was closed
  invalid_key,        ///< a key is empty or longer than 65,535 bytes
  invalid_ttl,        ///< a time to live is zero, negative or over 100 years
  invalid_pattern,    ///< a glob is empty or malformed
  invalid_argument,   ///< another argument is out of its range; the message names it
  invalid_config,     ///< options are refused; the message lists every problem
  already_open,       ///< the cache name is taken
  type_mismatch,      ///< the cache exists with another value type
  cancelled,          ///< the context's stop token fired
  deadline_exceeded,  ///< the context's deadline passed
  outcome_unknown,    ///< a write was sent and its answer was lost
  unavailable,        ///< the engine cannot be reached
  overloaded,         ///< a bounded queue is full
  auth_failed,        ///< credentials were refused
  cache_full,         ///< `OnFull::reject` and no room
  too_large,          ///< one entry is heavier than the cache's byte limit
  out_of_range,       ///< a counter would leave the range of its type
  would_deadlock,     ///< a load waits, directly or through others, for itself
  callback_failed,    ///< user code threw; `Error::exception()` has it
  vetoed,             ///< a hook refused
  serialization,      ///< a value could not be encoded or decoded
  cross_slot,         ///< two keys do not share a cluster slot
  server_error,       ///< the server answered with an error of its own
  not_supported,      ///< this engine lacks the operation
};

/// The code's name as in the enum: "invalid_key". Never empty.
std::string_view to_string(Errc code) noexcept;

/// Whether the failed operation changed anything.
enum class Effect : std::uint8_t {
  no,       ///< nothing changed
  unknown,  ///< it may have changed something
};

/// One failure: a code, a sentence for people, the server's own words where there are any, and
/// whether the effect happened. Copying is cheap (the text is shared).
class Error {
 public:
  /// An error with `message` for people; field and accepted range belong in it.
  explicit Error(Errc code, std::string message = {}, Effect effect = Effect::no);

  /// `callback_failed` with the exception that user code threw.
  static Error from_exception(std::exception_ptr exception, std::string_view where);

  [[nodiscard]] Errc code() const noexcept { return code_; }
  [[nodiscard]] Effect effect() const noexcept { return effect_; }
  /// A sentence for people; never empty. Valid as long as this error or a copy lives.
  [[nodiscard]] std::string_view message() const noexcept;
  /// The server's answer, byte for byte; empty in process.
  [[nodiscard]] std::string_view server_message() const noexcept;
  /// What user code threw, for `callback_failed`; null otherwise.
  [[nodiscard]] std::exception_ptr exception() const noexcept;

  [[nodiscard]] Error with_server_message(std::string words) const;
  [[nodiscard]] Error with_effect(Effect effect) const;

  /// Errors are compared by code: messages are for people.
  friend bool operator==(const Error& a, Errc b) noexcept { return a.code_ == b; }
  friend bool operator==(const Error& a, const Error& b) noexcept { return a.code_ == b.code_; }

 private:
  struct Text;

  Errc code_;
  Effect effect_;
  std::shared_ptr<const Text> text_;  // null: the code's name is the message
};

}  // namespace larder
