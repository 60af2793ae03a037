// The library's own format: every value begins with a byte that says what it is, small values are
// that byte alone, and records name their fields by hash, once per payload.
//
//   00-7F  natural 0 to 127          E0 null   E1 false   E2 true
//   80-BF  text of 0 to 63 bytes     E3 natural: varint   E4 -1 - varint
//   C0-CF  list of 0 to 15           E5 number of 4 bytes   E6 of 8 bytes
//   D0-DF  integer -1 to -16         E7 text: varint length   E8 bytes: varint length
//   E9  list: varint size            EA  map: varint size; each a varint length, key, value
//   EB  record of a new shape: varint size, that many hashes of 4 bytes, that many values
//   EC  record of a shape met before: varint number, as many values as it has
//
// Numbers are little-endian; varints hold 7 bits a byte, the lowest first. The first 16 new shapes
// of a payload are numbered from 0.
//
// Thread safety: constants.
#pragma once

#include <cstddef>
#include <cstdint>

namespace larder::codec::binary {

enum Tag : std::uint8_t {
  kSmallText = 0x80,
  kSmallList = 0xC0,
  kSmallNegative = 0xD0,
  kNull = 0xE0,
  kFalse = 0xE1,
  kTrue = 0xE2,
  kNatural = 0xE3,
  kNegative = 0xE4,
  kNumber32 = 0xE5,
  kNumber64 = 0xE6,
  kText = 0xE7,
  kBytes = 0xE8,
  kList = 0xE9,
  kMap = 0xEA,
  kNewShape = 0xEB,
  kShape = 0xEC,
};

inline constexpr std::size_t kMaxShapes = 16;

}  // namespace larder::codec::binary
