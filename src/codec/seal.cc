// Sealing and opening.
//
// Thread safety: as in the header.
#include "codec/seal.h"

#include <algorithm>
#include <utility>

#include "base/check.h"
#include "base/hash.h"
#include "base/secure.h"
#include "codec/cipher.h"
#include "codec/compression.h"
#include "codec/decimal.h"
#include "codec/format.h"
#include "codec/little_endian.h"

namespace larder::codec {
namespace {

static_assert(kEncryptionBytes == kNonceBytes + kTagBytes);

constexpr std::string_view kMagic = "LDRS";
constexpr std::string_view kMagicOfAnyRelease = "LDR";
constexpr std::uint8_t kEnvelope = 1;
constexpr std::uint8_t kCompressed = 1;
constexpr std::uint8_t kEncrypted = 2;
constexpr std::size_t kChecksumBytes = 8;

// The tail but for its checksum and its magic.
struct Tail {
  Version version;
  TypeMark type;
  std::uint32_t key_id = 0;
  std::uint8_t envelope = kEnvelope;
  std::uint8_t format = 0;
  std::uint8_t flags = 0;
  std::uint32_t terms_bytes = 0;
};

// Everything of the tail that follows the checksum.
void append_tail(const Tail& tail, Sink& to) {
  append_little(to, tail.version.high());
  append_little(to, tail.version.low());
  append_little(to, tail.type.type);
  append_little(to, tail.type.schema_version);
  append_little(to, tail.key_id);
  append_little(to, tail.envelope);
  append_little(to, tail.format);
  append_little(to, tail.flags);
  append_little(to, std::uint8_t{0});
  append_little(to, tail.terms_bytes);
  to.append(kMagic);
}

// From what append_tail() wrote.
Tail read_tail(std::string_view bytes) noexcept {
  Tail tail;
  tail.version =
      Version(read_little<std::uint64_t>(bytes), read_little<std::uint64_t>(bytes.substr(8)));
  tail.type.type = read_little<std::uint64_t>(bytes.substr(16));
  tail.type.schema_version = read_little<std::uint32_t>(bytes.substr(24));
  tail.key_id = read_little<std::uint32_t>(bytes.substr(28));
  tail.envelope = read_little<std::uint8_t>(bytes.substr(32));
  tail.format = read_little<std::uint8_t>(bytes.substr(33));
  tail.flags = read_little<std::uint8_t>(bytes.substr(34));
  tail.terms_bytes = read_little<std::uint32_t>(bytes.substr(36));
  return tail;
}

// Both parts count, and where one ends and the other begins.
std::uint64_t checksum_of(std::string_view body, std::string_view tail) noexcept {
  return base::hash_bytes(body, base::hash_bytes(tail, 0));
}

void append_term(const Term& term, Sink& to) {
  append_little(to, static_cast<std::uint8_t>(term.is_tag ? 1 : 0));
  append_little(to, static_cast<std::uint16_t>(term.index.size()));
  to.append(term.index);
  append_little(to, static_cast<std::uint32_t>(term.term.size()));
  to.append(term.term);
}

// Takes `size` bytes off `rest`; false: there are fewer.
bool take(std::string_view& rest, std::size_t size, std::string_view& to) noexcept {
  if (rest.size() < size) return false;
  to = rest.substr(0, size);
  rest.remove_prefix(size);
  return true;
}

bool read_terms(std::string_view rest, std::vector<Term>& terms) {
  std::string_view number;
  while (!rest.empty()) {  // bound: the bytes of the terms
    Term term;
    if (!take(rest, 1, number)) return false;
    const auto kind = read_little<std::uint8_t>(number);
    term.is_tag = kind == 1;
    if (kind > 1 || !take(rest, 2, number)) return false;
    if (!take(rest, read_little<std::uint16_t>(number), term.index)) return false;
    if (!take(rest, 4, number)) return false;
    if (!take(rest, read_little<std::uint32_t>(number), term.term)) return false;
    terms.push_back(term);
  }
  return true;
}

// A text of our own that is zeroed when it goes, where that is asked for.
class Scratch {
 public:
  explicit Scratch(Wiping wiping) noexcept : wiping_(wiping) {}
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;
  ~Scratch() {
    if (wiping_ == Wiping::on) base::secure_zero(text_.data(), text_.size());
  }
  [[nodiscard]] Sink sink() noexcept { return {text_, wiping_}; }
  [[nodiscard]] std::string_view view() const noexcept { return text_; }

