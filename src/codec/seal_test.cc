// Sealing and opening: what comes back, what is corrupt, what is foreign, and what scripts find.
#include "codec/seal.h"

#include <array>
#include <rapidcheck.h>

#include <gtest/gtest.h>

#include "base/hash.h"
#include "codec/codec_test.h"
#include "codec/little_endian.h"
#include "codec/types_test.h"

namespace larder::codec::testing {
namespace {

using State = Opened::State;

constexpr Place kPlace{.cache = "sessions", .key = "alice"};
constexpr TypeMark kType{.type = 0x1122334455667788, .schema_version = 3};
constexpr Version kVersion(0xA1A2A3A4A5A6A7A8, 0xB1B2B3B4B5B6B7B8);
const std::vector<Term> kTerms = {{"by_subject", "alice", false}, {"", "admin", true}};

std::shared_ptr<KeyRing> ring(std::initializer_list<std::uint32_t> ids) {
  auto keys = std::make_shared<KeyRing>();
  for (const std::uint32_t id : ids) {
    KeyRing::Key key;
    key.fill(static_cast<unsigned char>(id));
    keys->add(id, key);
  }
  return keys;
}

std::string sealed(const SealOptions& options, std::string_view payload,
                   std::span<const Term> terms = kTerms) {
  std::string out;
  const auto result = seal(options, kPlace, kType, kVersion, terms, payload, out);
  EXPECT_TRUE(result.ok()) << result.error().message();
  return out;
}

State state_of(const SealOptions& options, std::string_view bytes, TypeMark type = kType,
               const Place& place = kPlace) {
  return open(options, place, type, bytes).state;
}

// Every combination of compression and encryption.
class SealTest : public ::testing::TestWithParam<int> {
 protected:
  SealTest() {
    options_.format = Format::message_pack;
    if (compresses()) options_.compress_from_bytes = 64;
    if (encrypts()) options_.keys = ring({7});
  }
  [[nodiscard]] bool compresses() const { return (GetParam() & 1) != 0; }
  [[nodiscard]] bool encrypts() const { return (GetParam() & 2) != 0; }

