// Secure wipe, proven by scanning the memory of the process for a canary: none is left where the
// option is on, and where it is off the same scan finds it. Copies that the cache hands out or is
// handed are the test's own, and it wipes them.
#include <cstring>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "larder/async.h"
#include "larder/manager.h"
#include "larder/testing.h"
#include "memory_scan.h"

namespace larder::stress {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t kLong = 48;   // beyond what a string holds inside itself
constexpr std::size_t kShort = 15;  // exactly what a string holds inside itself

struct Plain {
  char bytes[kLong];
};

// How a value is made of a canary. The maker of what it returns wipes it.
template <class T>
T make(const Canary& canary);
template <>
std::string make<std::string>(const Canary& canary) {
  return canary.string();
}
template <>
std::vector<char> make<std::vector<char>>(const Canary& canary) {
  std::vector<char> bytes(canary.size());
  canary.write(bytes.data());
  return bytes;
}
template <>
std::vector<std::string> make<std::vector<std::string>>(const Canary& canary) {
  std::vector<std::string> strings(1);
  strings[0].resize(canary.size());
  canary.write(strings[0].data());
  return strings;
}
template <>
Plain make<Plain>(const Canary& canary) {
  Plain plain{};
  canary.write(plain.bytes);
  return plain;
}

/// Wipes what a coroutine of the test keeps in its own frame.
template <class T>
struct AtEnd {
  T& value;
  ~AtEnd() { secure_wipe(value); }
};

/// Writes over the part of the stack that calls have used, as the program's next calls would: what
/// a test's own frames left there is not the library's.
[[gnu::noinline]] void overwrite_stack() {
  volatile char frame[64 * 1024];
  for (volatile char& byte : frame) byte = 0;
}

template <class T>
struct World {
  explicit World(bool wipe, CacheOptions<T> options = {}) {
    options.settings.secure_wipe = wipe;
    options.clock = clock;
    cache.emplace(manager.open<T>("secrets", std::move(options)).value());
  }
  void put(std::string_view key, const Canary& canary) const {
    T value = make<T>(canary);
    EXPECT_TRUE(cache->set(key, std::move(value)).ok());
    secure_wipe(value);
  }

