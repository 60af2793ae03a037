// Base64 (RFC 4648, with padding): how JSON holds bytes.
//
// Thread safety: pure functions.
#pragma once

#include <string>
#include <string_view>

#include "codec/sink.h"

namespace larder::codec {

void to_base64(std::string_view bytes, Sink& to);

// False, and `bytes` is of no use, unless `text` is exactly what to_base64 writes.
[[nodiscard]] bool from_base64(std::string_view text, std::string& bytes);

}  // namespace larder::codec
