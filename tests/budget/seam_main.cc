// Read hits at each depth of the library, to be counted by callgrind: through Cache<T>, through the
// engine with its metrics, through the bare engine, and by the table alone. tools/seam_cost.py runs
// this program and divides; by itself it only checks that every read hits.
//
// Thread safety: one thread reads; the library's own threads sleep meanwhile.
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

#include "base/hash.h"
#include "larder/cache.h"
#include "larder/manager.h"
#include "larder/options.h"
#include "table/table.h"

namespace {

using Value = std::array<std::byte, 64>;
using Core = larder::detail::CacheCore;

constexpr std::uint64_t kSeed = 0x5eed;
constexpr std::uint32_t kKeys = 1'000;
constexpr std::size_t kReads = 10'000;

std::vector<std::string> make_keys() {
  std::vector<std::string> keys;
  for (std::uint32_t i = 0; i < kKeys; ++i) {
    std::string digits = std::to_string(i);
    keys.push_back("key:" + std::string(16 - digits.size(), '0') + digits);  // 20 bytes
  }
  return keys;
}

// What the table alone needs around it: entries in an array, compared by key, copied by value.
struct Entry {
  std::string_view key;
  Value value;
};

struct Bare {
  std::vector<Entry> entries{1};  // reference 0 is none
  larder::table::Table table{kKeys};

  explicit Bare(const std::vector<std::string>& keys) {
    for (const std::string& key : keys) {
      entries.push_back({key, {}});
      const std::uint64_t hash = larder::base::hash_bytes(key, kSeed);
      const auto ref = static_cast<std::uint32_t>(entries.size() - 1);
      while (!table.insert(hash, ref)) {
        (void)table.rebuild(table.grown_bucket_count(), [&](std::uint32_t other) {
          return larder::base::hash_bytes(entries[other].key, kSeed);
        });
      }
    }
  }
};

std::string_view key_at(const std::vector<std::string>& keys, std::size_t i) {
  return keys[i * 7 % kKeys];
}

// What the loops consume, so that no copy is left out.
unsigned consume(const Value& value) {
  asm volatile("" : : "m"(value));
  return 1;
}

}  // namespace

// Each counted function is C by name, so that callgrind's patterns find it.
extern "C" {

[[gnu::noinline]] unsigned larder_counted_loop(const std::vector<std::string>& keys) {
  unsigned hits = 0;
  for (std::size_t i = 0; i < kReads; ++i) {
    const std::string_view key = key_at(keys, i);
    asm volatile("" : : "r"(key.data()), "r"(key.size()));
    ++hits;
  }
  return hits;
}

[[gnu::noinline]] unsigned larder_counted_table(const std::vector<std::string>& keys,
                                                const Bare& bare) {
  unsigned hits = 0;
  for (std::size_t i = 0; i < kReads; ++i) {
    const std::string_view key = key_at(keys, i);
    const std::uint64_t hash = larder::base::hash_bytes(key, kSeed);
    const std::uint32_t ref =
        bare.table.find(hash, [&](std::uint32_t at) { return bare.entries[at].key == key; });
    if (ref == 0) continue;
    const Value value = bare.entries[ref].value;
    hits += consume(value);
  }
  return hits;
}

[[gnu::noinline]] unsigned larder_counted_engine(const std::vector<std::string>& keys,
                                                 larder::Engine& engine) {
  unsigned hits = 0;
  for (std::size_t i = 0; i < kReads; ++i) {
    Value value;
    if (engine.find(key_at(keys, i), &value) == larder::Found::hit) hits += consume(value);
  }
  return hits;
}

[[gnu::noinline]] unsigned larder_counted_metrics(const std::vector<std::string>& keys,
                                                  larder::Engine& engine) {
  unsigned hits = 0;
  for (std::size_t i = 0; i < kReads; ++i) {
    Value value;
    if (engine.find(key_at(keys, i), &value) == larder::Found::hit) hits += consume(value);
  }
  return hits;
}

[[gnu::noinline]] unsigned larder_counted_cache(const std::vector<std::string>& keys,
                                                const larder::Cache<Value>& cache) {
  unsigned hits = 0;
  for (std::size_t i = 0; i < kReads; ++i) {
    const auto found = cache.get(key_at(keys, i));
    if (found.hit()) hits += consume(*found);
  }
  return hits;
}

}  // extern "C"

int main() {
  const std::vector<std::string> keys = make_keys();
  larder::Manager manager;
  const auto opened = manager.open<Value>("seam", {.hash_seed = kSeed});
  if (!opened) return 1;
  for (const std::string& key : keys) {
    if (!opened->set(key, {}).ok()) return 1;
  }
  // Without metrics the engine itself answers reads.
  const auto plain =
      manager.open<Value>("plain", {.settings = {.metrics = false}, .hash_seed = kSeed});
  if (!plain) return 1;
  for (const std::string& key : keys) {
    if (!plain->set(key, {}).ok()) return 1;
  }
  Core& core = larder::detail::CacheAccess::core(*opened);
  Core& plain_core = larder::detail::CacheAccess::core(*plain);
  const Bare bare(keys);
  const unsigned hits[] = {larder_counted_loop(keys), larder_counted_table(keys, bare),
                           larder_counted_engine(keys, plain_core.direct()),
                           larder_counted_metrics(keys, core.direct()),
                           larder_counted_cache(keys, *opened)};
  for (const unsigned each : hits) {
    if (each != kReads) {
      std::fprintf(stderr, "%u of %zu reads hit\n", each, kReads);
      return 1;
    }
  }
  std::printf("reads %zu\n", kReads);
  return 0;
}
