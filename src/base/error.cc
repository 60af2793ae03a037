// The error value: its shared text and the names of its codes.
//
// Thread safety: as in error.h.
#include "larder/error.h"

#include <array>
#include <exception>
#include <string>
#include <utility>

#include "base/check.h"

namespace larder {

struct Error::Text {
  std::string message;
  std::string server_message;
  std::exception_ptr exception;
};

std::string_view to_string(Errc code) noexcept {
  static constexpr std::array<std::string_view, 24> kNames = {
      "closed",          "invalid_key",  "invalid_ttl",    "invalid_pattern", "invalid_argument",
      "invalid_config",  "already_open", "type_mismatch",  "cancelled",       "deadline_exceeded",
      "outcome_unknown", "unavailable",  "overloaded",     "auth_failed",     "cache_full",
      "too_large",       "out_of_range", "would_deadlock", "callback_failed", "vetoed",
      "serialization",   "cross_slot",   "server_error",   "not_supported"};
  static_assert(static_cast<std::size_t>(Errc::not_supported) == kNames.size());
  const auto index = static_cast<std::size_t>(code) - 1;  // the first code is 1
  return index < kNames.size() ? kNames[index] : "unknown";
}

Error::Error(Errc code, std::string message, Effect effect) : code_(code), effect_(effect) {
  if (!message.empty()) text_ = std::make_shared<const Text>(Text{std::move(message), {}, {}});
}

Error Error::from_exception(std::exception_ptr exception, std::string_view where) {
  CHECK(exception != nullptr);
  std::string message(where);
  try {
    std::rethrow_exception(exception);
  } catch (const std::exception& thrown) {
    message.append(" threw: ").append(thrown.what());
  } catch (...) {
    message.append(" threw what is no std::exception");
  }
  Error error(Errc::callback_failed);
  error.text_ = std::make_shared<const Text>(Text{std::move(message), {}, std::move(exception)});
  return error;
}

std::string_view Error::message() const noexcept {
  return text_ != nullptr && !text_->message.empty() ? std::string_view(text_->message)
                                                     : to_string(code_);
}

std::string_view Error::server_message() const noexcept {
  return text_ != nullptr ? std::string_view(text_->server_message) : std::string_view();
}

std::exception_ptr Error::exception() const noexcept {
  return text_ != nullptr ? text_->exception : nullptr;
}

Error Error::with_server_message(std::string words) const {
  Text text = text_ != nullptr ? *text_ : Text{};
  text.server_message = std::move(words);
  Error error = *this;
  error.text_ = std::make_shared<const Text>(std::move(text));
  return error;
}

Error Error::with_effect(Effect effect) const {
  Error error = *this;
  error.effect_ = effect;
  return error;
}

}  // namespace larder
