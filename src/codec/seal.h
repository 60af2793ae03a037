// The seal: what stands behind a payload in a stored value, so that whoever reads the bytes knows
// whose they are, whether they are whole, and which terms they hold. The payload stays in front,
// legible.
//
//   payload' | [nonce 24, tag 16] | terms | tail of 52 bytes
//   payload'  the payload; compressed (zstd), then encrypted (XChaCha20-Poly1305) where flags say
//   so terms     each: u8 1 = tag, 0 = declared; u16 index length; index; u32 term length; term
//   tail      u64 checksum, u64 version high, u64 version low, u64 type, u32 schema version,
//             u32 key id, u8 envelope, u8 format, u8 flags, u8 zero, u32 length of terms, "LDRS"
//
// All integers are little-endian. The checksum is XXH3 of everything else. What is authenticated
// beside the payload: cache, key, terms, and the tail but for its checksum.
//
// Thread safety: pure functions; a KeyRing that is shared is constant.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "codec/key_ring.h"
#include "codec/sink.h"
#include "larder/entry.h"
#include "larder/fields.h"
#include "larder/result.h"
#include "larder/value_ops.h"

namespace larder::codec {

inline constexpr std::size_t kTailBytes = 52;
inline constexpr std::size_t kEncryptionBytes = 40;  // nonce and tag
inline constexpr std::size_t kMaxTermsBytes = std::size_t{16} << 20;

// How a cache seals; constant once it is open.
struct SealOptions {
  Format format = Format::json;
  // Payloads of this many bytes and more are compressed where that makes them smaller. 0: never.
  std::size_t compress_from_bytes = 0;
  // 1 to 19.
  int zstd_level = 3;
  // Null: not encrypted. Otherwise it has an active key.
  std::shared_ptr<const KeyRing> keys{};
  // Zero everything of ours that held plain text.
  Wiping wiping = Wiping::off;
};

// One index term of a value.
struct Term {
  std::string_view index;
  std::string_view term;
  bool is_tag = false;

  friend bool operator==(const Term&, const Term&) = default;
};

// Which type's bytes: the hash of its stated name, and its schema version.
struct TypeMark {
  std::uint64_t type = 0;
  std::uint32_t schema_version = 0;

  static TypeMark of(const ValueOps& ops) noexcept;
  friend bool operator==(const TypeMark&, const TypeMark&) = default;
};

// Where a value belongs: encrypted bytes cannot be moved to another place.
struct Place {
  std::string_view cache;
  std::string_view key;
};

// Appends the sealed `payload` to `out`. Error: `too_large` (payload, terms); `out` is as it was.
[[nodiscard]] Result<void> seal(const SealOptions& options, const Place& place, TypeMark type,
                                Version version, std::span<const Term> terms,
                                std::string_view payload, std::string& out);

// Gives plain text back, zeroed where that was asked for.
struct DiscardPlain {
  std::size_t size = 0;
  Wiping wiping = Wiping::off;
  void operator()(char* bytes) const noexcept;
};

// Bytes that were taken apart. Views look into the bytes that were opened, or into this.
class Opened {
 public:
  enum class State : std::uint8_t {
    ok,
    corrupt,  // not whole: a miss, may be removed if unchanged
    foreign,  // somebody else's: a miss, never removed
  };

  State state = State::corrupt;
  const char* reason = "";  // of what is not ok
  // Where ok.
  std::string_view payload;
  Format format = Format::json;
  Version version;
  std::vector<Term> terms;
  std::string_view terms_bytes;  // the same as they lie there

 private:
  friend class Opener;

  std::unique_ptr<char[], DiscardPlain>
      plain_;  // the payload, where it was compressed or encrypted
};

// Never fails otherwise: what cannot be used is corrupt or foreign.
[[nodiscard]] Opened open(const SealOptions& options, const Place& place, TypeMark type,
                          std::string_view bytes);

// Whether `bytes` end as sealed ones do; for what may also be a counter's text.
[[nodiscard]] bool looks_sealed(std::string_view bytes) noexcept;

}  // namespace larder::codec
