// The binary format, value by value.
//
// Thread safety: as in the header.
#include "codec/binary_writer.h"

#include <bit>

#include "codec/float32.h"
#include "codec/little_endian.h"

namespace larder::codec {

void BinaryWriter::varint(std::uint64_t value) {
  std::array<char, 10> bytes;
  std::size_t size = 0;
  for (; value >= 0x80; value >>= 7) bytes[size++] = static_cast<char>(0x80 | (value & 0x7F));
  bytes[size++] = static_cast<char>(value);
  sink_.append({bytes.data(), size});
}

void BinaryWriter::null() {
  if (count_value()) tag(binary::kNull);
}

void BinaryWriter::boolean(bool value) {
  if (count_value()) tag(value ? binary::kTrue : binary::kFalse);
}

void BinaryWriter::integer(std::int64_t value) {
  if (value >= 0) return natural(static_cast<std::uint64_t>(value));
  if (!count_value()) return;
  const std::uint64_t beyond = ~static_cast<std::uint64_t>(value);  // -1 - value
  if (beyond < binary::kNull - binary::kSmallNegative) {
    return tag(binary::kSmallNegative + static_cast<unsigned>(beyond));
  }
  tag(binary::kNegative);
  varint(beyond);
}

void BinaryWriter::natural(std::uint64_t value) {
  if (!count_value()) return;
  if (value < binary::kSmallText) return tag(static_cast<unsigned>(value));
  tag(binary::kNatural);
  varint(value);
}

void BinaryWriter::number(double value) {
  if (!count_value()) return;
  if (fits_float32(value)) {
    tag(binary::kNumber32);
    append_little(sink_, std::bit_cast<std::uint32_t>(static_cast<float>(value)));
  } else {
    tag(binary::kNumber64);
    append_little(sink_, std::bit_cast<std::uint64_t>(value));
  }
}

void BinaryWriter::text(std::string_view value) {
  if (!count_value()) return;
  if (value.size() < binary::kSmallList - binary::kSmallText) {
    tag(binary::kSmallText + static_cast<unsigned>(value.size()));
  } else {
    tag(binary::kText);
    varint(value.size());
  }
  sink_.append(value);
}

void BinaryWriter::bytes(std::span<const std::byte> value) {
  if (!count_value()) return;
  tag(binary::kBytes);
  varint(value.size());
  sink_.append({reinterpret_cast<const char*>(value.data()), value.size()});
}

bool BinaryWriter::begin_list(std::size_t size) {
  if (!count_value() || !open(Container::list, size)) return false;
  if (size < binary::kSmallNegative - binary::kSmallList) {
    tag(binary::kSmallList + static_cast<unsigned>(size));
  } else {
    tag(binary::kList);
    varint(size);
  }
  return true;
}

bool BinaryWriter::begin_map(std::size_t size) {
  if (!count_value() || !open(Container::map, size)) return false;
  tag(binary::kMap);
  varint(size);
  return true;
}

void BinaryWriter::key(std::string_view key) {
  if (!count_key()) return;
  varint(key.size());
  sink_.append(key);
}

bool BinaryWriter::begin_record(std::span<const FieldName> names) {
  if (!count_value() || !open(Container::record, names.size(), names.data())) return false;
  for (std::size_t i = 0; i < shape_count_; ++i) {
    if (shapes_[i].data() == names.data() && shapes_[i].size() == names.size()) {
      tag(binary::kShape);
      varint(i);
      return true;
    }
  }
  write_shape(names);
  return true;
}

void BinaryWriter::write_shape(std::span<const FieldName> names) {
  tag(binary::kNewShape);
  varint(names.size());
  for (const FieldName& name : names) append_little(sink_, name.hash);
  if (shape_count_ < shapes_.size()) shapes_[shape_count_++] = names;
}

}  // namespace larder::codec
