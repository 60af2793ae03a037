// Node: one entry of the memory engine as it lies in the arena: links, key, value. It composes the
// hooks of the table, the wheel and the policy.
//
// Thread safety: by field, see below. Readers reach a node only inside a read section or while
// they hold it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

#include "base/atomic.h"
#include "base/wiped_text.h"
#include "eviction/clock_ring.h"
#include "expiry/timer_wheel.h"
#include "memory/arena.h"

namespace larder::memory {

inline constexpr std::int64_t kNeverNs = expiry::kNever;
// The id of the index that holds the tags.
inline constexpr std::uint32_t kTags = 1;

// One membership of an entry in an index.
struct Term {
  std::uint32_t index;
  bool of_value;  // declared, or a tag: goes with the value
  bool bound;     // by add_index: belongs to the life of the key
  base::WipedText text;

  friend bool operator==(const Term& a, const Term& b) {
    return a.index == b.index && a.text == b.text;
  }
};

// What only some entries have: terms, and the mark by which a life of a key is known again.
struct Terms {
  std::uint64_t life = 0;  // the version with which the life began, or was first marked
  std::vector<Term> terms;

  [[nodiscard]] bool has(std::uint32_t index, std::string_view text) const;
};

// States of a node: made (held by its maker only), live (in the table, which holds it; in the
// policy; in the wheel unless it never expires), dead (out of all of them, waiting for its readers
// in the limbo), given up (freed once the last holder lets go). Never back.
struct Node {
  // In `version`: a rename is under way, readers ask under the lock.
  static constexpr std::uint64_t kMoving = std::uint64_t{1} << 63;
  // In `holds`: given up by the cache while somebody else held it.
  static constexpr std::uint32_t kOrphan = std::uint32_t{1} << 31;
  // In `holds`: renamed; another node, which has kShows, stands for the value in the cache.
  static constexpr std::uint32_t kShown = std::uint32_t{1} << 30;
  static constexpr std::uint32_t kShows = std::uint32_t{1} << 29;
  static constexpr std::uint32_t kFlags = kOrphan | kShown | kShows;

  // atomics
  // Instant of expiry on the engine's clock. Written under the shard's lock; relaxed: one word,
  // nothing hangs on it.
  base::Atomic<std::int64_t> expires_at_ns{kNeverNs};
  // Low word of the version, and kMoving. Written under the shard's lock; relaxed but for kMoving,
  // which is stored with release before a rename's first visible change and after its last, and
  // loaded with acquire in Store::find.
  base::Atomic<std::uint64_t> version{0};

  // constant once live
  std::uint64_t created_ms : 47 = 0;  // wall clock
  std::uint64_t is_alias : 1 = 0;     // the value lies in another node, held by this one
  std::uint64_t key_bytes : 16 = 0;

  // guarded by the shard's lock; of a dead node constant
  Terms* terms = nullptr;  // owned
  expiry::TimerLinks timer;
  eviction::PolicyLinks policy;

  // atomics
  // Who keeps the node: the table or its maker, and every pin. Raised relaxed (the raiser holds it
  // or is in a read section); lowered acq_rel, so that the last one sees all others' last uses.
  // With the flags above, each changed once by the party that its comment names.
  base::Atomic<std::uint32_t> holds{1};

  // constant once live: what it counts against the byte limit, at most 4 GiB - 1
  std::uint32_t weight = 0;
  // The key begins here, right after the last field.
  char key_begin[4];

  [[nodiscard]] std::string_view key() const noexcept { return {key_begin, key_bytes}; }
  [[nodiscard]] bool has_key(std::string_view other) const noexcept {
    return key_bytes == other.size() && same_bytes(key_begin, other.data(), other.size());
  }

 private:
  // As memcmp, without a call for the short keys that most are: two overlapping words cover 8 to
  // 16 bytes, four cover up to 32.
  static bool same_bytes(const char* a, const char* b, std::size_t n) noexcept {
    const auto differ = [a, b](std::size_t at) {
      std::uint64_t x = 0;
      std::uint64_t y = 0;
      std::memcpy(&x, a + at, sizeof x);
      std::memcpy(&y, b + at, sizeof y);
      return x ^ y;
    };
    if (n < 8 || n > 32) return std::memcmp(a, b, n) == 0;
    if (n <= 16) return (differ(0) | differ(n - 8)) == 0;
    return (differ(0) | differ(8) | differ(n - 16) | differ(n - 8)) == 0;
  }
};
static_assert(sizeof(Node) == 64);

// With access tracking: the last word of an allocation. Relaxed: a statistic.
struct Access {
  base::Atomic<std::int64_t> last_ms{0};  // 0: never read
  base::Atomic<std::uint64_t> count{0};
};

}  // namespace larder::memory
