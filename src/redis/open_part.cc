// Taking a stored value apart from its end.
// Thread safety: pure functions.
#include "redis/open_part.h"

#include "redis/little_endian.h"

namespace larder::redis {
namespace {

constexpr std::string_view kMagic = "LDR1";
constexpr std::string_view kLeaseMagic = "LDRL";

}  // namespace

std::optional<OpenPart> read_open_part(std::string_view bytes) noexcept {
  if (bytes.size() < kOpenBytes || !bytes.ends_with(kMagic)) return std::nullopt;
  const std::string_view fixed = bytes.substr(bytes.size() - kOpenBytes);
  const std::string_view rest = bytes.substr(0, bytes.size() - kOpenBytes);
  const auto number = [fixed](std::size_t at) {
    return read_little<std::uint64_t>(fixed.substr(at));
  };
  const std::size_t bound = read_little<std::uint32_t>(fixed.substr(48));
  if (bound > rest.size()) return std::nullopt;
  return OpenPart{.life = fixed.substr(0, kLifeBytes),
                  .uses = number(16),
                  .used_ms = static_cast<std::int64_t>(number(24)),
                  .created_ms = static_cast<std::int64_t>(number(32)),
                  .expires_ms = static_cast<std::int64_t>(number(40)),
                  .bound = rest.substr(rest.size() - bound),
                  .before = rest.substr(0, rest.size() - bound)};
}

std::optional<std::string_view> lease_token(std::string_view bytes) noexcept {
  if (bytes.size() != kTokenBytes + kLeaseMagic.size() || !bytes.ends_with(kLeaseMagic)) {
    return std::nullopt;
  }
  return bytes.substr(0, kTokenBytes);
}

std::string version_bytes(Version version) {
  std::string bytes;
  append_little(bytes, version.high());
  append_little(bytes, version.low());
  return bytes;
}

Version version_of(std::string_view bytes) noexcept {
  return {read_little<std::uint64_t>(bytes), read_little<std::uint64_t>(bytes.substr(8))};
}

}  // namespace larder::redis
