// Types that the tests and the fuzz targets of codec/ encode: every kind of value that has a Codec.
//
// Thread safety: values.
#pragma once

#include <array>
#include <chrono>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <list>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <tuple>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <variant>
#include <vector>

#include "larder/adapt/describe.h"
#include "larder/codec.h"

namespace larder::codec::testing {

enum class Colour : std::uint8_t { red = 1, green = 2, blue = 200 };

// A recursive type.
struct Tree {
  std::string name;
  std::vector<Tree> children;
  std::unique_ptr<Tree> next;

  bool operator==(const Tree& other) const {
    const bool same_next =
        next == nullptr || other.next == nullptr ? next == other.next : *next == *other.next;
    return name == other.name && children == other.children && same_next;
  }
};

struct Address {
  std::string street;
  std::uint16_t number = 0;
  bool operator==(const Address&) const = default;
};

// One field of each kind.
struct Everything {
  bool flag = false;
  std::int8_t small = 0;
  std::int64_t large = 0;
  std::uint64_t natural = 0;
  char letter = 'a';
  float single = 0;
  double number = 0;
  Colour colour = Colour::red;
  std::string text;
  std::vector<std::byte> bytes;
  std::array<unsigned char, 4> four_bytes{};
  std::array<std::int32_t, 3> three{};
  std::vector<std::string> texts;
  std::vector<bool> flags;
  std::list<std::optional<int>> list;
  std::set<int> set;
  std::unordered_set<std::string> unordered_set;
  std::map<std::string, Address> map;
  std::unordered_map<std::int32_t, std::string> unordered_map;
  std::multimap<std::string, int> multimap;
  std::optional<std::optional<std::string>> optional;
  std::variant<std::monostate, int, std::string, Address> variant;
  std::pair<int, std::string> pair;
  std::tuple<int, bool, Address> tuple;
  std::chrono::milliseconds span{};
  std::chrono::sys_time<std::chrono::microseconds> instant{};
  std::unique_ptr<Address> owned;
  Address address;

  [[nodiscard]] auto tied() const {
    return std::tie(flag, small, large, natural, letter, single, number, colour, text, bytes,
                    four_bytes, three, texts, flags, list, set, unordered_set, map, unordered_map,
                    multimap, optional, variant, pair, tuple, span, instant, address);
  }
  bool operator==(const Everything& other) const {
    const bool same_owned =
        owned == nullptr || other.owned == nullptr ? owned == other.owned : *owned == *other.owned;
    return same_owned && tied() == other.tied();
  }
};

BOOST_DESCRIBE_STRUCT(Tree, (), (name, children, next))
BOOST_DESCRIBE_STRUCT(Everything, (),
                      (flag, small, large, natural, letter, single, number, colour, text, bytes,
                       four_bytes, three, texts, flags, list, set, unordered_set, map,
                       unordered_map, multimap, optional, variant, pair, tuple, span, instant,
                       owned, address))

}  // namespace larder::codec::testing

template <>
struct larder::Codec<larder::codec::testing::Address>
    : larder::Record<larder::codec::testing::Address, "address"> {
  static constexpr auto fields() {
    using Address = larder::codec::testing::Address;
    return larder::fields(larder::field("street", &Address::street),
                          larder::field("number", &Address::number));
  }
};
template <>
struct larder::Codec<larder::codec::testing::Tree>
    : larder::Described<larder::codec::testing::Tree, "tree", 2> {};
template <>
struct larder::Codec<larder::codec::testing::Everything>
    : larder::Described<larder::codec::testing::Everything, "everything", 3> {};

namespace larder::codec::testing {

// A value in which nothing is as by default.
inline Everything make_everything() {
  Everything value;
  value.flag = true;
  value.small = -128;
  value.large = std::numeric_limits<std::int64_t>::min();
  value.natural = std::numeric_limits<std::uint64_t>::max();
  value.letter = 'z';
  value.single = 0.1F;
  value.number = -1.0 / 3;
  value.colour = Colour::blue;
  value.text = "quote \" slash \\ tab \t Zürich 日本 🦆";
  value.bytes = {std::byte{0}, std::byte{255}, std::byte{10}, std::byte{128}};
  value.four_bytes = {1, 2, 3, 254};
  value.three = {-1, 0, 70000};
  value.texts = {"", "a", std::string(300, 'x')};
  value.flags = {true, false, true};
  value.list = {1, std::nullopt, -3};
  value.set = {-5, 5, 500};
  value.unordered_set = {"one"};
  value.map = {{"", {"nowhere", 1}}, {"home", {"High Street", 65535}}};
  value.unordered_map = {{-7, "seven"}};
  value.multimap = {{"k", 1}, {"k", 2}};
  value.optional.emplace(std::nullopt);
  value.variant = Address{"variant", 3};
  value.pair = {9, "nine"};
  value.tuple = {-9, true, {"tuple", 4}};
  value.span = std::chrono::milliseconds(-12345);
  value.instant = std::chrono::sys_time<std::chrono::microseconds>(
      std::chrono::microseconds(1'700'000'000'123'456));
  value.owned = std::make_unique<Address>(Address{"owned", 5});
  value.address = {"plain", 6};
  return value;
}

// A tree whose deepest leaf lies within `depth` nodes.
inline Tree make_tree(std::size_t depth) {
  Tree tree;
  tree.name = "node " + std::to_string(depth);
  if (depth > 1) {
    tree.children.push_back(make_tree(depth - 1));
    tree.children.push_back({});
    tree.next = std::make_unique<Tree>();
    tree.next->name = "next";
  }
  return tree;
}

}  // namespace larder::codec::testing
