// The reading and writing of JSON.
#include "service/session_json.h"

#include <array>
#include <chrono>
#include <cstdio>
#include <utility>

#include <boost/json.hpp>

namespace larder::service {
namespace {

namespace json = boost::json;

std::unexpected<ApiError> refused(std::string code, std::string message) {
  return std::unexpected(ApiError{400, std::move(code), std::move(message)});
}

// Length of the UTF-8 sequence that `first` begins and the least code point it may stand for;
// length 0: none begins so.
struct Sequence {
  std::size_t length;
  std::uint32_t bits;
  std::uint32_t least;
};
Sequence sequence_of(unsigned char first) noexcept {
  if (first < 0x80) return {1, first, 0};
  if ((first & 0xE0) == 0xC0) return {2, first & 0x1FU, 0x80};
  if ((first & 0xF0) == 0xE0) return {3, first & 0x0FU, 0x800};
  if ((first & 0xF8) == 0xF0) return {4, first & 0x07U, 0x10000};
  return {0, 0, 0};
}

}  // namespace

bool is_utf8(std::string_view bytes) noexcept {
  while (!bytes.empty()) {
    auto [length, point, least] = sequence_of(static_cast<unsigned char>(bytes.front()));
    if (length == 0 || length > bytes.size()) return false;
    for (const char c : bytes.substr(1, length - 1)) {
      const auto byte = static_cast<unsigned char>(c);
      if ((byte & 0xC0) != 0x80) return false;
      point = point << 6 | (byte & 0x3FU);
    }
    const bool surrogate = point >= 0xD800 && point <= 0xDFFF;
    if (point < least || point > 0x10FFFF || surrogate) return false;
    bytes.remove_prefix(length);
  }
  return true;
}

std::optional<ApiError> check_subject(std::string_view subject) {
  if (subject.empty() || subject.size() > kMaxSubjectBytes) {
    return ApiError{400, "invalid_subject",
                    "subject: " + std::to_string(subject.size()) + " bytes; accepted are 1 to " +
                        std::to_string(kMaxSubjectBytes)};
  }
  if (!is_utf8(subject)) return ApiError{400, "invalid_subject", "subject: not UTF-8"};
  return std::nullopt;
}

std::expected<std::string, ApiError> read_subject(std::string_view body) {
  boost::system::error_code failure;
  json::parse_options options;
  options.max_depth = kMaxJsonDepth;
  const json::value document = json::parse(body, failure, {}, options);
  if (failure) return refused("malformed_json", "the body is not JSON: " + failure.message());
  const json::object* fields = document.if_object();
  if (fields == nullptr) return refused("invalid_body", "the body is not a JSON object");
  for (const auto& field : *fields) {
    if (field.key() != "subject") {
      return refused("invalid_body", "an unknown field; accepted is: subject");
    }
  }
  const json::value* subject = fields->if_contains("subject");
  if (subject == nullptr) return refused("invalid_subject", "subject: missing");
  const json::string* text = subject->if_string();
  if (text == nullptr) return refused("invalid_subject", "subject: not a string");
  if (auto problem = check_subject(*text)) return std::unexpected(*std::move(problem));
  return std::string(*text);
}

json::value session_json(const SessionView& session) {
  json::value expires_at;
  if (session.expires_at) expires_at = timestamp_text(*session.expires_at);
  return {{"token", session.token},
          {"subject", session.subject},
          {"created_at", timestamp_text(session.created_at)},
          {"expires_at", std::move(expires_at)}};
}

std::string timestamp_text(Timestamp instant) {
  const auto day = std::chrono::floor<std::chrono::days>(instant);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss time(instant - day);
  std::array<char, 40> text{};
  const int length = std::snprintf(
      text.data(), text.size(), "%04d-%02u-%02uT%02d:%02d:%02d.%03dZ",
      static_cast<int>(date.year()), static_cast<unsigned>(date.month()),
      static_cast<unsigned>(date.day()), static_cast<int>(time.hours().count()),
      static_cast<int>(time.minutes().count()), static_cast<int>(time.seconds().count()),
      static_cast<int>(time.subseconds().count()));
  return std::string(text.data(), static_cast<std::size_t>(length));
}

}  // namespace larder::service