  SealOptions options_;
  const std::string payload_ = "{\"subject\":\"" + std::string(200, 'a') + "\"}";
};

constexpr std::array kNames = {"plain", "compressed", "encrypted", "both"};
INSTANTIATE_TEST_SUITE_P(All, SealTest, ::testing::Range(0, 4),
                         [](const auto& info) { return std::string(kNames[info.param]); });

TEST_P(SealTest, WhatWasSealedComesBack) {
  const std::string bytes = sealed(options_, payload_);
  const Opened opened = open(options_, kPlace, kType, bytes);
  ASSERT_EQ(opened.state, State::ok) << opened.reason;
  EXPECT_EQ(opened.payload, payload_);
  EXPECT_EQ(opened.version, kVersion);
  EXPECT_EQ(opened.format, Format::message_pack);
  EXPECT_EQ(opened.terms, kTerms);
  EXPECT_EQ(bytes.starts_with(payload_), !compresses() && !encrypts());
  EXPECT_EQ(bytes.find("aaaa") == bytes.npos, compresses() || encrypts());
  EXPECT_EQ(bytes.size() < payload_.size(), compresses());
  EXPECT_TRUE(looks_sealed(bytes));
}

TEST_P(SealTest, EmptyPayloadsAndNoTermsComeBack) {
  const std::string bytes = sealed(options_, "", {});
  EXPECT_EQ(bytes.size(), kTailBytes + (encrypts() ? kEncryptionBytes : 0));
  const Opened opened = open(options_, kPlace, kType, bytes);
  ASSERT_EQ(opened.state, State::ok) << opened.reason;
  EXPECT_EQ(opened.payload, "");
  EXPECT_TRUE(opened.terms.empty());
}

TEST_P(SealTest, AnOpenedValueMayMove) {
  const std::string bytes = sealed(options_, payload_);
  std::vector<Opened> several;
  for (int i = 0; i < 3; ++i) several.push_back(open(options_, kPlace, kType, bytes));
  for (const Opened& opened : several) EXPECT_EQ(opened.payload, payload_);
}

TEST_P(SealTest, DamageToAnyBitIsCorruptOrForeignAndNeverAccepted) {
  const std::string bytes = sealed(options_, payload_);
  for (std::size_t at = 0; at < bytes.size(); ++at) {
    for (unsigned bit = 0; bit < 8; ++bit) {
      std::string damaged = bytes;
      damaged[at] = static_cast<char>(damaged[at] ^ (1U << bit));
      // What names the release of the envelope is believed: it decides on the rest.
      const bool names_envelope =
          at == bytes.size() - 1 || at == bytes.size() - kTailBytes + 8 + 32;
      EXPECT_EQ(state_of(options_, damaged), names_envelope ? State::foreign : State::corrupt)
          << "bit " << bit << " of byte " << at << " of " << bytes.size();
    }
  }
}

TEST_P(SealTest, WhatIsCutOffIsCorrupt) {
  const std::string bytes = sealed(options_, payload_);
  constexpr std::size_t kMaxDigits = 20;  // less may look like a counter
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    const State end = state_of(options_, bytes.substr(bytes.size() - size));
    EXPECT_EQ(end, State::corrupt) << size;
    const State beginning = state_of(options_, bytes.substr(0, size));
    EXPECT_TRUE(beginning == State::corrupt || (beginning == State::foreign && size <= kMaxDigits))
        << size;
  }
}

TEST_P(SealTest, AnotherTypeOrSchemaVersionIsForeign) {
  const std::string bytes = sealed(options_, payload_);
  EXPECT_EQ(state_of(options_, bytes, {kType.type + 1, 3}), State::foreign);
  EXPECT_EQ(state_of(options_, bytes, {kType.type, 4}), State::foreign);
}

// Where a value belongs is part of what is authenticated; without keys a server may move it.
TEST_P(SealTest, EncryptedBytesCannotBeMoved) {
  const std::string bytes = sealed(options_, payload_);
  const State moved = encrypts() ? State::corrupt : State::ok;
  for (const Place& place : {Place{"sessions", "bob"}, Place{"sessions", "carol"},
                             Place{"messages", "alice"}, Place{"session", "salice"}}) {
    EXPECT_EQ(state_of(options_, bytes, kType, place), moved) << place.cache << ' ' << place.key;
  }
}

TEST_P(SealTest, AnyTermsComeBack) {
  rc::check("terms", [this](const std::vector<std::tuple<std::string, std::string, bool>>& parts) {
    std::vector<Term> terms;
    for (const auto& [index, term, is_tag] : parts) terms.push_back({index, term, is_tag});
    const std::string bytes = sealed(options_, payload_, terms);
    const Opened opened = open(options_, kPlace, kType, bytes);
    RC_ASSERT(opened.state == State::ok);
    RC_ASSERT(opened.terms == terms);
  });
}

// ---- keys

TEST(SealKeysTest, RotationKeepsOldValuesReadable) {
  const SealOptions old_release{.keys = ring({1})};
  const SealOptions new_release{.keys = ring({1, 2})};
  const std::string of_old = sealed(old_release, "old");
  const std::string of_new = sealed(new_release, "new");
  EXPECT_EQ(open(new_release, kPlace, kType, of_old).payload, "old");
  EXPECT_EQ(open(new_release, kPlace, kType, of_new).payload, "new");
  EXPECT_EQ(state_of(old_release, of_new), State::foreign);

  auto back = ring({1, 2});
  EXPECT_TRUE(back->activate(1));
  EXPECT_FALSE(back->activate(3));
  EXPECT_EQ(state_of(old_release, sealed({.keys = back}, "x")), State::ok);
}

TEST(SealKeysTest, AnotherKeyOfTheSameNumberIsCorrupt) {
  auto other = std::make_shared<KeyRing>();
  other->add(1, KeyRing::Key{});
  EXPECT_EQ(state_of({.keys = other}, sealed({.keys = ring({1})}, "x")), State::corrupt);
}

// Else whoever can write to the server could have its own bytes accepted.
TEST(SealKeysTest, WhatIsNotEncryptedIsForeignWhereKeysAre) {
  EXPECT_EQ(state_of({.keys = ring({1})}, sealed({}, "x")), State::foreign);
  EXPECT_EQ(state_of({}, sealed({.keys = ring({1})}, "x")), State::foreign);
}

// The checksum is no secret: whoever changes bytes can mend it. The authentication holds.
TEST(SealKeysTest, ForgedBytesAreCorrupt) {
  const SealOptions options{.keys = ring({1})};
  const std::string bytes = sealed(options, "payload");
  for (std::size_t at = 0; at < bytes.size() - 12; ++at) {
    std::string forged = bytes;
    forged[at] = static_cast<char>(forged[at] ^ 1);
    const std::size_t tail = forged.size() - kTailBytes;
    const std::string_view fields = std::string_view(forged).substr(tail + 8);
    std::string checksum;
    Sink sink(checksum, Wiping::off);
    append_little(sink, base::hash_bytes({forged.data(), tail}, base::hash_bytes(fields, 0)));
    if (at >= tail && at < tail + 8) continue;  // the checksum itself
    forged.replace(tail, 8, checksum);
    EXPECT_NE(state_of(options, forged), State::ok) << at;
  }
}

TEST(SealKeysTest, NoncesAreNotUsedAgain) {
  const SealOptions options{.keys = ring({1})};
  EXPECT_NE(sealed(options, "payload"), sealed(options, "payload"));
}

TEST(KeyRingTest, FindsItsKeys) {
  const auto keys = ring({5, 6, 7, 8, 9});
  EXPECT_EQ(keys->active(), 9U);
  for (const std::uint32_t id : {5U, 6U, 7U, 8U, 9U}) {
    ASSERT_NE(keys->find(id), nullptr);
    EXPECT_EQ(keys->find(id)->front(), id);
  }
  EXPECT_EQ(keys->find(4), nullptr);
  KeyRing::Key key{};
  keys->add(6, key);
  EXPECT_EQ(keys->find(6)->front(), 0);
  EXPECT_EQ(keys->active(), 6U);
  EXPECT_EQ(KeyRing().active(), std::nullopt);
}

// ---- bytes of others

TEST(SealStatesTest, BytesWithoutOurSeal) {
  EXPECT_EQ(state_of({}, ""), State::corrupt);
  EXPECT_EQ(state_of({}, "{\"subject\":1}"), State::corrupt);
  EXPECT_EQ(state_of({}, "LDRS"), State::corrupt);
  EXPECT_EQ(state_of({}, std::string(100, 'x') + "LDR9"), State::foreign) << "another release";
  EXPECT_EQ(state_of({}, "42"), State::foreign) << "a counter";
  EXPECT_EQ(state_of({}, "-9223372036854775808"), State::foreign);
  EXPECT_FALSE(looks_sealed("42"));
}

TEST(SealStatesTest, TheTypeIsAStatedNameAndVersion) {
  const TypeMark mark = TypeMark::of(kValueOps<Tree>);
  EXPECT_EQ(mark.type, base::hash_bytes("tree", 0));
  EXPECT_EQ(mark.schema_version, 2U);
  EXPECT_NE(TypeMark::of(kValueOps<Address>), mark);
  EXPECT_NE(TypeMark::of(kValueOps<std::unique_ptr<Tree>>), mark);
}

TEST(SealStatesTest, TooManyTermsAreRefused) {
  const std::string long_name(0x10000, 'n');
  const std::vector<Term> terms = {{long_name, "t", false}};
  std::string out = "before";
  EXPECT_EQ(seal({}, kPlace, kType, kVersion, terms, "p", out).error(), Errc::too_large);
  const std::string long_term(kMaxTermsBytes, 't');
  const std::vector<Term> more = {{"n", long_term, false}};
  EXPECT_EQ(seal({}, kPlace, kType, kVersion, more, "p", out).error(), Errc::too_large);
  EXPECT_EQ(out, "before");
}

TEST(SealStatesTest, WhatDoesNotShrinkIsNotCompressed) {
  const SealOptions options{.compress_from_bytes = 1, .zstd_level = 19};
  std::string noise;
  for (std::uint64_t i = 0; noise.size() < 1000; ++i) {
    Sink sink(noise, Wiping::off);
    append_little(sink, base::mix64(i));
  }
  EXPECT_TRUE(sealed(options, noise).starts_with(noise));
  EXPECT_TRUE(sealed(options, "ab").starts_with("ab"));
  EXPECT_EQ(open(options, kPlace, kType, sealed({}, noise)).payload, noise);
}

// What a script reads from the end, by hand.
TEST(SealStatesTest, TheTailLiesWhereScriptsLookForIt) {
  const std::string bytes = sealed({.format = Format::json}, "payload");
  const std::string_view view = bytes;
  EXPECT_EQ(view.substr(view.size() - 4), "LDRS");
  const auto terms_size = read_little<std::uint32_t>(view.substr(view.size() - 8));
  const std::string_view terms = view.substr(view.size() - kTailBytes - terms_size, terms_size);
  constexpr char kBlock[] = "\0\x0a\0by_subject\x05\0\0\0alice\x01\0\0\x05\0\0\0admin";
  EXPECT_EQ(terms, std::string_view(kBlock, sizeof kBlock - 1));
  EXPECT_EQ(view.substr(0, view.size() - kTailBytes - terms_size), "payload");
  const std::string_view tail = view.substr(view.size() - kTailBytes);
  EXPECT_EQ(read_little<std::uint64_t>(tail.substr(8)), kVersion.high());
  EXPECT_EQ(read_little<std::uint64_t>(tail.substr(16)), kVersion.low());
  EXPECT_EQ(read_little<std::uint64_t>(tail.substr(24)), kType.type);
  EXPECT_EQ(read_little<std::uint32_t>(tail.substr(32)), kType.schema_version);
  EXPECT_EQ(read_little<std::uint32_t>(tail.substr(36)), 0U);
  EXPECT_EQ(tail.substr(40, 4), std::string_view("\x01\0\0\0", 4));
}

}  // namespace
}  // namespace larder::codec::testing
