// With wiping on, nothing that held plain text goes back to the heap as it was: the test's own
// allocator looks at every block that is given back.
#include <cstdlib>
#include <cstring>
#include <malloc.h>
#include <new>

#include <gtest/gtest.h>

#include "base/secure.h"
#include "codec/codec_test.h"
#include "codec/seal.h"
#include "codec/types_test.h"

namespace {

// In every value of these tests, and in nothing else. Put together at run time, so that no
// constant of the program holds it.
std::string secret() {
  std::string text = "S3cr";
  return text + "3tW0rd";
}

struct Watch {
  bool on = false;
  char word[16] = {};
  int leaks = 0;
} watch;

void look_at(void* block) noexcept {
  if (!watch.on || block == nullptr) return;
  const std::size_t size = malloc_usable_size(block);
  if (memmem(block, size, watch.word, std::strlen(watch.word)) != nullptr) ++watch.leaks;
}

}  // namespace

[[gnu::noinline]] void* operator new(std::size_t size) {
  if (void* block = std::malloc(size == 0 ? 1 : size)) return block;
  throw std::bad_alloc();
}
[[gnu::noinline]] void* operator new(std::size_t size, std::align_val_t align) {
  const auto unit = static_cast<std::size_t>(align);
  if (void* block = std::aligned_alloc(unit, (size + unit - 1) / unit * unit)) return block;
  throw std::bad_alloc();
}
void* operator new(std::size_t size, const std::nothrow_t&) noexcept {
  return std::malloc(size == 0 ? 1 : size);
}
[[gnu::noinline]] void operator delete(void* block) noexcept {
  look_at(block);
  std::free(block);
}
void operator delete(void* block, std::size_t) noexcept { operator delete(block); }
void operator delete(void* block, std::align_val_t) noexcept { operator delete(block); }
void operator delete(void* block, std::size_t, std::align_val_t) noexcept {
  operator delete(block);
}

namespace larder::codec::testing {
namespace {

struct Secretive {
  std::string text;
  std::vector<std::string> list;
  std::map<std::string, std::optional<std::string>> map;
  std::unordered_map<std::string, std::variant<int, std::string>> unordered_map;
  std::set<std::string> set;
  std::unique_ptr<std::string> owned;
  std::pair<std::string, std::tuple<std::string>> pair;
  std::vector<std::byte> bytes;
  std::array<std::string, 2> array;
};
BOOST_DESCRIBE_STRUCT(Secretive, (),
                      (text, list, map, unordered_map, set, owned, pair, bytes, array))

Secretive make_secretive() {
  const std::string word = secret() + " that is too long for its own storage, \xff\\";
  Secretive value;
  value.text = word;
  value.list = {word, word};
  value.map = {{word, word}};
  value.unordered_map = {{word, word}};
  value.set = {word};
  value.owned = std::make_unique<std::string>(word);
  value.pair = {word, {word}};
  const auto* first = reinterpret_cast<const std::byte*>(word.data());
  value.bytes.assign(first, first + word.size());
  value.array = {word, word};
  return value;
}

// Counts the blocks given back with the word in them while it lives.
class Watched {
 public:
  Watched() {
    secret().copy(watch.word, sizeof watch.word - 1);
    watch.leaks = 0;
    watch.on = true;
  }
  ~Watched() { watch.on = false; }
  [[nodiscard]] int leaks() const { return watch.leaks; }
};

}  // namespace
}  // namespace larder::codec::testing

template <>
struct larder::Codec<larder::codec::testing::Secretive>
    : larder::Described<larder::codec::testing::Secretive, "secretive"> {};

namespace larder::codec::testing {
namespace {

constexpr const ValueOps& kOps = kValueOps<Secretive>;
constexpr Place kPlace{.cache = "cache", .key = "key"};

SealOptions options(Wiping wiping) {
  const auto keys = std::make_shared<KeyRing>();
  keys->add(1, KeyRing::Key{});
  return {.compress_from_bytes = 1, .keys = keys, .wiping = wiping};
}

// Room for a value that is wiped before it goes.
class Room {
 public:
  Room() = default;
  Room(const Room&) = delete;
  Room& operator=(const Room&) = delete;
  ~Room() {
    if (filled_) {
      kOps.wipe(bytes_);
      kOps.destroy(bytes_);
    }
  }
  bool decode_into(Format format, std::string_view payload, Wiping wiping) {
    filled_ = decode(format, kOps, payload, bytes_, wiping).ok();
    return filled_;
  }

