// Sessions and subjects as JSON: what clients send is checked here, what they get is written here.
// Thread safety: pure functions of their arguments.
#pragma once

#include <expected>
#include <optional>
#include <string>
#include <string_view>

#include <boost/json/value.hpp>

#include "larder/time.h"
#include "service/errors.h"
#include "service/session_store.h"

namespace larder::service {

inline constexpr std::size_t kMaxSubjectBytes = 256;
inline constexpr std::size_t kMaxJsonDepth = 8;

// The subject of {"subject":"..."}; no other field is accepted.
std::expected<std::string, ApiError> read_subject(std::string_view body);

// What is wrong with a subject: it has 1 to kMaxSubjectBytes bytes of UTF-8.
std::optional<ApiError> check_subject(std::string_view subject);

boost::json::value session_json(const SessionView& session);

// RFC 3339 in UTC with milliseconds: "2030-01-01T00:00:00.000Z".
std::string timestamp_text(Timestamp instant);

bool is_utf8(std::string_view bytes) noexcept;

}  // namespace larder::service
