// The yardstick: a cache of 64 shards, each an LRU list under a mutex. What a good programmer
// writes in an afternoon; used by `larder bench --peer lru64`.
//
// Thread safety: every member may be called from any thread at any time.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <functional>
#include <memory>
#include <mutex>
#include <new>
#include <string_view>
#include <utility>
#include <vector>

namespace larder::bench {

// One allocation per entry, which holds the key's bytes, the value and the links of both lists; the
// victim's memory serves the newcomer. The hash is computed once per operation, outside the lock.
template <class T>
class LruPeer {
 public:
  static constexpr std::size_t kShards = 64;

  explicit LruPeer(std::size_t capacity) {
    const std::size_t share = std::max<std::size_t>(1, (capacity + kShards - 1) / kShards);
    for (Shard& shard : shards_) shard.capacity = share;
  }
  LruPeer(const LruPeer&) = delete;
  LruPeer& operator=(const LruPeer&) = delete;

  // Copies the value to `out`.
  bool get(std::string_view key, T& out) {
    const std::size_t hash = hash_of(key);
    Shard& shard = shard_of(hash);
    const std::lock_guard lock(shard.mutex);
    Node* const node = shard.find(key, hash);
    if (node == nullptr) return false;
    shard.to_front(node);
    out = node->value;
    return true;
  }

  void set(std::string_view key, T value) {
    const std::size_t hash = hash_of(key);
    Shard& shard = shard_of(hash);
    const std::lock_guard lock(shard.mutex);
    shard.put(key, hash, std::move(value));
  }

  // Copies out, calls `change(const T* old)` without the lock, and stores if nobody stored
  // meanwhile; else once more.
  template <class F>
  T update(std::string_view key, F&& change) {
    const std::size_t hash = hash_of(key);
    Shard& shard = shard_of(hash);
    T old{};
    for (;;) {  // bound: each round is another caller's progress
      std::uint64_t version = 0;
      {
        const std::lock_guard lock(shard.mutex);
        if (const Node* const node = shard.find(key, hash)) {
          version = node->version;
          old = node->value;
        }
      }
      T now = change(version == 0 ? nullptr : &old);
      const std::lock_guard lock(shard.mutex);
      Node* const node = shard.find(key, hash);
      if ((node == nullptr ? 0 : node->version) != version) continue;
      shard.put(key, hash, now);
      return now;
    }
  }

  [[nodiscard]] std::size_t size() {
    std::size_t sum = 0;
    for (Shard& shard : shards_) {
      const std::lock_guard lock(shard.mutex);
      sum += shard.size;
    }
    return sum;
  }

 private:
  struct Node {
    Node* chain;  // of the bucket
    Node* newer;
    Node* older;
    std::uint64_t version;
    std::uint32_t hash;
    std::uint32_t key_bytes;
    T value;

    [[nodiscard]] char* key_begin() { return reinterpret_cast<char*>(this + 1); }
    [[nodiscard]] std::string_view key() { return {key_begin(), key_bytes}; }
  };

  struct alignas(64) Shard {
    std::mutex mutex;
    // guarded by mutex
    std::size_t capacity = 0;
    std::size_t size = 0;
    std::uint64_t last_version = 0;
    Node* newest = nullptr;
    Node* oldest = nullptr;
    std::vector<Node*> buckets = std::vector<Node*>(16);  // a power of two, at most one full

    ~Shard() {
      while (oldest != nullptr) free(take_oldest());
    }

    Node*& bucket(std::uint32_t hash) { return buckets[hash & (buckets.size() - 1)]; }

    Node* find(std::string_view key, std::size_t hash) {
      const auto short_hash = static_cast<std::uint32_t>(hash);
      for (Node* node = bucket(short_hash); node != nullptr; node = node->chain) {
        if (node->hash == short_hash && node->key() == key) return node;
      }
      return nullptr;
    }

    void put(std::string_view key, std::size_t hash, T value) {
      if (Node* const node = find(key, hash)) {
        node->value = std::move(value);
        node->version = ++last_version;
        to_front(node);
        return;
      }
      Node* const victim = size == capacity ? take_oldest() : nullptr;
      Node* const node = make(victim, key, static_cast<std::uint32_t>(hash), std::move(value));
      if (++size > buckets.size()) grow();
      Node*& head = bucket(node->hash);
      node->chain = std::exchange(head, node);
      push_newest(node);
    }

    Node* make(Node* victim, std::string_view key, std::uint32_t hash, T value) {
      void* memory = victim;
      if (victim != nullptr && victim->key_bytes == key.size()) {
        std::destroy_at(victim);
      } else {
        if (victim != nullptr) free(victim);
        memory = ::operator new(sizeof(Node) + key.size());
      }
      Node* const node =
          new (memory) Node{nullptr,         nullptr, nullptr,
                            ++last_version,  hash,    static_cast<std::uint32_t>(key.size()),
                            std::move(value)};
      std::memcpy(node->key_begin(), key.data(), key.size());
      return node;
    }

    static void free(Node* node) {
      std::destroy_at(node);
      ::operator delete(node);
    }

    void to_front(Node* node) {
      if (node == newest) return;
      unlink(node);
      push_newest(node);
    }
    void push_newest(Node* node) {
      node->newer = nullptr;
      node->older = newest;
      (newest != nullptr ? newest->newer : oldest) = node;
      newest = node;
    }
    void unlink(Node* node) {
      (node->newer != nullptr ? node->newer->older : newest) = node->older;
      (node->older != nullptr ? node->older->newer : oldest) = node->newer;
    }

    // The node leaves both lists; the caller owns it.
    Node* take_oldest() {
      Node* const node = oldest;
      Node** link = &bucket(node->hash);
      while (*link != node) link = &(*link)->chain;
      *link = node->chain;
      unlink(node);
      --size;
      return node;
    }

    void grow() {
      std::vector<Node*> old(buckets.size() * 2);
      old.swap(buckets);
      for (Node* node : old) {
        while (node != nullptr) {
          Node* const next = node->chain;
          Node*& head = bucket(node->hash);
          node->chain = std::exchange(head, node);
          node = next;
        }
      }
    }
  };

  static std::size_t hash_of(std::string_view key) { return std::hash<std::string_view>{}(key); }
  // From the upper half; buckets take the lower one.
  Shard& shard_of(std::size_t hash) { return shards_[hash >> 58]; }

  std::array<Shard, kShards> shards_;
};

}  // namespace larder::bench
