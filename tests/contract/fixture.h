// Fixture: what one test of the contract gets: a Manager, a time, caches of one engine opened with
// one option set, seen through one face; and the checks that follow every test. LARDER_CONTRACT
// declares a test.
// Thread safety: open() and advance() from the test's own thread; faces from any.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "contract.h"
#include "face.h"
#include "larder/manager.h"
#include "larder/testing.h"
#include "option_sets.h"

namespace larder::contract {

using namespace std::chrono_literals;  // NOLINT(google-build-using-namespace): durations in tests

/// Which engines, option sets and faces a test is for.
enum Needs : unsigned {
  kAnyEngine = 0,      ///< true of engines that store nothing, too
  kStores = 1,         ///< entries stay
  kStoresNothing = 2,  ///< the opposite
  kBounded = 4,        ///< the engine keeps limits
  kNative = 8,         ///< the engine keeps a native T
  kStillTime = 16,     ///< nothing but advance() moves the clock
  kPlainOptions = 32,  ///< only with the default options: the test brings its own, or many threads
  kBlockingFace = 64,  ///< only one face: the other is tested apart
  kCoroutineFace = 128,
  kInProcess = 256,  ///< entries lie in this process
};
constexpr Needs operator|(Needs a, Needs b) {
  return static_cast<Needs>(static_cast<unsigned>(a) | static_cast<unsigned>(b));
}

/// Polls with yields until `holds`, for at most a minute of real time; a failure if it never does.
void wait_until(const std::function<bool()>& holds, std::string_view what);

class Fixture {
 public:
  Fixture(const EngineUnderTest& engine, const OptionSet& options, FaceKind face);
  Fixture(const Fixture&) = delete;
  Fixture& operator=(const Fixture&) = delete;

  /// The cache's options before they are changed by a test.
  template <class T>
  [[nodiscard]] CacheOptions<T> options() const {
    CacheOptions<T> options;
    place(options.settings);
    options.clock = time_.clock;
    options_.apply(options);
    return options;
  }
  /// Names the engine in `settings`, and where it is found.
  void place(CacheSettings& settings) const {
    settings.provider = engine_.name;
    if (engine_.adjust) engine_.adjust(settings);
  }
  /// A cache of this engine; a fresh name each time unless one is given.
  template <class T = std::string>
  Face<T> open(const std::type_identity_t<std::function<void(CacheOptions<T>&)>>& change = {},
               std::string name = {}) {
    CacheOptions<T> options = this->options<T>();
    if (change) change(options);
    if (name.empty()) name = "cache" + std::to_string(checks_.size());
    return watch(manager_.open<T>(name, std::move(options)).value());
  }
  /// A face of a cache that the test opened itself; it is checked at the end, too.
  template <class T>
  Face<T> watch(Cache<T> cache) {
    checks_.push_back([cache] {
      check_quiet(testing::validate(cache), cache.stats());
      EXPECT_TRUE(cache.close().ok());
      wait_until([&] { return cache.stats().pinned_bytes == 0; }, "the release of all values");
    });
    return Face<T>(std::move(cache), face_, log_);
  }

  [[nodiscard]] Manager& manager() noexcept { return manager_; }
  void advance(std::chrono::nanoseconds span) const { time_.advance(span); }
  [[nodiscard]] const std::shared_ptr<Clock>& clock() const noexcept { return time_.clock; }
  [[nodiscard]] const EngineUnderTest& engine() const noexcept { return engine_; }
  [[nodiscard]] bool stores() const noexcept { return engine_.capabilities.stores; }
  [[nodiscard]] FaceKind face() const noexcept { return face_; }
  [[nodiscard]] Context within(std::chrono::nanoseconds span) const {
    return Context::within(span, *time_.clock);
  }
  [[nodiscard]] CallSet calls() const noexcept { return log_->calls(); }

  /// The structure of every cache is sound, no load and no caller is left, and once it is closed
  /// nothing holds a value any more.
  void check_all() const;

 private:
  static void check_quiet(const std::string& fault, const Stats& stats);

  const EngineUnderTest& engine_;
  const OptionSet& options_;
  const FaceKind face_;
  const TestTime time_;
  const std::shared_ptr<CallLog> log_;
  Manager manager_;
  std::vector<std::function<void()>> checks_;
};

using TestBody = void (*)(Fixture& t);
/// Called by LARDER_CONTRACT. The name begins with `rule_NN_` and ends, where behaviour cases are
/// covered, with `_case_NNN` and more numbers.
bool add_test(std::string_view name, Needs needs, TestBody body, const char* file, int line);

/// A test of the contract, whose body sees the Fixture `t`:
/// LARDER_CONTRACT(rule_03_a_miss_is_no_error_case_002, kStores) { EXPECT_...(t.open()...); }
#define LARDER_CONTRACT(name, needs)                                         \
  static void name(::larder::contract::Fixture& t);                          \
  [[maybe_unused]] static const bool name##_is_known =                       \
      ::larder::contract::add_test(#name, needs, &name, __FILE__, __LINE__); \
  static void name([[maybe_unused]] ::larder::contract::Fixture& t)

}  // namespace larder::contract
