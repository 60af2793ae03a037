// Values to bytes and back, in any format: the one door to the codecs for engines.
//
// Thread safety: pure functions; they run the code of T's Codec, so never under a lock.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "codec/sink.h"
#include "larder/codec.h"
#include "larder/result.h"
#include "larder/value_ops.h"

namespace larder::codec {

// Most bytes of one payload: what a server of the kind takes as one string.
inline constexpr std::size_t kMaxPayloadBytes = std::size_t{512} << 20;

// Appends the payload of `*value` to `out`. Counters are decimal text, whatever the format.
// Errors: `not_supported` (T has no Codec), `serialization` (nested too deep, or the Codec gave
// up), `too_large`, `callback_failed` (the Codec threw). On an error `out` is as it was.
[[nodiscard]] Result<void> encode(Format format, const ValueOps& ops, const void* value,
                                  std::string& out, Wiping wiping = Wiping::off);

// Builds a T at `to` from the whole payload. Errors: `not_supported`, `serialization` (malformed,
// or not a T: the message says where), `callback_failed`. On an error nothing is built.
[[nodiscard]] Result<void> decode(Format format, const ValueOps& ops, std::string_view payload,
                                  void* to, Wiping wiping = Wiping::off);

// The format's name: "json", "message_pack", "binary".
std::string_view to_string(Format format) noexcept;

}  // namespace larder::codec
