// The binary format, asked for value by value.
//
// Thread safety: as in the header.
#include "codec/binary_reader.h"

#include <bit>
#include <limits>

#include "codec/little_endian.h"

namespace larder::codec {
namespace {

constexpr std::size_t kHashBytes = 4;
constexpr const char* kCutOff = "the bytes end too early";

bool is_between(std::uint8_t tag, unsigned first, unsigned end) noexcept {
  return tag >= first && tag < end;
}

}  // namespace

std::optional<std::uint8_t> BinaryReader::peek() const noexcept {
  if (!ok() || rest_.empty()) return std::nullopt;
  return static_cast<std::uint8_t>(rest_.front());
}

bool BinaryReader::expected(const char* what) noexcept {
  return fail(rest_.empty() ? kCutOff : what);
}

bool BinaryReader::take(std::uint64_t size, std::string_view& to) noexcept {
  if (!ok()) return false;
  if (size > rest_.size()) return fail(kCutOff);
  to = rest_.substr(0, size);
  rest_.remove_prefix(size);
  return true;
}

bool BinaryReader::take_varint(std::uint64_t& to) noexcept {
  to = 0;
  for (unsigned shift = 0; shift < 64; shift += 7) {
    std::string_view byte;
    if (!take(1, byte)) return false;
    const auto value = static_cast<std::uint8_t>(byte[0]);
    const std::uint64_t part = value & 0x7FU;
    if (shift == 63 && part > 1) break;
    to |= part << shift;
    if (value < 0x80) return true;
  }
  return fail("a number is too long");
}

bool BinaryReader::take_count(std::size_t& to) noexcept {
  std::uint64_t count = 0;
  if (!take_varint(count)) return false;
  if (count > rest_.size()) return fail(kCutOff);
  to = static_cast<std::size_t>(count);
  return true;
}

FieldReader::Kind BinaryReader::kind() noexcept {
  const auto tag = peek();
  if (!tag) return Kind::nothing;
  if (is_between(*tag, 0, binary::kSmallText)) return Kind::integer;
  if (is_between(*tag, binary::kSmallText, binary::kSmallList)) return Kind::text;
  if (is_between(*tag, binary::kSmallList, binary::kSmallNegative)) return Kind::list;
  if (is_between(*tag, binary::kSmallNegative, binary::kNull)) return Kind::integer;
  switch (*tag) {
    case binary::kNull:
      return Kind::null;
    case binary::kFalse:
    case binary::kTrue:
      return Kind::boolean;
    case binary::kNatural:
    case binary::kNegative:
      return Kind::integer;
    case binary::kNumber32:
    case binary::kNumber64:
      return Kind::number;
    case binary::kText:
      return Kind::text;
    case binary::kBytes:
      return Kind::bytes;
    case binary::kList:
      return Kind::list;
    case binary::kMap:
      return Kind::map;
    case binary::kNewShape:
    case binary::kShape:
      return Kind::record;
    default:
      return Kind::nothing;
  }
}

bool BinaryReader::null() {
  if (kind() != Kind::null) return false;
  rest_.remove_prefix(1);
  return true;
}

bool BinaryReader::boolean(bool& to) {
  if (kind() != Kind::boolean) return expected("a boolean was expected");
  to = *peek() == binary::kTrue;
  rest_.remove_prefix(1);
  return true;
}

bool BinaryReader::take_integer(std::uint64_t& bits, bool& negative) noexcept {
  if (kind() != Kind::integer) return expected("an integer was expected");
  const std::uint8_t tag = *peek();
  rest_.remove_prefix(1);
  negative = tag == binary::kNegative || is_between(tag, binary::kSmallNegative, binary::kNull);
  bits = negative ? tag - binary::kSmallNegative : tag;
  const bool long_form = tag == binary::kNatural || tag == binary::kNegative;
  return !long_form || take_varint(bits);
}

bool BinaryReader::integer(std::int64_t& to) {
  std::uint64_t bits = 0;
  bool negative = false;
  if (!take_integer(bits, negative)) return false;
  if (bits > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max())) {
    return fail("an integer is too large");
  }
  to = static_cast<std::int64_t>(negative ? ~bits : bits);
  return true;
}

bool BinaryReader::natural(std::uint64_t& to) {
  bool negative = false;
  if (!take_integer(to, negative)) return false;
  return !negative || fail("an integer must not be negative");
}

bool BinaryReader::number(double& to) {
  if (kind() == Kind::integer) {
    std::uint64_t bits = 0;
    bool negative = false;
    if (!take_integer(bits, negative)) return false;
    constexpr auto kMax = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());
    if (negative && bits > kMax) return fail("an integer is too small");
    to = negative ? static_cast<double>(static_cast<std::int64_t>(~bits))
                  : static_cast<double>(bits);
    return true;
  }
  if (kind() != Kind::number) return expected("a number was expected");
  const bool narrow = *peek() == binary::kNumber32;
  rest_.remove_prefix(1);
  std::string_view bytes;
  if (!take(narrow ? 4 : 8, bytes)) return false;
  to = narrow ? static_cast<double>(std::bit_cast<float>(read_little<std::uint32_t>(bytes)))
              : std::bit_cast<double>(read_little<std::uint64_t>(bytes));
  return true;
}

