// Calls of hooks.
//
// Thread safety: as in hook_calls.h.
#include "engine/hook_calls.h"

#include <exception>

#include "sync/lock_checks.h"

namespace larder::engine {
namespace {

template <class Hook, class... Arguments>
std::optional<Error> ask(const Hook& hook, std::string_view name,
                         const Arguments&... arguments) noexcept {
  if (!hook) return std::nullopt;
  sync::assert_no_locks_held();
  try {
    const Verdict verdict = hook(arguments...);
    if (!verdict.vetoed()) return std::nullopt;
    return Error(Errc::vetoed, verdict.reason());
  } catch (...) {
    return Error::from_exception(std::current_exception(), name);
  }
}

template <class Hook, class... Arguments>
void tell(const Hook& hook, HookFailures& failures, const Arguments&... arguments) noexcept {
  if (!hook) return;
  sync::assert_no_locks_held();
  try {
    hook(arguments...);
  } catch (...) {
    failures.add_relaxed(1);
  }
}

}  // namespace

std::optional<Error> call_pre_get(const CacheTraits& traits, std::string_view key) noexcept {
  return ask(traits.hooks.pre_get, "pre_get", key);
}

std::optional<Error> call_pre_set(const CacheTraits& traits, std::string_view key,
                                  const void* value) noexcept {
  return ask(traits.hooks.pre_set, "pre_set", key, value);
}

std::optional<Error> call_pre_erase(const CacheTraits& traits, std::string_view key) noexcept {
  return ask(traits.hooks.pre_erase, "pre_erase", key);
}

std::optional<Error> ask_set(const CacheTraits& traits, std::string_view key, const void* value,
                             HookFailures& failures) noexcept {
  std::optional<Error> refusal = call_pre_set(traits, key, value);
  if (refusal) call_post_set(traits, key, nullptr, {.error = &*refusal}, failures);
  return refusal;
}

std::optional<Error> ask_erase(const CacheTraits& traits, std::string_view key,
                               HookFailures& failures) noexcept {
  std::optional<Error> refusal = call_pre_erase(traits, key);
  if (refusal) call_post_erase(traits, key, {.error = &*refusal}, failures);
  return refusal;
}

void call_post_get(const CacheTraits& traits, std::string_view key, const void* value,
                   const HookOutcome& outcome, HookFailures& failures) noexcept {
  tell(traits.hooks.post_get, failures, key, value, outcome);
}

void call_post_set(const CacheTraits& traits, std::string_view key, const void* value,
                   const HookOutcome& outcome, HookFailures& failures) noexcept {
  tell(traits.hooks.post_set, failures, key, value, outcome);
}

void call_post_erase(const CacheTraits& traits, std::string_view key, const HookOutcome& outcome,
                     HookFailures& failures) noexcept {
  tell(traits.hooks.post_erase, failures, key, outcome);
}

void call_on_removal(const CacheTraits& traits, std::string_view key, RemovalCause cause,
                     HookFailures& failures) noexcept {
  tell(traits.hooks.on_removal, failures, key, cause);
}

}  // namespace larder::engine
