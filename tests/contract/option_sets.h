// The option sets under which every test runs: what a cache may be opened with beside the plain
// defaults, and under which the contract must be the same.
// Thread safety: the list is a constant.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>

#include "contract.h"
#include "larder/options.h"

namespace larder::contract {

enum class OptionKind : std::uint8_t {
  plain,
  one_shard,
  tracked,
  wiped,
  hooked,
  chained,
  rejecting,
  weighed,
  floored,
  unmetered,
};

/// The part of a set that knows T: hooks that allow everything, and a weigher.
template <class T>
void add_allowing_hooks(CacheOptions<T>& options) {
  options.hooks = {
      .pre_get = [](std::string_view) { return Verdict::allow(); },
      .post_get = [](std::string_view, const T*, const HookOutcome&) {},
      .pre_set = [](std::string_view, const T*) { return Verdict::allow(); },
      .post_set = [](std::string_view, const T*, const HookOutcome&) {},
      .pre_erase = [](std::string_view) { return Verdict::allow(); },
      .post_erase = [](std::string_view, const HookOutcome&) {},
      .on_removal = [](std::string_view, RemovalCause) {},
  };
}

struct OptionSet {
  OptionKind kind = OptionKind::plain;
  std::string_view name;

  template <class T>
  void apply(CacheOptions<T>& options) const {
    apply(options.settings, options.middleware);
    if (kind == OptionKind::hooked) add_allowing_hooks(options);
    if (kind == OptionKind::weighed) {
      options.weigher = [](std::string_view key, const T&) { return key.size() + 1; };
    }
  }

 private:
  void apply(CacheSettings& settings, std::vector<Middleware>& middleware) const;
};

std::span<const OptionSet> option_sets() noexcept;

/// The time of a test with `set`: the floored set needs a clock that never stands still.
TestTime make_time(const EngineUnderTest& engine, const OptionSet& set);

}  // namespace larder::contract
