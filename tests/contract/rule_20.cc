// Rule 20: security: the timing floor, and wiping.
//
// Thread safety: tests.
#include "helpers.h"

namespace larder::contract {
namespace {

using Number = std::int64_t;

// The reads with a floor, whatever their outcome, do not return before the clock has moved by it.
class Floored {
 public:
  Floored(Fixture& t, Face<Number> cache) : t_(t), cache_(std::move(cache)) {}

  void takes_the_floor(std::string_view what,
                       const std::function<void(const Face<Number>&)>& read) {
    SCOPED_TRACE(what);
    std::atomic<bool> begun{false};
    std::atomic<bool> over{false};
    const std::int64_t start_ns = t_.clock()->now_ns();
    std::jthread reader([&] {
      begun = true;
      read(cache_);
      over = true;
    });
    wait_until([&] { return begun.load(); }, "the reader");
    // Reading begins at start or later: with time standing still just before the floor's end it
    // cannot be over; many looks give a reader that is not padded the time to show itself.
    t_.advance(5ms - 1us);
    for (int i = 0; i < 200; ++i) {
      EXPECT_FALSE(over);
      std::this_thread::yield();
    }
    wait_until([&] { return t_.advance(1ms), over.load(); }, "the end of the floor");
    EXPECT_GE(t_.clock()->now_ns() - start_ns, std::chrono::nanoseconds(5ms).count());
  }

