// The end of a stored value, which the server's scripts write: the life that the entry belongs to,
// its instants, and the terms bound to it. See scripts/common.lua, which reads the same bytes.
//
// Thread safety: a value, and pure functions.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "larder/entry.h"

namespace larder::redis {

inline constexpr std::size_t kOpenBytes = 56;
inline constexpr std::size_t kLifeBytes = 16;
inline constexpr std::size_t kVersionBytes = 16;
inline constexpr std::size_t kTokenBytes = 16;

struct OpenPart {
  std::string_view life;
  std::uint64_t uses = 0;
  std::int64_t used_ms = -1;  // the last use; -1: none
  std::int64_t created_ms = 0;
  std::int64_t expires_ms = 0;  // -1: never
  std::string_view bound;       // a block of terms
  std::string_view before;      // what clients wrote
};

// Nothing where the bytes do not end in one.
std::optional<OpenPart> read_open_part(std::string_view bytes) noexcept;

// Whether the bytes are the lease of a load; its token.
std::optional<std::string_view> lease_token(std::string_view bytes) noexcept;

std::string version_bytes(Version version);
// From 16 bytes.
Version version_of(std::string_view bytes) noexcept;

}  // namespace larder::redis