  std::shared_ptr<testing::ManualClock> clock = std::make_shared<testing::ManualClock>();
  Manager manager;
  std::optional<Cache<T>> cache;
};

// ---- the search itself

TEST(MemoryScan, FindsWhatLiesInTheHeapAndInTheStack) {
  const Canary canary(kLong);
  EXPECT_EQ(canary.copies(), 0U) << canary.places();
  std::string copy = canary.string();
  EXPECT_EQ(canary.copies(), kLong / Canary::kPieceBytes);
  secure_wipe(copy);
  EXPECT_EQ(canary.copies(), 0U) << canary.places();
  if (!kSearchesStack) return;
  char local[kLong];
  canary.write(local);
  EXPECT_EQ(canary.copies(), kLong / Canary::kPieceBytes);
  secure_wipe(local);
  EXPECT_EQ(canary.copies(), 0U) << canary.places();
}

TEST(MemoryScan, FindsTheEndOfAShortStringThatWasMovedFrom) {
  const Canary canary(kShort);
  const auto from = std::make_unique<std::string>(kShort, '\0');
  canary.write(from->data());
  std::string to = std::move(*from);
  secure_wipe(to);
  EXPECT_EQ(canary.copies(), 1U);
  secure_wipe(*from);
  EXPECT_EQ(canary.copies(), 0U) << canary.places();
}

// ---- values, by every way out

using Values = ::testing::Types<std::string, std::vector<char>, std::vector<std::string>, Plain>;
template <class T>
class Wiped : public ::testing::Test {
 protected:
  /// The lengths that make a difference to T.
  static std::vector<std::size_t> lengths() {
    if constexpr (std::is_same_v<T, Plain>) return {kLong};
    return {kLong, kShort};
  }
  /// Puts a canary under "key", lets `end` remove it, and scans.
  void run(const std::function<void(World<T>&)>& end, CacheOptions<T> options = {}) {
    for (const std::size_t length : lengths()) {
      const Canary canary(length);
      World<T> world(true, options);
      world.put("key", canary);
      overwrite_stack();
      EXPECT_GT(canary.copies(), 0U) << "it is not there while it is cached, length " << length;
      end(world);
      EXPECT_EQ(canary.copies(), 0U) << "length " << length << canary.places();
    }
  }
};
TYPED_TEST_SUITE(Wiped, Values);

TYPED_TEST(Wiped, ControlIsFoundWithTheOptionOff) {
  for (const std::size_t length : this->lengths()) {
    const Canary canary(length);
    const World<TypeParam> world(false);
    world.put("key", canary);
    EXPECT_TRUE(world.cache->erase("key").value());
    overwrite_stack();
    EXPECT_GT(canary.copies(), 0U) << "length " << length;
  }
}
TYPED_TEST(Wiped, ByErase) {
  this->run([](auto& world) { EXPECT_TRUE(world.cache->erase("key").value()); });
}
TYPED_TEST(Wiped, ByOverwrite) {
  this->run([](auto& world) { EXPECT_TRUE(world.cache->set("key", TypeParam{}).ok()); });
}
TYPED_TEST(Wiped, ByExpiry) {
  this->run([](auto& world) {
    EXPECT_TRUE(world.cache->touch("key", 1s).value());
    world.clock->advance(2s);
    testing::maintain(*world.cache);
  });
}
TYPED_TEST(Wiped, ByEviction) {
  this->run([](auto& world) { EXPECT_TRUE(world.cache->set("other", TypeParam{}).ok()); },
            {.settings = {.max_entries = 1}});
}
TYPED_TEST(Wiped, ByClear) {
  this->run([](auto& world) { EXPECT_TRUE(world.cache->clear().ok()); });
}
TYPED_TEST(Wiped, ByClose) {
  this->run([](auto& world) { EXPECT_TRUE(world.cache->close().ok()); });
}
TYPED_TEST(Wiped, ByRenameAndErase) {
  this->run([](auto& world) {
    EXPECT_TRUE(world.cache->rename("key", "other").value());
    EXPECT_TRUE(world.cache->erase("other").value());
  });
}
TYPED_TEST(Wiped, ByRenameOver) {
  this->run([](auto& world) {
    EXPECT_TRUE(world.cache->set("other", TypeParam{}).ok());
    EXPECT_TRUE(world.cache->rename("other", "key").value());
  });
}
TYPED_TEST(Wiped, AtTheLastRelease) {
  const Canary canary(kLong);
  World<TypeParam> world(true);
  world.put("key", canary);
  auto pinned = world.cache->get_ref("key");
  auto again = world.cache->get_ref("key");
  EXPECT_TRUE(world.cache->erase("key").value());
  (*pinned).reset();
  EXPECT_GT(canary.copies(), 0U);
  world.cache->close().value();
  EXPECT_GT(canary.copies(), 0U);
  (*again).reset();
  EXPECT_EQ(canary.copies(), 0U) << canary.places();
}
TYPED_TEST(Wiped, InEveryKindOfStore) {
  const Canary canary(kLong);
  World<TypeParam> world(true);
  const auto& cache = *world.cache;
  for (int kind = 0; kind < 4; ++kind) {
    TypeParam value = make<TypeParam>(canary);
    const bool stored =
        kind < 2    ? cache.set_if_absent("key", std::move(value)).value()
        : kind == 2 ? cache.set_if_present("key", std::move(value)).value()
                    : cache.compare_and_set("key", Version::absent(), std::move(value)).value();
    EXPECT_EQ(stored, kind == 0 || kind == 2);
    secure_wipe(value);
  }
  std::vector<std::pair<std::string, TypeParam>> items(1);
  items[0].first = "key";
  TypeParam item = make<TypeParam>(canary);
  items[0].second = item;
  secure_wipe(item);
  EXPECT_TRUE(cache.set_many(items).ok());
  secure_wipe(items[0].second);
  // A trivial argument by value is a copy that the compiler keeps in the caller's coroutine frame.
  if constexpr (!std::is_trivially_copyable_v<TypeParam>) {
    sync_wait([](Cache<TypeParam> to, const Canary& secret) -> Task<void> {
      TypeParam value = make<TypeParam>(secret);
      const auto stored = co_await to.async().set("key", std::move(value));
      EXPECT_TRUE(stored.ok());
      secure_wipe(value);
    }(cache, canary));
  }
  EXPECT_TRUE(cache.erase("key").value());
  EXPECT_EQ(canary.copies(), 0U) << canary.places();
}

// ---- values made by user code, and read

TYPED_TEST(Wiped, WhatLoadersReturn) {
  for (const std::size_t length : this->lengths()) {
    for (const bool wipe : {true, false}) {
      const Canary canary(length);
      World<TypeParam> world(wipe);
      const auto load = [&] { return make<TypeParam>(canary); };
      const auto load_more = [&] { return Loaded<TypeParam>{make<TypeParam>(canary), 1h}; };
      for (int kind = 0; kind < 2; ++kind) {
        auto loaded = kind == 0 ? world.cache->get_or_set("key", load)
                                : world.cache->get_or_set("key", load_more);
        ASSERT_TRUE(loaded);
        secure_wipe(*loaded);
        EXPECT_TRUE(world.cache->erase("key").value());
        if (!wipe) continue;
        EXPECT_EQ(canary.copies(), 0U)
            << "kind " << kind << ", length " << length << canary.places();
      }
      if (wipe) continue;
      EXPECT_GT(canary.copies(), 0U);
    }
  }
}
TYPED_TEST(Wiped, WhatFencedLoadersReturn) {
  const Canary canary(kLong);
  World<TypeParam> world(true);
  auto loaded = world.cache->get_or_set("key", [&] {
    EXPECT_FALSE(world.cache->erase("key").value());
    return make<TypeParam>(canary);
  });
  ASSERT_TRUE(loaded);
  secure_wipe(*loaded);
  EXPECT_EQ(canary.copies(), 0U) << canary.places();
}
TYPED_TEST(Wiped, WhatCoroutineLoadersReturn) {
  for (const std::size_t length : this->lengths()) {
    const Canary canary(length);
    World<TypeParam> world(true);
    const auto cache = *world.cache;
    sync_wait([](Cache<TypeParam> from, const Canary& secret) -> Task<void> {
      const auto load = [&secret]() -> Task<TypeParam> {
        TypeParam value = make<TypeParam>(secret);
        const AtEnd<TypeParam> at_end{value};
        co_return std::move(value);
      };
      auto loaded = co_await from.async().get_or_set("key", load);
      EXPECT_TRUE(loaded);
      if (loaded) secure_wipe(*loaded);
    }(cache, canary));
    EXPECT_TRUE(cache.erase("key").value());
    EXPECT_EQ(canary.copies(), 0U) << "length " << length << canary.places();
  }
}
TYPED_TEST(Wiped, WhatUpdatersReturn) {
  for (const std::size_t length : this->lengths()) {
    const Canary canary(length);
    World<TypeParam> world(true);
    const auto value = [&](const TypeParam*) { return make<TypeParam>(canary); };
    const auto change = [&](const TypeParam*) {
      TypeParam made = make<TypeParam>(canary);
      Change<TypeParam> stored = larder::store(std::move(made));
      secure_wipe(made);
      return stored;
    };
    for (int kind = 0; kind < 2; ++kind) {
      auto updated =
          kind == 0 ? world.cache->update("key", value) : world.cache->update("key", change);
      ASSERT_TRUE(updated.ok());
      secure_wipe(*updated->value);
      EXPECT_TRUE(world.cache->erase("key").value());
      EXPECT_EQ(canary.copies(), 0U) << "kind " << kind << ", length " << length << canary.places();
    }
  }
}
TYPED_TEST(Wiped, WhatWasReadOnTheWayToTheCaller) {
  this->run([](auto& world) {
    const auto bound = world.cache->with(Context::within(1h, *world.clock));
    const auto wiped = [](auto lookup) {
      EXPECT_TRUE(lookup);
      if (lookup) secure_wipe(*lookup);
    };
    wiped(world.cache->get("key"));
    wiped(bound.get("key"));
    {
      auto entry = world.cache->get_entry("key");
      secure_wipe(entry->value);
    }
    {
      auto many = world.cache->get_many({"key", "none"});
      secure_wipe(*many[0]);
    }
    wiped(world.cache->get_or_set("key", [] { return TypeParam{}; }));
    wiped(world.cache->take("key"));
  });
}

// ---- keys, tags and index terms

class WipedText : public ::testing::TestWithParam<std::size_t> {
 protected:
  using Use = std::function<void(Cache<int>&, const std::string&)>;

