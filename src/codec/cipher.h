// Authenticated encryption of payloads: XChaCha20-Poly1305 of libsodium, with random nonces.
//
// Thread safety: pure functions.
#pragma once

#include <cstddef>
#include <string_view>

#include "codec/key_ring.h"
#include "codec/sink.h"

namespace larder::codec {

inline constexpr std::size_t kNonceBytes = 24;
inline constexpr std::size_t kTagBytes = 16;

// Appends the encrypted `plain`, the nonce and the tag.
void encrypt(std::string_view plain, std::string_view associated, const KeyRing::Key& key,
             Sink& to);

// `sealed` is what encrypt() appended; writes its plain text, kNonceBytes + kTagBytes shorter, to
// `to`. False: it is not what was encrypted under this key with these associated bytes.
[[nodiscard]] bool decrypt(std::string_view sealed, std::string_view associated,
                           const KeyRing::Key& key, char* to) noexcept;

}  // namespace larder::codec
