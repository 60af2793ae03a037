// The binary format byte by byte, and bytes that no writer writes.
#include <gtest/gtest.h>

#include "codec/binary_reader.h"
#include "codec/binary_writer.h"
#include "codec/codec_test.h"
#include "codec/types_test.h"

namespace larder::codec::testing {
namespace {

// "80 C1 FF" as bytes.
std::string bytes(std::string_view hex) {
  std::string result;
  for (std::size_t i = 0; i + 1 < hex.size(); i += hex[i] == ' ' ? 1 : 2) {
    if (hex[i] != ' ')
      result += static_cast<char>(std::stoi(std::string(hex.substr(i, 2)), nullptr, 16));
  }
  return result;
}

template <class T>
std::string binary(const T& value) {
  return encoded(Format::binary, value);
}
template <class T>
Result<T> from_binary(std::string_view hex) {
  return decoded<T>(Format::binary, bytes(hex));
}

TEST(BinaryTest, SmallValuesAreOneByte) {
  EXPECT_EQ(binary(std::vector{0, 127, 128, -1, -16, -17}), bytes("C6 00 7F E3 80 01 D0 DF E4 10"));
  EXPECT_EQ(binary(std::string("ab")), bytes("82 61 62"));
  EXPECT_EQ(binary(std::string(64, 'a')), bytes("E7 40") + std::string(64, 'a'));
  EXPECT_EQ(binary(std::vector<std::optional<bool>>{true, false, {}}), bytes("C3 E2 E1 E0"));
  EXPECT_EQ(binary(std::vector<double>{1.5, 0.1}),
            bytes("C2 E5 00 00 C0 3F E6 9A 99 99 99 99 99 B9 3F"));
  EXPECT_EQ(binary(std::vector{std::byte{1}, std::byte{2}}), bytes("E8 02 01 02"));
  EXPECT_EQ(binary(std::map<std::string, int>{{"k", 1}}), bytes("EA 01 01 6B 01"));
  EXPECT_EQ(binary(std::vector<int>(16)).substr(0, 2), bytes("E9 10"));
}

TEST(BinaryTest, ARecordNamesItsFieldsOncePerPayload) {
  const std::string one = binary(std::vector<Address>{{"a", 1}});
  // FNV-1a of "street" and "number".
  EXPECT_EQ(one, bytes("C1 EB 02") + one.substr(3, 8) + bytes("81 61 01"));
  EXPECT_EQ(FieldName("street").hash, 1986331710U);
  EXPECT_EQ(one.substr(3, 4), bytes("3E 04 65 76"));
  const std::string two = binary(std::vector<Address>{{"a", 1}, {"b", 2}});
  EXPECT_EQ(two.substr(one.size()), bytes("EC 00 81 62 02"));
}

TEST(BinaryTest, MalformedBytesAreErrors) {
  for (const char* hex : {
           "",                                     // nothing
           "C2 00",                                // a list that ends too early
           "E9 FF FF FF FF FF FF FF FF FF 01 00",  // a list of 2^64 - 1
           "E9 FF FF FF FF FF FF FF FF FF 02 00",  // a varint above 64 bits
           "E9 80 80 80 80 80 80 80 80 80 80 00",  // and one of 11 bytes
           "ED", "FF",                             // tags that are none
           "C1 E3",                                // a varint that ends too early
           "C1 E3 80",                             //
           "C1 E5 00 00 00",                       // a number that does
           "C1 E4 FF FF FF FF FF FF FF FF FF 01",  // below the range of 64 bits
           "C1 EC 07 00",                          // a shape that was not met
           "C1 EB FF FF FF FF 0F 00",              // a shape of 2^32 - 1 fields
           "C1 EB FF FF FF FF FF FF FF FF 7F 00",  // and one whose size times 4 overflows
       }) {
    EXPECT_FALSE(from_binary<std::vector<double>>(hex).ok()) << hex;
    EXPECT_FALSE(from_binary<std::vector<Address>>(hex).ok()) << hex;
    // The same where it is skipped.
    const std::string skipped = std::string("EB 01 00 00 00 00 ") + hex;
    EXPECT_FALSE(from_binary<Address>(skipped).ok()) << hex;
  }
  EXPECT_FALSE(from_binary<std::string>("83 61 62").ok());
  EXPECT_FALSE(from_binary<std::string>("E7 FF FF FF FF FF FF FF FF FF 01 61").ok());
  EXPECT_FALSE(from_binary<std::vector<std::byte>>("E8 02 61").ok());
  EXPECT_FALSE((from_binary<std::map<std::string, int>>("EA 01 05 61 01").ok()));
  EXPECT_FALSE((from_binary<std::map<std::string, int>>("EA 7F 01 61 01").ok()));
  EXPECT_EQ(fault_of<std::vector<int>>(Format::binary, bytes("C1 00 00")),
            "binary: the bytes have a tail");
}

TEST(BinaryTest, AShapeThatWasSkippedIsKnownAfterwards) {
  const auto street = binary(Address{}).substr(2, 4);
  // {unknown: {street: "a"}, street: record of the shape met inside} is no Address; but a list is.
  const std::string list =
      bytes("C2 EB 01 00 00 00 00 EB 01") + street + bytes("81 61 EC 01 81 62");
  const auto value = decoded<std::vector<Address>>(Format::binary, list);
  ASSERT_TRUE(value.ok()) << value.error().message();
  EXPECT_EQ(*value, (std::vector<Address>{{}, {"b", 0}}));
}

TEST(BinaryTest, NestingIsBoundedWhereItIsSkippedToo) {
  const auto nested = [](std::size_t depth) {
    return bytes("EB 01 00 00 00 00") + std::string(depth, '\xC1') + '\xE0';
  };
  EXPECT_TRUE(decoded<Address>(Format::binary, nested(kMaxFieldDepth - 1)).ok());
  EXPECT_EQ(fault_of<Address>(Format::binary, nested(kMaxFieldDepth)),
            "binary: containers are nested too deep");
}

// More shapes than are numbered: the later ones are written anew each time.
TEST(BinaryTest, ManyShapesComeBack) {
  constexpr std::size_t kMany = 3 * binary::kMaxShapes;
  std::vector<FieldName> names;
  std::vector<std::string> texts;
  for (std::size_t i = 0; i < kMany; ++i) texts.push_back("field" + std::to_string(i));
  for (const std::string& text : texts) names.emplace_back(text);
  std::string out;
  Sink sink(out, Wiping::off);
  BinaryWriter writer(sink);
  ASSERT_TRUE(writer.begin_list(2 * kMany));
  for (std::size_t i = 0; i < 2 * kMany; ++i) {
    ASSERT_TRUE(writer.begin_record({&names[i % kMany], 1}));
    writer.natural(i);
    writer.end_record();
  }
  writer.end_list();
  ASSERT_TRUE(writer.ok()) << writer.reason();

  BinaryReader reader(out, Wiping::off);
  std::size_t size = 0;
  ASSERT_TRUE(reader.begin_list(size));
  for (std::size_t i = 0; i < size; ++i) {
    ASSERT_TRUE(reader.next_element() && reader.begin_record());
    EXPECT_EQ(reader.next_field(names), i % kMany);
    std::uint64_t value = 0;
    ASSERT_TRUE(reader.natural(value)) << reader.reason();
    EXPECT_EQ(value, i);
    EXPECT_EQ(reader.next_field(names), std::nullopt);
  }
  EXPECT_FALSE(reader.next_element());
  EXPECT_TRUE(reader.ok() && reader.at_end());
}

}  // namespace
}  // namespace larder::codec::testing