  /// Runs `use` with the text of a canary and scans; with the option off it must be found.
  void run(const Use& use) {
    scan(use, true);
    scan(use, false);
  }
  /// The same without the control: for what is wiped in any case.
  void run_wiping(const Use& use) { scan(use, true); }
  void scan(const Use& use, bool wipe) {
    {
      const Canary canary(GetParam());
      World<int> world(wipe);
      {
        std::string text = canary.string();
        use(*world.cache, text);
        secure_wipe(text);
      }
      if (wipe) {
        EXPECT_EQ(canary.copies(), 0U) << canary.places();
      } else {
        EXPECT_GT(canary.copies(), 0U) << "the control finds nothing";
      }
    }
  }
  static void wipe_all(std::vector<std::string>& texts) {
    for (std::string& text : texts) secure_wipe(text);
  }
  /// Tags without the copies that a braced list leaves: those would be the test's own.
  static std::vector<std::string> tags_of(std::initializer_list<std::string_view> texts) {
    std::vector<std::string> tags;
    tags.reserve(texts.size());
    for (const std::string_view text : texts) tags.emplace_back(text);
    return tags;
  }
  static WriteOptions tagged(const std::string& tag) { return {1h, tags_of({tag})}; }
};
INSTANTIATE_TEST_SUITE_P(LongAndShort, WipedText, ::testing::Values(kLong, kShort));

TEST_P(WipedText, KeysThatWereSetAndErased) {
  run([](auto& cache, const auto& key) {
    EXPECT_TRUE(cache.set(key, 1).ok());
    EXPECT_TRUE(cache.erase(key).value());
  });
}
TEST_P(WipedText, KeysInEveryOperation) {
  run([](auto& cache, const auto& key) {
    EXPECT_TRUE(cache.set(key, 1).ok());
    EXPECT_TRUE(cache.get(key));
    EXPECT_TRUE(cache.contains(key).value());
    EXPECT_TRUE(cache.touch(key, 1h).value());
    EXPECT_TRUE(cache.increment(key).ok());
    EXPECT_TRUE(cache.update(key, [](const int* old) { return *old + 1; }).ok());
    EXPECT_TRUE(cache.rename(key, "other").value());
    EXPECT_TRUE(cache.rename("other", key).value());
    EXPECT_TRUE(cache.set_many({{key, 2}}).ok());
    EXPECT_EQ(cache.get_many({key}).hits(), 1U);
    EXPECT_EQ(cache.add_index("index", "*", "term").value(), 1U);
    EXPECT_EQ(cache.erase_by_index("index", "term").value(), 1U);
  });
}
TEST_P(WipedText, KeysOfLoads) {
  run([](auto& cache, const auto& key) {
    EXPECT_TRUE(cache.get_or_set(key, [] { return 1; }));
    EXPECT_TRUE(cache.erase(key).value());
    EXPECT_TRUE(cache.get_or_set(key, [&] {
      EXPECT_FALSE(cache.erase(key).value());  // detaches the flight
      return 1;
    }));
    EXPECT_FALSE(cache.get_or_set(key, [] { return absent; }));
    EXPECT_TRUE(
        cache.get_or_set_many({key}, [](LoadContext&) { return std::vector<int>{1}; }).ok());
    EXPECT_EQ(cache.erase_many({key}).value(), 1U);
  });
}
TEST_P(WipedText, KeysInCoroutines) {
  run([](auto& cache, const auto& key) {
    sync_wait([](Cache<int> to, const std::string& name) -> Task<void> {
      const auto stored = co_await to.async().set(name, 1);
      EXPECT_TRUE(stored.ok());
      const auto found = co_await to.async().get(name);
      EXPECT_TRUE(found);
      const auto erased = co_await to.async().erase(name);
      EXPECT_TRUE(erased.value());
      const auto loaded = co_await to.async().get_or_set(name, []() -> Task<int> { co_return 1; });
      EXPECT_TRUE(loaded);
      const std::vector<std::string_view> names = {name};
      const auto all_erased = co_await to.async().erase_many(names);
      EXPECT_EQ(all_erased.value(), 1U);
    }(cache, key));
  });
}
TEST_P(WipedText, KeysThatExpiredOrWereErasedInBulk) {
  run([](auto& cache, const auto& key) {
    EXPECT_TRUE(cache.set(key, 1).ok());
    EXPECT_EQ(cache.erase_by_pattern("*").value(), 1U);
    EXPECT_TRUE(cache.set(key, 1).ok());
    EXPECT_TRUE(cache.clear().ok());
  });
}
TEST_P(WipedText, KeysThatListingsSaw) {
  run([](auto& cache, const auto& key) {
    EXPECT_TRUE(cache.set(key, 1).ok());
    auto keys = cache.keys_by_pattern("*").value();
    wipe_all(keys);
    auto page = cache.scan("*", "", 10).value();
    wipe_all(page.items);
    secure_wipe(page.cursor);
    auto metadata = cache.metadata(key);
    secure_wipe(metadata->key);
    EXPECT_TRUE(cache.erase(key).value());
  });
}
TEST_P(WipedText, TagsOfEntriesThatAreGone) {
  run([](auto& cache, const auto& tag) {
    WriteOptions options = tagged(tag);
    EXPECT_TRUE(cache.set("key", 1, options).ok());
    EXPECT_TRUE(cache.set("key", 2, options).ok());
    EXPECT_TRUE(cache.rename("key", "other").value());
    EXPECT_TRUE(cache.erase("other").value());
    wipe_all(options.tags);
  });
}
TEST_P(WipedText, TagsThatWereReplaced) {
  run_wiping([](auto& cache, const auto& tag) {
    EXPECT_TRUE(cache.set("key", 1).ok());
    std::vector<std::string> tags = tags_of({"a", tag, "z"});
    EXPECT_TRUE(cache.set_tags("key", tags).value());
    wipe_all(tags);
    EXPECT_TRUE(cache.set_tags("key", {"a", "z"}).value());
  });
}
TEST_P(WipedText, TagsThatWereErasedBy) {
  run_wiping([](auto& cache, const auto& tag) {
    WriteOptions options = tagged(tag);
    EXPECT_TRUE(cache.set("key", 1, options).ok());
    wipe_all(options.tags);
    EXPECT_EQ(cache.erase_by_tag(tag).value(), 1U);
    cache.close().value();
  });
}
TEST_P(WipedText, TagsOfLoads) {
  run([](auto& cache, const auto& tag) {
    WriteOptions options = tagged(tag);
    EXPECT_TRUE(cache.get_or_set("key", [] { return 1; }, options));
    EXPECT_TRUE(cache.erase("key").value());
    EXPECT_TRUE(
        cache.get_or_set("key", [&] { return Loaded<int>{.value = 1, .tags = tags_of({tag})}; }));
    EXPECT_TRUE(cache.erase("key").value());
    wipe_all(options.tags);
  });
}
TEST_P(WipedText, TagsInCoroutines) {
  run([](auto& cache, const auto& tag) {
    sync_wait([](Cache<int> to, const std::string& name) -> Task<void> {
      WriteOptions options = tagged(name);
      const auto stored = co_await to.async().set("key", 1, options);
      EXPECT_TRUE(stored.ok());
      const auto tagged_again = co_await to.async().set_tags("key", options.tags);
      EXPECT_TRUE(tagged_again.value());
      const auto erased = co_await to.async().erase("key");
      EXPECT_TRUE(erased.value());
      const auto loaded = co_await to.async().get_or_set("key", [] { return 1; }, options);
      EXPECT_TRUE(loaded);
      const auto erased_again = co_await to.async().erase("key");
      EXPECT_TRUE(erased_again.value());
      wipe_all(options.tags);
    }(cache, tag));
  });
}
TEST_P(WipedText, TermsThatWereBound) {
  run([](auto& cache, const auto& term) {
    EXPECT_TRUE(cache.set("key", 1).ok());
    EXPECT_EQ(cache.add_index("index", "*", term).value(), 1U);
    auto keys = cache.get_by_index("index", term).value();
    EXPECT_EQ(keys.size(), 1U);
    EXPECT_TRUE(cache.set("key", 2).ok());
    EXPECT_EQ(cache.remove_index("index", "*", term).value(), 1U);
    EXPECT_EQ(cache.add_index("index", "key", term).value(), 1U);
    EXPECT_TRUE(cache.erase("key").value());
  });
}
TEST_P(WipedText, TermsThatWereDeclared) {
  for (const bool wipe : {true, false}) {
    const Canary canary(GetParam());
    World<std::string> world(wipe, {.indexes = {index("by_value", [](const std::string& value) {
                                      return std::string(value);
                                    })}});
    world.put("key", canary);
    world.put("key", canary);
    EXPECT_TRUE(world.cache->rename("key", "other").value());
    EXPECT_TRUE(world.cache->erase("other").value());
    if (wipe) {
      EXPECT_EQ(canary.copies(), 0U) << canary.places();
    } else {
      EXPECT_GT(canary.copies(), 0U);
    }
  }
}

}  // namespace
}  // namespace larder::stress