 private:
  std::string text_;
  const Wiping wiping_;
};

// What is authenticated beside the payload: nobody can change it, nor move the bytes elsewhere.
void append_associated(const Place& place, std::string_view terms, std::string_view tail,
                       Sink& to) {
  append_little(to, static_cast<std::uint64_t>(place.cache.size()));
  to.append(place.cache);
  append_little(to, static_cast<std::uint64_t>(place.key.size()));
  to.append(place.key);
  append_little(to, static_cast<std::uint64_t>(terms.size()));
  to.append(terms);
  to.append(tail);
}

std::optional<Error> check_sizes(std::span<const Term> terms, std::string_view payload) {
  if (payload.size() > kMaxPayloadBytes) {
    return Error(Errc::too_large, "a value has more than 512 MiB as bytes");
  }
  std::size_t bytes = 0;
  for (const Term& term : terms) {
    if (term.index.size() > 0xFFFF) {
      return Error(Errc::too_large, "the name of an index has more than 65,535 bytes");
    }
    bytes += 7 + term.index.size() + term.term.size();
  }
  if (bytes <= kMaxTermsBytes) return std::nullopt;
  return Error(Errc::too_large, "the terms of a value have more than 16 MiB");
}

}  // namespace

TypeMark TypeMark::of(const ValueOps& ops) noexcept {
  return {.type = base::hash_bytes(ops.wire_name, 0), .schema_version = ops.schema_version};
}

Result<void> seal(const SealOptions& options, const Place& place, TypeMark type, Version version,
                  std::span<const Term> terms, std::string_view payload, std::string& out) {
  if (auto error = check_sizes(terms, payload)) return *std::move(error);
  const Wiping wiping = options.wiping;
  Sink sink(out, wiping);
  const std::size_t start = sink.size();
  Tail tail{.version = version, .type = type, .format = static_cast<std::uint8_t>(options.format)};

  Scratch packed(wiping);
  std::string_view body = payload;
  if (options.compress_from_bytes != 0 && payload.size() >= options.compress_from_bytes) {
    Sink to = packed.sink();
    if (compress(payload, options.zstd_level, wiping, to)) {
      tail.flags |= kCompressed;
      body = packed.view();
    }
  }

  Scratch terms_block(wiping);
  Sink terms_sink = terms_block.sink();
  for (const Term& term : terms) append_term(term, terms_sink);
  tail.terms_bytes = static_cast<std::uint32_t>(terms_block.view().size());

  const KeyRing::Key* key = nullptr;
  if (options.keys != nullptr) {
    CHECK(options.keys->active().has_value());
    tail.key_id = *options.keys->active();
    tail.flags |= kEncrypted;
    key = options.keys->find(tail.key_id);
  }
  std::string tail_bytes;
  Sink tail_sink(tail_bytes, Wiping::off);
  append_tail(tail, tail_sink);

  if (key == nullptr) {
    sink.append(body);
  } else {
    Scratch associated(wiping);
    Sink to = associated.sink();
    append_associated(place, terms_block.view(), tail_bytes, to);
    encrypt(body, associated.view(), *key, sink);
  }
  sink.append(terms_block.view());
  const std::string_view whole = std::string_view(out).substr(start);
  append_little(sink, checksum_of(whole, tail_bytes));
  sink.append(tail_bytes);
  if (wiping == Wiping::on) base::clear_stack();
  return {};
}

// ---- opening

void DiscardPlain::operator()(char* bytes) const noexcept {
  if (wiping == Wiping::on) base::secure_zero(bytes, size);
  delete[] bytes;
}

// One opening, step by step; each step leaves the state as `corrupt` or `foreign` and returns
// false, or returns true.
class Opener {
 public:
  Opener(const SealOptions& options, const Place& place, TypeMark type, std::string_view bytes)
      : options_(options), place_(place), type_(type), bytes_(bytes) {}

  Opened run() {
    if (find_tail() && check_whole() && check_owner() && find_payload()) {
      opened_.state = Opened::State::ok;
    }
    return std::move(opened_);
  }

 private:
  bool corrupt(const char* reason) noexcept {
    opened_.state = Opened::State::corrupt;
    opened_.reason = reason;
    return false;
  }
  bool foreign(const char* reason) noexcept {
    opened_.state = Opened::State::foreign;
    opened_.reason = reason;
    return false;
  }

