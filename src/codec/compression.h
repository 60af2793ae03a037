// Compression of payloads by zstd.
//
// Thread safety: pure functions; each thread keeps a context of its own, unless it would hold what
// must be wiped.
#pragma once

#include <cstddef>
#include <string_view>

#include "codec/sink.h"

namespace larder::codec {

inline constexpr int kMinZstdLevel = 1;
inline constexpr int kMaxZstdLevel = 19;

// Appends the compressed `plain` to `to`; false, and nothing appended, where that would save less
// than a sixteenth.
[[nodiscard]] bool compress(std::string_view plain, int level, Wiping wiping, Sink& to);

// The size of what was compressed to `packed`, as that says; more than `most` if it does not say.
[[nodiscard]] std::size_t unpacked_size(std::string_view packed, std::size_t most) noexcept;
// Writes that many bytes; false where `packed` is broken.
[[nodiscard]] bool decompress(std::string_view packed, char* to, std::size_t size, Wiping wiping);

}  // namespace larder::codec
