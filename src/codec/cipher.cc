// XChaCha20-Poly1305: its nonces are long enough to be drawn at random.
//
// Thread safety: as in the header.
#include "codec/cipher.h"

#include <sodium.h>

#include "base/check.h"

namespace larder::codec {
namespace {

static_assert(kNonceBytes == crypto_aead_xchacha20poly1305_ietf_NPUBBYTES);
static_assert(kTagBytes == crypto_aead_xchacha20poly1305_ietf_ABYTES);
static_assert(KeyRing::kKeyBytes == crypto_aead_xchacha20poly1305_ietf_KEYBYTES);

// Once per process, before anything else of libsodium.
void start_sodium() noexcept {
  static const int started = sodium_init();
  CHECK_GE(started, 0);
}

unsigned char* bytes_of(char* text) noexcept { return reinterpret_cast<unsigned char*>(text); }
const unsigned char* bytes_of(std::string_view text) noexcept {
  return reinterpret_cast<const unsigned char*>(text.data());
}

}  // namespace

void encrypt(std::string_view plain, std::string_view associated, const KeyRing::Key& key,
             Sink& to) {
  start_sodium();
  char* out = to.extend(plain.size() + kNonceBytes + kTagBytes);
  char* nonce = out + plain.size();
  randombytes_buf(nonce, kNonceBytes);
  crypto_aead_xchacha20poly1305_ietf_encrypt_detached(
      bytes_of(out), bytes_of(nonce + kNonceBytes), nullptr, bytes_of(plain), plain.size(),
      bytes_of(associated), associated.size(), nullptr, bytes_of(nonce), key.data());
}

bool decrypt(std::string_view sealed, std::string_view associated, const KeyRing::Key& key,
             char* to) noexcept {
  if (sealed.size() < kNonceBytes + kTagBytes) return false;
  start_sodium();
  const std::size_t size = sealed.size() - kNonceBytes - kTagBytes;
  const std::string_view nonce = sealed.substr(size, kNonceBytes);
  const std::string_view tag = sealed.substr(size + kNonceBytes);
  return crypto_aead_xchacha20poly1305_ietf_decrypt_detached(
             bytes_of(to), nullptr, bytes_of(sealed), size, bytes_of(tag), bytes_of(associated),
             associated.size(), bytes_of(nonce), key.data()) == 0;
}

}  // namespace larder::codec
