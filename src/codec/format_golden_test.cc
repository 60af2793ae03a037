// Bytes that an earlier build stored are read by every later one, and written alike: the files of
// golden/ stand for what lies in servers. A change of them is a change of the formats.
//
// With the variable GOLDEN_REWRITE set, the files are written anew instead.
#include <cstdlib>
#include <fstream>
#include <iterator>

#include <gtest/gtest.h>

#include "codec/codec_test.h"
#include "codec/seal.h"
#include "codec/types_test.h"

namespace larder::codec::testing {
namespace {

constexpr Place kPlace{.cache = "golden", .key = "key"};
constexpr Version kVersion(0x0123456789ABCDEF, 0xFEDCBA9876543210);
constexpr std::uint32_t kKeyId = 0x01020304;

std::string path_of(const std::string& name) {
  return std::string(LARDER_SOURCE_FOLDER) + "/src/codec/golden/" + name;
}

bool rewrites() { return std::getenv("GOLDEN_REWRITE") != nullptr; }

std::string golden(const std::string& name) {
  std::ifstream file(path_of(name), std::ios::binary);
  EXPECT_TRUE(file.is_open()) << name;
  return {std::istreambuf_iterator<char>(file), {}};
}

void rewrite(const std::string& name, const std::string& bytes) {
  std::ofstream(path_of(name), std::ios::binary) << bytes;
}

// An earlier release of Everything: other fields, fewer, in another order.
struct Earlier {
  std::map<std::string, Address> map;
  std::unique_ptr<Tree> tree;
  std::optional<std::string> gone = "gone";
  Address address;
};
BOOST_DESCRIBE_STRUCT(Earlier, (), (map, tree, gone, address))

Earlier make_earlier() {
  Earlier value;
  value.map = {{"a", {"A Street", 1}}, {"b", {"B Street", 300}}};
  value.tree = std::make_unique<Tree>(make_tree(3));
  value.address = {"C Street", 3};
  return value;
}

}  // namespace
}  // namespace larder::codec::testing

template <>
struct larder::Codec<larder::codec::testing::Earlier>
    : larder::Described<larder::codec::testing::Earlier, "everything", 3> {};

namespace larder::codec::testing {
namespace {

class GoldenTest : public ::testing::TestWithParam<Format> {
 protected:
  [[nodiscard]] static std::string name(const std::string& value) {
    constexpr const char* kEndings[] = {".json", ".msgpack", ".binary"};
    return value + kEndings[static_cast<std::size_t>(GetParam())];
  }
};
INSTANTIATE_TEST_SUITE_P(All, GoldenTest, ::testing::ValuesIn(kFormats),
                         [](const auto& info) { return std::string(to_string(info.param)); });

TEST_P(GoldenTest, EveryKindOfValueIsReadAndWrittenAlike) {
  const std::string bytes = encoded(GetParam(), make_everything());
  if (rewrites()) rewrite(name("everything"), bytes);
  const std::string stored = golden(name("everything"));
  EXPECT_EQ(bytes, stored);
  const auto value = decoded<Everything>(GetParam(), stored);
  ASSERT_TRUE(value.ok()) << value.error().message();
  EXPECT_EQ(*value, make_everything());
}

TEST_P(GoldenTest, AnEarlierReleaseIsReadAndReadsTheLater) {
  const std::string bytes = encoded(GetParam(), make_earlier());
  if (rewrites()) rewrite(name("earlier"), bytes);
  const std::string stored = golden(name("earlier"));
  EXPECT_EQ(bytes, stored);
  const auto later = decoded<Everything>(GetParam(), stored);
  ASSERT_TRUE(later.ok()) << later.error().message();
  EXPECT_EQ(later->address, (Address{"C Street", 3}));
  EXPECT_EQ(later->map, make_earlier().map);
  EXPECT_EQ(later->text, "");

  const auto earlier = decoded<Earlier>(GetParam(), golden(name("everything")));
  ASSERT_TRUE(earlier.ok()) << earlier.error().message();
  EXPECT_EQ(earlier->map, make_everything().map);
  EXPECT_EQ(earlier->gone, "gone");
  EXPECT_EQ(earlier->tree, nullptr);
}

// Plain, compressed, encrypted, both: by the bits of the parameter.
class GoldenSealTest : public ::testing::TestWithParam<int> {};
constexpr const char* kSealNames[] = {"plain", "compressed", "encrypted", "both"};
INSTANTIATE_TEST_SUITE_P(All, GoldenSealTest, ::testing::Range(0, 4),
                         [](const auto& info) { return std::string(kSealNames[info.param]); });

TEST_P(GoldenSealTest, SealedValuesAreOpened) {
  const std::vector<Term> terms = {{"by_street", "High Street", false}, {"", "tag", true}};
  const TypeMark type = TypeMark::of(kValueOps<Everything>);
  const std::string payload = encoded(Format::json, make_everything());
  SealOptions options;
  if ((GetParam() & 1) != 0) options.compress_from_bytes = 1;
  if ((GetParam() & 2) != 0) {
    KeyRing::Key key;
    for (std::size_t i = 0; i < key.size(); ++i) key[i] = static_cast<unsigned char>(i);
    auto keys = std::make_shared<KeyRing>();
    keys->add(kKeyId, key);
    options.keys = keys;
  }
  const std::string name = std::string(kSealNames[GetParam()]) + ".sealed";
  std::string bytes;
  ASSERT_TRUE(seal(options, kPlace, type, kVersion, terms, payload, bytes).ok());
  if (rewrites()) rewrite(name, bytes);

  const std::string stored = golden(name);
  const Opened opened = open(options, kPlace, type, stored);
  ASSERT_EQ(opened.state, Opened::State::ok) << opened.reason;
  EXPECT_EQ(opened.payload, payload);
  EXPECT_EQ(opened.terms, terms);
  EXPECT_EQ(opened.version, kVersion);
  // Nonces differ each time, and another zstd may pack otherwise.
  EXPECT_TRUE(GetParam() != 0 || bytes == stored);
}

}  // namespace
}  // namespace larder::codec::testing