bool BinaryReader::text(std::string_view& to) {
  if (kind() != Kind::text) return expected("a text was expected");
  const std::uint8_t tag = *peek();
  rest_.remove_prefix(1);
  std::uint64_t size = tag - binary::kSmallText;
  if (tag == binary::kText && !take_varint(size)) return false;
  return take(size, to);
}

bool BinaryReader::bytes(std::span<const std::byte>& to) {
  if (kind() != Kind::bytes) return expected("bytes were expected");
  rest_.remove_prefix(1);
  std::uint64_t size = 0;
  std::string_view view;
  if (!take_varint(size) || !take(size, view)) return false;
  to = std::as_bytes(std::span(view));
  return true;
}

bool BinaryReader::begin(std::size_t entries, std::string_view hashes) noexcept {
  if (!enter()) return false;
  level() = {.entries = entries, .hashes = hashes, .next_field = 0};
  return true;
}

bool BinaryReader::begin_list(std::size_t& size) {
  if (kind() != Kind::list) return expected("a list was expected");
  const std::uint8_t tag = *peek();
  rest_.remove_prefix(1);
  size = static_cast<std::size_t>(tag - binary::kSmallList);
  if (tag == binary::kList && !take_count(size)) return false;
  if (size > rest_.size()) return fail(kCutOff);
  return begin(size);
}

bool BinaryReader::begin_map(std::size_t& size) {
  if (kind() != Kind::map) return expected("a map was expected");
  rest_.remove_prefix(1);
  return take_count(size) && begin(size);
}

bool BinaryReader::take_shape(std::string_view& hashes) noexcept {
  const bool is_new = *peek() == binary::kNewShape;
  rest_.remove_prefix(1);
  std::uint64_t number = 0;
  if (!take_varint(number)) return false;
  if (!is_new) {
    if (number >= shape_count_) return fail("a record has an unknown shape");
    hashes = shapes_[number];
    return true;
  }
  if (number > rest_.size() / kHashBytes) return fail(kCutOff);
  if (!take(number * kHashBytes, hashes)) return false;
  if (shape_count_ < shapes_.size()) shapes_[shape_count_++] = hashes;
  return true;
}

bool BinaryReader::begin_record() {
  if (kind() != Kind::record) return expected("a record was expected");
  std::string_view hashes;
  return take_shape(hashes) && begin(hashes.size() / kHashBytes, hashes);
}

bool BinaryReader::advance() noexcept {
  if (!ok() || depth() == 0) return false;
  if (level().entries == 0) {
    leave();
    return false;
  }
  --level().entries;
  return true;
}

bool BinaryReader::next_key(std::string_view& key) {
  std::uint64_t size = 0;
  return advance() && take_varint(size) && take(size, key);
}

std::optional<std::size_t> BinaryReader::next_field(std::span<const FieldName> names) {
  // Bounded by the fields of the record.
  while (advance()) {
    Level& record = level();
    if (record.hashes.size() < kHashBytes) {
      fail("a record was expected");
      break;
    }
    const auto hash = read_little<std::uint32_t>(record.hashes);
    record.hashes.remove_prefix(kHashBytes);
    for (std::size_t i = 0; i < names.size(); ++i) {
      const std::size_t sum = record.next_field + i;
      const std::size_t index = sum < names.size() ? sum : sum - names.size();
      if (names[index].hash == hash) {
        record.next_field = index + 1 == names.size() ? 0 : index + 1;
        return index;
      }
    }
    if (!skip()) break;
  }
  return std::nullopt;
}

bool BinaryReader::skip_entries() {
  while (advance()) {
    if (!skip()) return false;
  }
  return ok();
}

// Containers within each other are counted, so that this recursion is bounded.
bool BinaryReader::skip() {
  bool flag = false;
  double real = 0;
  std::string_view view;
  std::span<const std::byte> span;
  std::size_t size = 0;
  switch (kind()) {
    case Kind::null:
      return null();
    case Kind::boolean:
      return boolean(flag);
    case Kind::integer:
    case Kind::number:
      return number(real);
    case Kind::text:
      return text(view);
    case Kind::bytes:
      return bytes(span);
    case Kind::list:
      return begin_list(size) && skip_entries();
    case Kind::record:
      return begin_record() && skip_entries();
    case Kind::map:
      if (!begin_map(size)) return false;
      while (next_key(view)) {
        if (!skip()) return false;
      }
      return ok();
    case Kind::nothing:
      break;
  }
  return expected("a value was expected");
}

}  // namespace larder::codec
