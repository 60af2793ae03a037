// Parses MessagePack onto a tape.
//
// Thread safety: a pure function.
#pragma once

#include <string_view>

#include "codec/tape.h"

namespace larder::codec {

// Null, or what is wrong with `bytes` (a literal). The tape looks into `bytes`. Extension types are
// refused.
[[nodiscard]] const char* parse_message_pack(std::string_view bytes, Tape& tape);

}  // namespace larder::codec
