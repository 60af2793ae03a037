// Fuzz target of open(): any bytes, as they are and with a checksum that fits them, are corrupt,
// foreign, or a value that can be sealed again.
//
// Thread safety: one call at a time.
#include "codec/seal.h"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/check.h"
#include "base/hash.h"
#include "codec/little_endian.h"

namespace larder::codec {
namespace {

constexpr std::size_t kChecksumBytes = 8;
constexpr Place kPlace{.cache = "cache", .key = "key"};

const std::shared_ptr<const KeyRing>& keys() {
  static const std::shared_ptr<const KeyRing> ring = [] {
    auto made = std::make_shared<KeyRing>();
    made->add(1, KeyRing::Key{});
    return made;
  }();
  return ring;
}

// The type that the bytes say they are of, so that the type does not stop them.
TypeMark type_of(std::string_view bytes) {
  if (bytes.size() < kTailBytes) return {};
  const std::string_view tail = bytes.substr(bytes.size() - kTailBytes);
  return {.type = read_little<std::uint64_t>(tail.substr(24)),
          .schema_version = read_little<std::uint32_t>(tail.substr(32))};
}

void check_open(const SealOptions& options, std::string_view bytes) {
  const TypeMark type = type_of(bytes);
  const Opened opened = open(options, kPlace, type, bytes);
  if (opened.state != Opened::State::ok) {
    CHECK(*opened.reason != '\0');
    return;
  }
  SealOptions again = options;
  again.format = opened.format;
  std::string sealed;
  CHECK(seal(again, kPlace, type, opened.version, opened.terms, opened.payload, sealed).ok());
  const Opened back = open(options, kPlace, type, sealed);
  CHECK(back.state == Opened::State::ok);
  CHECK(back.payload == opened.payload);
  CHECK(back.terms == opened.terms);
  CHECK(back.terms_bytes == opened.terms_bytes);
  CHECK(back.version == opened.version);
  CHECK(back.format == opened.format);
}

void check_all(std::string_view bytes) {
  for (const Wiping wiping : {Wiping::off, Wiping::on}) {
    check_open({.wiping = wiping}, bytes);
    check_open({.compress_from_bytes = 1, .keys = keys(), .wiping = wiping}, bytes);
  }
}

// The same bytes with our magic, release and checksum, as a fuzzer would never guess them.
std::string mended(std::string_view bytes) {
  std::string sealed(bytes);
  if (sealed.size() < kTailBytes) return sealed;
  const std::size_t tail = sealed.size() - kTailBytes;
  sealed.replace(sealed.size() - 4, 4, "LDRS");
  sealed[tail + 40] = 1;
  const std::string_view fields = std::string_view(sealed).substr(tail + kChecksumBytes);
  std::string checksum;
  Sink sink(checksum, Wiping::off);
  append_little(sink, base::hash_bytes({sealed.data(), tail}, base::hash_bytes(fields, 0)));
  sealed.replace(tail, kChecksumBytes, checksum);
  return sealed;
}

}  // namespace
}  // namespace larder::codec

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  larder::codec::check_all(bytes);
  larder::codec::check_all(larder::codec::mended(bytes));
  return 0;
}
