// The yardstick does what it says, so that a comparison with it means something.
#include "bench/lru_peer.h"

#include <cstdint>
#include <list>
#include <optional>
#include <string>
#include <thread>
#include <unordered_map>
#include <vector>

#include <gtest/gtest.h>

#include "bench/random.h"
#include "bench/requests.h"

namespace larder::bench {
namespace {

std::string key_of(std::uint32_t id) {
  const KeyText text = key_text(id);
  return {text.data(), text.size()};
}

// An LRU for each shard, by the plainest means.
class Model {
 public:
  explicit Model(std::size_t capacity) : share_((capacity + 63) / 64) {}

  std::optional<int> get(const std::string& key) {
    auto& list = shard(key);
    for (auto it = list.begin(); it != list.end(); ++it) {
      if (it->first != key) continue;
      list.splice(list.begin(), list, it);
      return list.front().second;
    }
    return std::nullopt;
  }
  void set(const std::string& key, int value) {
    auto& list = shard(key);
    if (get(key)) {
      list.front().second = value;
      return;
    }
    list.emplace_front(key, value);
    if (list.size() > share_) list.pop_back();
  }

 private:
  using List = std::list<std::pair<std::string, int>>;
  List& shard(const std::string& key) { return shards_[std::hash<std::string_view>{}(key) >> 58]; }

  std::size_t share_;
  std::unordered_map<std::size_t, List> shards_;
};

TEST(LruPeer, AnswersAsAPlainLruDoes) {
  LruPeer<int> cache(640);
  Model model(640);
  Random random(1);
  int hits = 0;
  for (int i = 0; i < 200'000; ++i) {
    const std::string key = key_of(random.below(random.below(2) == 0 ? 300 : 2000));
    if (random.below(3) == 0) {
      cache.set(key, i);
      model.set(key, i);
      continue;
    }
    int value = -1;
    const bool hit = cache.get(key, value);
    const std::optional<int> expected = model.get(key);
    ASSERT_EQ(hit, expected.has_value()) << i;
    if (hit) {
      ASSERT_EQ(value, *expected);
    }
    hits += hit ? 1 : 0;
  }
  EXPECT_GT(hits, 10'000);
  EXPECT_LE(cache.size(), 640U);
}

TEST(LruPeer, KeysOfAllLengthsLiveTogether) {
  LruPeer<std::string> cache(64);  // one entry a shard: victims of other lengths
  Random random(2);
  for (int i = 0; i < 20'000; ++i) {
    const std::string key(1 + random.below(40), static_cast<char>('a' + random.below(26)));
    std::string value;
    if (cache.get(key, value)) {
      ASSERT_EQ(value, key);
    }
    cache.set(key, key);
  }
  EXPECT_LE(cache.size(), 64U);
}

TEST(LruPeer, UpdatesOfManyThreadsAreAllCounted) {
  LruPeer<std::uint64_t> cache(64);
  constexpr int kThreads = 4;
  constexpr std::uint64_t kEach = 20'000;
  std::vector<std::jthread> threads;
  for (int i = 0; i < kThreads; ++i) {
    threads.emplace_back([&] {
      for (std::uint64_t n = 0; n < kEach; ++n) {
        cache.update("key", [](const std::uint64_t* old) { return old == nullptr ? 1 : *old + 1; });
      }
    });
  }
  threads.clear();
  std::uint64_t count = 0;
  ASSERT_TRUE(cache.get("key", count));
  EXPECT_EQ(count, kThreads * kEach);
}

}  // namespace
}  // namespace larder::bench
