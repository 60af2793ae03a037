// The Lua scripts that run inside the server: every step that must be atomic over several keys or
// depends on what is there. Their texts are src/redis/scripts/*.lua, each behind common.lua.
//
// Thread safety: constants.
#pragma once

#include <span>
#include <string_view>

namespace larder::redis {

struct Script {
  std::string_view name;  // of its file
  std::string_view sha;   // SHA-1 of the text, 40 hexadecimal digits
  std::string_view text;
};

// All of them, by name.
std::span<const Script> scripts() noexcept;

// CHECKs that there is one of that name.
const Script& find_script(std::string_view name) noexcept;

}  // namespace larder::redis
