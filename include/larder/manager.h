// Manager: opens, finds and closes caches by name. A program has one, made at its start.
// Thread safety: every member is safe from any thread at any time.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "larder/cache.h"
#include "larder/context.h"
#include "larder/engine.h"
#include "larder/options.h"
#include "larder/result.h"
#include "larder/value_ops.h"

namespace larder {

/// How one cache is.
struct CacheHealth {
  std::string name;
  std::string provider;
  Health health;
};

namespace detail {

/// A typed hook as one below the typed skin; empty stays empty.
template <class T, class R, class... Rest>
std::function<R(std::string_view, const void*, Rest...)> erase_type(
    std::function<R(std::string_view, const T*, Rest...)> hook) {
  if (!hook) return {};
  return [hook = std::move(hook)](std::string_view key, const void* value, Rest... rest) {
    return hook(key, static_cast<const T*>(value), std::forward<Rest>(rest)...);
  };
}

/// The same for callables that are given a value that is there.
template <class T, class R>
std::function<R(std::string_view, const void*)> erase_type(
    std::function<R(std::string_view, const T&)> callable) {
  if (!callable) return {};
  return [callable = std::move(callable)](std::string_view key, const void* value) {
    return callable(key, *static_cast<const T*>(value));
  };
}

template <class T>
Hooks<void> erase_hooks(Hooks<T> hooks) {
  return {.pre_get = std::move(hooks.pre_get),
          .post_get = erase_type<T>(std::move(hooks.post_get)),
          .pre_set = erase_type<T>(std::move(hooks.pre_set)),
          .post_set = erase_type<T>(std::move(hooks.post_set)),
          .pre_erase = std::move(hooks.pre_erase),
          .post_erase = std::move(hooks.post_erase),
          .on_removal = std::move(hooks.on_removal)};
}

template <class T>
CacheTraits make_traits(std::string_view name, CacheOptions<T>& options) {
  CacheTraits traits;
  traits.name = name;
  traits.type_name = TypeName<T>::value();
  traits.ops = &kValueOps<T>;
  for (IndexSpec<T>& index : options.indexes) {
    traits.indexes.push_back({index.name, [terms = std::move(index.terms)](const void* value) {
                                return terms(*static_cast<const T*>(value));
                              }});
  }
  traits.hooks = erase_hooks(std::move(options.hooks));
  traits.weigher = erase_type<T>(std::move(options.weigher));
  traits.sweep_predicate = erase_type<T>(std::move(options.sweep_predicate));
  traits.placement = std::move(options.placement);
  traits.clock = std::move(options.clock);
  traits.hash_seed = options.hash_seed;
  return traits;
}

}  // namespace detail

/// Opens caches. Handles outlive it safely: its end closes all caches, without waiting for loads
/// that run, and operations then answer `closed`.
/// @code
///   larder::Manager manager;
///   auto sessions = manager.open<Session>("sessions").value();
/// @endcode
class Manager {
 public:
  /// Knows the providers "memory" and "null".
  Manager();
  ~Manager();
  Manager(const Manager&) = delete;
  Manager& operator=(const Manager&) = delete;

  /// A new cache. `already_open`: the name is taken (a closed cache's name is free);
  /// `invalid_config`: every problem of the options, an unknown provider by name;
  /// `invalid_argument`: an empty name; `closed`: the manager was closed.
  template <class T>
  [[nodiscard]] Result<Cache<T>> open(std::string_view name, CacheOptions<T> options = {}) {
    if (Result<void> valid = options.validate(); !valid) return valid.error();
    auto core = open_core(name, options.settings, detail::make_traits<T>(name, options),
                          std::move(options.middleware));
    if (!core) return core.error();
    return Cache<T>(*std::move(core));
  }

  /// An open cache. `type_mismatch`: it holds another type; `invalid_argument`: there is none, as
  /// long as one of this name is still being opened, too; `closed`: nor will be, the manager was
  /// closed.
  template <class T>
  [[nodiscard]] Result<Cache<T>> find(std::string_view name) const {
    auto core = find_core(name, TypeName<T>::value());
    if (!core) return core.error();
    return Cache<T>(*std::move(core));
  }

  /// Makes `provider` known, in place of what had the name; caches that are open keep theirs.
  Result<void> register_provider(std::string_view name, std::shared_ptr<Provider> provider);

  /// The names of the open caches, sorted.
  [[nodiscard]] std::vector<std::string> names() const;

  /// How the open caches are, by name. The context bounds the questions to servers.
  [[nodiscard]] std::vector<CacheHealth> health(const Context& context = {}) const;

  /// Closes all caches, each with what is left of `within` (absent: as long as their loads run).
  /// All are tried; the error names every failure. Idempotent; the manager opens no more.
  Result<void> close(std::optional<std::chrono::nanoseconds> within = std::nullopt);

 private:
  struct State;
  using CorePtr = std::shared_ptr<detail::CacheCore>;

  Result<CorePtr> open_core(std::string_view name, const CacheSettings& settings,
                            CacheTraits traits, std::vector<Middleware> middleware);
  Result<CorePtr> find_core(std::string_view name, std::string_view type_name) const;

  std::unique_ptr<State> state_;  // constant after construction; own synchronisation
};

}  // namespace larder