 private:
  Fixture& t_;
  Face<Number> cache_;
};

LARDER_CONTRACT(rule_20_every_exit_of_a_read_is_padded_case_154, kAnyEngine | kPlainOptions) {
  const auto cache = t.open<Number>([](CacheOptions<Number>& options) {
    options.settings.timing_floor = 5ms;
    options.settings.max_load_time = 24h;  // the clock runs fast while a read is awaited
    options.hooks.pre_get = [](std::string_view key) {
      return key == "vetoed" ? Verdict::veto("no") : Verdict::allow();
    };
  });
  EXPECT_TRUE(succeeds(cache.set("k", 1)));  // writes are not padded: this returns at once
  Floored reads(t, cache);
  using Reader = const Face<Number>&;
  reads.takes_the_floor("miss", [](Reader c) { EXPECT_TRUE(c.get("none").miss()); });
  reads.takes_the_floor("hit", [](Reader c) { EXPECT_EQ(c.get("k").value_or(1), 1); });
  reads.takes_the_floor("invalid",
                        [](Reader c) { EXPECT_TRUE(fails(c.get(""), Errc::invalid_key)); });
  reads.takes_the_floor("vetoed",
                        [](Reader c) { EXPECT_TRUE(fails(c.get("vetoed"), Errc::vetoed)); });
  reads.takes_the_floor("get_ref", [](Reader c) { EXPECT_TRUE(succeeds(c.get_ref("k"))); });
  reads.takes_the_floor("get_entry", [](Reader c) { EXPECT_TRUE(succeeds(c.get_entry("k"))); });
  reads.takes_the_floor("get_many", [](Reader c) { EXPECT_TRUE(succeeds(c.get_many({"k"}))); });
  reads.takes_the_floor("contains", [](Reader c) { EXPECT_TRUE(succeeds(c.contains("k"))); });
  reads.takes_the_floor("metadata", [](Reader c) { EXPECT_TRUE(succeeds(c.metadata("k"))); });
  reads.takes_the_floor("get_or_set", [](Reader c) {
    EXPECT_TRUE(succeeds(c.get_or_set("l", [] { return Number{1}; })));
  });
  reads.takes_the_floor("take", [](Reader c) { EXPECT_TRUE(succeeds(c.take("k"))); });
}

LARDER_CONTRACT(rule_20_a_closed_cache_is_padded_too, kAnyEngine | kPlainOptions) {
  const auto cache =
      t.open<Number>([](CacheOptions<Number>& options) { options.settings.timing_floor = 5ms; });
  EXPECT_TRUE(succeeds(cache.close()));
  Floored reads(t, cache);
  reads.takes_the_floor(
      "closed", [](const Face<Number>& c) { EXPECT_TRUE(fails(c.get("k"), Errc::closed)); });
}

LARDER_CONTRACT(rule_20_a_deadline_before_the_floor_is_excepted, kAnyEngine | kPlainOptions) {
  const auto cache =
      t.open<Number>([](CacheOptions<Number>& options) { options.settings.timing_floor = 10s; });
  const auto bound = cache.with(t.within(1ms));
  std::atomic<bool> over{false};
  std::jthread reader([&] {
    static_cast<void>(bound.get("k"));
    over = true;
  });
  wait_until([&] { return t.advance(1ms), over.load(); }, "the reader");
  EXPECT_TRUE(over);
}

// ---- wiping

// Counts the values that are wiped before they are destroyed.
struct Secret {
  explicit Secret(int n) : number(n) {}
  Secret(const Secret&) = default;
  Secret(Secret&& other) noexcept : number(std::exchange(other.number, 0)) {}
  Secret& operator=(Secret other) noexcept {
    std::swap(number, other.number);
    return *this;
  }
  ~Secret() {
    if (number != 0) ++kept;
  }
  friend void secure_wipe(Secret& secret) noexcept {
    if (secret.number != 0) ++wiped;
    secret.number = 0;
  }
  int number;
  static inline std::atomic<int> kept{0};  // destroyed with its content
  static inline std::atomic<int> wiped{0};
};

Face<Secret> open_secrets(Fixture& t, bool wipes) {
  Secret::kept = Secret::wiped = 0;
  return t.open<Secret>([=](CacheOptions<Secret>& options) {
    options.settings.secure_wipe = wipes;
    options.settings.max_entries = 8;
    options.settings.on_full = OnFull::evict;
  });
}

LARDER_CONTRACT(rule_20_values_are_wiped_on_every_way_out_case_157, kStores | kNative) {
  const auto cache = open_secrets(t, true);
  const std::vector<std::function<void()>> ends = {
      [&] { EXPECT_TRUE(is(cache.erase("k"), true)); },
      [&] { EXPECT_TRUE(is(cache.erase_by_pattern("*"), 1U)); },
      [&] { EXPECT_TRUE(is(cache.erase_by_tag("tag"), 1U)); },
      [&] { EXPECT_TRUE(succeeds(cache.clear())); },
      [&] {
        EXPECT_TRUE(succeeds(
            cache.update("k", [](const Secret*) -> Change<Secret> { return larder::erase; })));
      },
      [&] {
        t.advance(1h);
        testing::maintain(cache.cache());
      },
      [&] {
        for (int i = 0; i < 50; ++i) {
          EXPECT_TRUE(succeeds(cache.set("e" + std::to_string(i), Secret(1))));
        }
        EXPECT_TRUE(succeeds(cache.clear()));
      },
      [&] { EXPECT_TRUE(succeeds(cache.close())); },
  };
  for (const auto& end : ends) {
    EXPECT_TRUE(succeeds(cache.set("k", Secret(7), {1h, {"tag"}})));
    end();
    testing::maintain(cache.cache());
    EXPECT_EQ(Secret::kept, 0);
  }
  EXPECT_GE(Secret::wiped, static_cast<int>(ends.size()));
}

LARDER_CONTRACT(rule_20_without_the_option_values_are_not_wiped, kStores | kNative) {
  const auto cache = open_secrets(t, false);
  EXPECT_TRUE(succeeds(cache.set("k", Secret(7))));
  EXPECT_TRUE(is(cache.erase("k"), true));
  EXPECT_TRUE(succeeds(cache.close()));
  EXPECT_EQ(Secret::wiped, 0);
  EXPECT_GT(Secret::kept, 0);
}

LARDER_CONTRACT(rule_20_a_pinned_value_is_wiped_at_the_last_release_case_157, kStores | kNative) {
  const auto cache = open_secrets(t, true);
  EXPECT_TRUE(succeeds(cache.set("k", Secret(7))));
  auto ref = cache.get_ref("k");
  EXPECT_TRUE(is(cache.erase("k"), true));
  testing::maintain(cache.cache());
  EXPECT_EQ((*ref)->number, 7);
  (*ref).reset();
  EXPECT_GE(Secret::wiped, 1);
  EXPECT_EQ(Secret::kept, 0);
}

LARDER_CONTRACT(rule_20_refused_values_are_wiped_too, kStores | kNative) {
  const auto cache = open_secrets(t, true);
  EXPECT_TRUE(succeeds(cache.set("k", Secret(7))));
  EXPECT_TRUE(is(cache.set_if_absent("k", Secret(8)), false));
  EXPECT_TRUE(is(cache.set_if_present("none", Secret(8)), false));
  EXPECT_TRUE(fails(cache.set("", Secret(8)), Errc::invalid_key));
  EXPECT_TRUE(fails(cache.set("k", Secret(8), Ttl(0s)), Errc::invalid_ttl));
  EXPECT_TRUE(is(cache.erase("k"), true));
  EXPECT_TRUE(succeeds(cache.close()));
  EXPECT_EQ(Secret::kept, 0);
}

LARDER_CONTRACT(rule_20_a_hash_seed_may_be_fixed_for_replays, kStores) {
  const auto cache = t.open<Number>([](CacheOptions<Number>& options) { options.hash_seed = 42; });
  for (int i = 0; i < 1'000; ++i) EXPECT_TRUE(succeeds(cache.set(std::to_string(i), i)));
  EXPECT_EQ(sorted(cache.keys_by_pattern("*")).size(), 1'000U);
}

}  // namespace
}  // namespace larder::contract
