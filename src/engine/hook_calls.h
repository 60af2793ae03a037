// The one place where hooks are called and what they throw is caught. Used by the front for the
// operations that name their keys, and by the engines for the keys that they find themselves:
// publishing of loads, updates, bulk erases, removals.
//
// Thread safety: hooks may be called from many threads at once; none of the callers may hold a
// lock. Hooks that are not set cost a test.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "base/atomic.h"
#include "larder/hooks.h"
#include "larder/options.h"

namespace larder::engine {

// Role: exceptions of post-hooks and of on_removal since the cache was opened; statistics.
using HookFailures = base::Atomic<std::uint64_t>;

// The rule of the hooks around writes, on every engine: whoever was asked before a write is told
// how it ended, once for each time asked; a refusal by any hook is an end like others. A read that
// was refused was none: nobody is told.

// pre_set, pre_erase of a write of one key by itself. An error: refuse this key; the post-hook was
// told. Nothing: go on, and call the post-hook on every way out.
std::optional<Error> ask_set(const CacheTraits& traits, std::string_view key, const void* value,
                             HookFailures& failures) noexcept;
std::optional<Error> ask_erase(const CacheTraits& traits, std::string_view key,
                               HookFailures& failures) noexcept;

// For operations that ask for all their keys before they tell of any.
// CALLBACK: each runs user code. Nothing: go on. `vetoed` or `callback_failed`: refuse this key.
std::optional<Error> call_pre_get(const CacheTraits& traits, std::string_view key) noexcept;
std::optional<Error> call_pre_set(const CacheTraits& traits, std::string_view key,
                                  const void* value) noexcept;
std::optional<Error> call_pre_erase(const CacheTraits& traits, std::string_view key) noexcept;

// CALLBACK: each runs user code. What it throws is counted and dropped.
void call_post_get(const CacheTraits& traits, std::string_view key, const void* value,
                   const HookOutcome& outcome, HookFailures& failures) noexcept;
void call_post_set(const CacheTraits& traits, std::string_view key, const void* value,
                   const HookOutcome& outcome, HookFailures& failures) noexcept;
void call_post_erase(const CacheTraits& traits, std::string_view key, const HookOutcome& outcome,
                     HookFailures& failures) noexcept;
void call_on_removal(const CacheTraits& traits, std::string_view key, RemovalCause cause,
                     HookFailures& failures) noexcept;

}  // namespace larder::engine