 private:
  alignas(Secretive) std::byte bytes_[sizeof(Secretive)];
  bool filled_ = false;
};

class WipingTest : public ::testing::TestWithParam<Format> {
 protected:
  ~WipingTest() override { secure_wipe(payload_); }

  // The payload of a value, with which the watch has nothing to do.
  void make_payload() {
    Secretive value = make_secretive();
    ASSERT_TRUE(encode(GetParam(), kOps, &value, payload_).ok());
  }

  std::string payload_;
};
INSTANTIATE_TEST_SUITE_P(All, WipingTest, ::testing::ValuesIn(kFormats),
                         [](const auto& info) { return std::string(to_string(info.param)); });

TEST_P(WipingTest, NothingIsLeftOfEncoding) {
  const Secretive value = make_secretive();
  for (const Wiping wiping : {Wiping::on, Wiping::off}) {
    std::string out;
    const Watched watched;
    ASSERT_TRUE(encode(GetParam(), kOps, &value, out, wiping).ok());
    secure_wipe(out);
    EXPECT_EQ(watched.leaks() == 0, wiping == Wiping::on) << "growing must be seen";
  }
}

TEST_P(WipingTest, NothingIsLeftOfDecoding) {
  make_payload();
  for (const Wiping wiping : {Wiping::on, Wiping::off}) {
    const Watched watched;
    {
      Room room;
      ASSERT_TRUE(room.decode_into(GetParam(), payload_, wiping));
    }
    // What JSON restores from its escapes lies in memory of its own.
    const bool seen = watched.leaks() != 0;
    EXPECT_EQ(seen, wiping == Wiping::off && GetParam() == Format::json);
  }
}

// Wherever it fails, what was built until then goes wiped.
TEST_P(WipingTest, NothingIsLeftOfFailing) {
  make_payload();
  const Watched watched;
  for (std::size_t size = 0; size < payload_.size(); ++size) {
    Room room;
    ASSERT_FALSE(
        room.decode_into(GetParam(), std::string_view(payload_).substr(0, size), Wiping::on));
  }
  for (std::size_t at = 0; at < payload_.size(); ++at) {
    std::string damaged = payload_;
    damaged[at] = static_cast<char>(damaged[at] ^ 0x20);
    Room room;
    room.decode_into(GetParam(), damaged, Wiping::on);
    secure_wipe(damaged);
  }
  EXPECT_EQ(watched.leaks(), 0);
}

TEST_P(WipingTest, NothingIsLeftOfSealingAndOpening) {
  make_payload();
  for (const Wiping wiping : {Wiping::on, Wiping::off}) {
    const SealOptions sealing = options(wiping);
    const Term term{.index = "index", .term = payload_, .is_tag = false};
    const Watched watched;
    std::string bytes;
    ASSERT_TRUE(seal(sealing, kPlace, {}, Version(1, 2), {&term, 1}, payload_, bytes).ok());
    ASSERT_EQ(open(sealing, kPlace, {}, bytes).state, Opened::State::ok);
    secure_wipe(bytes);
    EXPECT_EQ(watched.leaks() == 0, wiping == Wiping::on);
  }
}

// Looks at the stack below its own frame, where the functions called before it have been.
[[gnu::noinline, gnu::no_sanitize_address]] bool is_on_the_stack() {
  constexpr std::size_t kBytes = 32 * 1024;
  char word[16] = {};
  secret().copy(word, sizeof word - 1);
  const auto* frame = static_cast<const volatile char*>(__builtin_frame_address(0));
  const std::size_t size = std::strlen(word);
  for (std::size_t below = 512; below < kBytes; ++below) {
    std::size_t same = 0;
    while (same < size &&
           frame[-static_cast<std::ptrdiff_t>(below) + static_cast<std::ptrdiff_t>(same)] ==
               word[same]) {
      ++same;
    }
    if (same == size) return true;
  }
  return false;
}

TEST_P(WipingTest, NothingIsLeftOnTheStack) {
  make_payload();
  base::clear_stack();
  ASSERT_FALSE(is_on_the_stack());
  std::string out;
  {
    Room room;
    ASSERT_TRUE(room.decode_into(GetParam(), payload_, Wiping::on));
    EXPECT_FALSE(is_on_the_stack());
  }
  const Secretive value = make_secretive();
  base::clear_stack();
  ASSERT_TRUE(encode(GetParam(), kOps, &value, out, Wiping::on).ok());
  EXPECT_FALSE(is_on_the_stack());
}

}  // namespace
}  // namespace larder::codec::testing
