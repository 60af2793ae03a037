// Session tokens: made from the system's random generator, checked, and hashed for logs.
// Thread safety: every function may be called from any thread at any time.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "larder/result.h"

namespace larder::service {

inline constexpr std::size_t kTokenBytes = 32;   // 256 bits
inline constexpr std::size_t kTokenLength = 43;  // in base64url without padding

// A token that nobody can guess; `unavailable` if the system has no randomness to give.
Result<std::string> make_token();

// Whether `text` has the form of a token; others are looked up nowhere.
bool is_token(std::string_view text) noexcept;

// 16 hexadecimal digits that name a session in logs and open nothing: 64 of the token's 256 bits
// at most.
std::string token_id(std::string_view token);

// `bytes` in base64url without padding.
std::string base64url(std::string_view bytes);

}  // namespace larder::service
