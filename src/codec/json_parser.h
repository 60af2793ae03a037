// Parses JSON onto a tape.
//
// Thread safety: a pure function.
#pragma once

#include <string_view>

#include "codec/tape.h"

namespace larder::codec {

// Null, or what is wrong with `text` (a literal). The tape looks into `text`. Text, and base64, as
// JsonWriter writes them; otherwise any JSON, white space included.
[[nodiscard]] const char* parse_json(std::string_view text, Tape& tape);

}  // namespace larder::codec