  bool find_tail() noexcept {
    if (!bytes_.ends_with(kMagic)) {
      if (parse_decimal(bytes_)) return foreign("a counter");
      const std::size_t magic = bytes_.size() < kMagic.size() ? 0 : bytes_.size() - kMagic.size();
      if (bytes_.substr(magic).starts_with(kMagicOfAnyRelease)) return foreign("another envelope");
      return corrupt("there is no seal");
    }
    if (bytes_.size() < kTailBytes) return corrupt("the seal is cut off");
    tail_bytes_ = bytes_.substr(bytes_.size() - kTailBytes + kChecksumBytes);
    body_ = bytes_.substr(0, bytes_.size() - kTailBytes);
    tail_ = read_tail(tail_bytes_);
    return true;
  }

  // Before anything in the tail is believed: a flipped bit must not make bytes foreign for ever.
  bool check_whole() noexcept {
    const auto checksum = read_little<std::uint64_t>(bytes_.substr(body_.size()));
    if (tail_.envelope != kEnvelope) return foreign("another envelope");
    if (checksum != checksum_of(body_, tail_bytes_)) return corrupt("the checksum is wrong");
    return true;
  }

  bool check_owner() {
    if (tail_.type != type_) return foreign("another type or schema version");
    if (tail_.format > static_cast<std::uint8_t>(Format::binary)) return foreign("another format");
    if ((tail_.flags & ~(kCompressed | kEncrypted)) != 0) return foreign("unknown flags");
    const bool encrypted = (tail_.flags & kEncrypted) != 0;
    if (encrypted != (options_.keys != nullptr)) return foreign("encryption is not as expected");
    if (encrypted && options_.keys->find(tail_.key_id) == nullptr) return foreign("unknown key");
    return true;
  }

  bool find_payload() {
    if (body_.size() < tail_.terms_bytes) return corrupt("the terms are cut off");
    terms_bytes_ = body_.substr(body_.size() - tail_.terms_bytes);
    body_.remove_suffix(tail_.terms_bytes);
    if ((tail_.flags & kEncrypted) != 0 && !decrypt_body()) return false;
    if ((tail_.flags & kCompressed) != 0 && !decompress_body()) return false;
    if (!read_terms(terms_bytes_, opened_.terms)) return corrupt("the terms are malformed");
    opened_.payload = body_;
    opened_.terms_bytes = terms_bytes_;
    opened_.version = tail_.version;
    opened_.format = static_cast<Format>(tail_.format);
    return true;
  }

  bool decrypt_body() {
    if (body_.size() < kEncryptionBytes) return corrupt("the payload is cut off");
    Scratch associated(options_.wiping);
    Sink to = associated.sink();
    append_associated(place_, terms_bytes_, tail_bytes_, to);
    auto plain = room(body_.size() - kEncryptionBytes);
    const KeyRing::Key& key = *options_.keys->find(tail_.key_id);
    if (!decrypt(body_, associated.view(), key, plain.get())) {
      return corrupt("the authentication fails");
    }
    keep(std::move(plain));
    return true;
  }

  bool decompress_body() {
    const std::size_t size = unpacked_size(body_, kMaxPayloadBytes);
    if (size > kMaxPayloadBytes) return corrupt("the compressed payload is malformed");
    auto plain = room(size);
    if (!decompress(body_, plain.get(), size, options_.wiping)) {
      return corrupt("the compressed payload is malformed");
    }
    keep(std::move(plain));
    return true;
  }

  using Room = decltype(Opened::plain_);
  [[nodiscard]] Room room(std::size_t size) const {
    return Room(new char[size], {.size = size, .wiping = options_.wiping});
  }
  void keep(Room plain) {
    body_ = {plain.get(), plain.get_deleter().size};
    opened_.plain_ = std::move(plain);  // the one before has been read
  }

  const SealOptions& options_;
  const Place place_;
  const TypeMark type_;
  const std::string_view bytes_;
  std::string_view tail_bytes_;
  std::string_view body_;
  std::string_view terms_bytes_;
  Tail tail_;
  Opened opened_;
};

Opened open(const SealOptions& options, const Place& place, TypeMark type, std::string_view bytes) {
  Opened opened = Opener(options, place, type, bytes).run();
  if (options.wiping == Wiping::on) base::clear_stack();
  return opened;
}

bool looks_sealed(std::string_view bytes) noexcept {
  return bytes.size() >= kTailBytes && bytes.ends_with(kMagic);
}

}  // namespace larder::codec
