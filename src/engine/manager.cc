// The registry of caches and providers, and the making of a cache's chain of engines.
//
// Thread safety: as in manager.h. Providers and engines are called without the lock.
#include "larder/manager.h"

#include <exception>
#include <functional>
#include <map>

#include "engine/core_parts.h"
#include "engine/front.h"
#include "engine/memory_engine.h"
#include "engine/metrics_decorator.h"
#include "engine/null_engine.h"
#include "engine/redis_engine.h"
#include "engine/scheduler.h"
#include "larder/clock.h"
#include "sync/mutex.h"

namespace larder {
namespace {

using detail::CacheCore;
using detail::CoreParts;
using CorePtr = std::shared_ptr<CacheCore>;

// Runs code of a user's provider or middleware, and keeps what it throws.
template <class F>
auto guarded(std::string_view where, F&& call) -> decltype(call()) {
  try {
    return call();
  } catch (...) {
    return Error::from_exception(std::current_exception(), where);
  }
}

Result<std::shared_ptr<Engine>> open_engine(Provider& provider, const CacheSettings& settings,
                                            const std::shared_ptr<const CacheTraits>& traits) {
  auto engine = guarded("the provider '" + settings.provider + "'",
                        [&] { return provider.open(settings, traits); });
  if (engine.ok() && *engine == nullptr) {
    return Error(Errc::invalid_config, "the provider '" + settings.provider + "' made no engine");
  }
  return engine;
}

// Puts the user's middleware around an engine, its first listed outermost.
Result<std::shared_ptr<Engine>> decorate(std::shared_ptr<Engine> engine,
                                         std::vector<Middleware> middleware) {
  if (middleware.empty()) return engine;
  return guarded("a middleware", [&]() -> Result<std::shared_ptr<Engine>> {
    std::shared_ptr<Engine> outermost = chain(std::move(middleware))(std::move(engine));
    if (outermost == nullptr) return Error(Errc::invalid_config, "a middleware made no engine");
    return outermost;
  });
}

// The chain, innermost first: what the provider makes, the front, metrics, the user's middleware.
// The timing floor is outside of it, in the two faces.
Result<CorePtr> make_core(Provider& provider, std::unique_ptr<CoreParts> parts,
                          std::vector<Middleware> middleware) {
  auto made = open_engine(provider, parts->settings, parts->traits);
  if (!made.ok()) return made.error();
  const auto front = std::make_shared<engine::Front>(*made, parts->traits);
  // The shortcut of reads skips what would only pass them on.
  Engine* const reader = front->lets_reads_through() ? made->get() : nullptr;
  const bool plain = middleware.empty() && parts->settings.timing_floor.count() == 0;
  std::shared_ptr<Engine> inside = front;
  if (parts->settings.metrics) {
    // The default clock is left out: the recorder has a faster way to it.
    const auto& clock = parts->traits->clock;
    parts->recorder = std::make_shared<MetricsRecorder>(
        MetricsOptions{.clock = clock == default_clock() ? nullptr : clock});
    inside = engine::metrics_decorator(front, parts->recorder, reader);
  }
  auto outermost = decorate(inside, std::move(middleware));
  if (!outermost.ok()) return outermost.error();
  parts->engine = *std::move(outermost);
  const bool bare = plain && reader != nullptr && front->lets_writes_through();
  parts->direct = bare && !parts->settings.metrics ? reader : parts->engine.get();
  return std::make_shared<CacheCore>(std::move(parts));
}

}  // namespace

// open -> closed. A name maps to null while its cache is being opened.
struct Manager::State {
  const std::shared_ptr<engine::Scheduler> scheduler = std::make_shared<engine::Scheduler>();
  mutable sync::Mutex mutex{sync::Rank::kManager};
  // guarded by mutex
  std::map<std::string, CorePtr, std::less<>> caches LARDER_GUARDED_BY(mutex);
  std::map<std::string, std::shared_ptr<Provider>, std::less<>> providers LARDER_GUARDED_BY(mutex);
  bool closed LARDER_GUARDED_BY(mutex) = false;

  Result<std::shared_ptr<Provider>> reserve(std::string_view name, const std::string& provider);
  void settle(std::string_view name, CorePtr core);
  std::vector<CorePtr> open_caches() const;
};

// Takes the name, so that the cache can be made without the lock.
Result<std::shared_ptr<Provider>> Manager::State::reserve(std::string_view name,
                                                          const std::string& provider) {
  CorePtr closed_one;  // destroyed without the lock: it may hold the last of what users gave
  sync::MutexLock lock(mutex);
  if (closed) return Error(Errc::closed, "the manager is closed");
  const auto found = providers.find(provider);
  if (found == providers.end()) {
    return Error(Errc::invalid_config, "provider: '" + provider + "' is not registered");
  }
  const auto [place, is_new] = caches.try_emplace(std::string(name));
  if (!is_new && (place->second == nullptr || !place->second->closed())) {
    return Error(Errc::already_open, "a cache named '" + std::string(name) + "' is open");
  }
  closed_one = std::exchange(place->second, nullptr);
  return found->second;
}

// Ends what reserve() began; null gives the name back.
void Manager::State::settle(std::string_view name, CorePtr core) {
  bool too_late = false;
  {
    sync::MutexLock lock(mutex);
    const auto place = caches.find(name);
    if (core == nullptr || closed) {
      if (place != caches.end()) caches.erase(place);
    } else {
      place->second = core;
    }
    too_late = closed;
  }
  if (too_late && core != nullptr) static_cast<void>(core->close(std::chrono::nanoseconds(0)));
}

std::vector<CorePtr> Manager::State::open_caches() const {
  std::vector<CorePtr> open;
  sync::MutexLock lock(mutex);
  for (const auto& [name, core] : caches) {
    if (core != nullptr) open.push_back(core);
  }
  return open;
}

Manager::Manager() : state_(std::make_unique<State>()) {
  sync::MutexLock lock(state_->mutex);
  state_->providers["memory"] = engine::memory_provider(state_->scheduler);
  state_->providers["redis"] = engine::redis_provider(state_->scheduler);
  state_->providers["null"] = engine::null_provider(state_->scheduler);
}

Manager::~Manager() { static_cast<void>(close(std::chrono::nanoseconds(0))); }

Result<CorePtr> Manager::open_core(std::string_view name, const CacheSettings& settings,
                                   CacheTraits traits, std::vector<Middleware> middleware) {
  if (name.empty()) return Error(Errc::invalid_argument, "a cache's name must not be empty");
  auto provider = state_->reserve(name, settings.provider);
  if (!provider) return provider.error();

  if (traits.clock == nullptr) traits.clock = default_clock();
  auto parts = std::make_unique<CoreParts>();
  parts->name = name;
  parts->settings = settings;
  parts->traits = std::make_shared<const CacheTraits>(std::move(traits));
  parts->scheduler = state_->scheduler;
  auto core = make_core(**provider, std::move(parts), std::move(middleware));
  if (core.ok()) {
    state_->settle(name, *core);
    return core;
  }
  state_->settle(name, nullptr);
  const Error& error = core.error();
  if (error == Errc::callback_failed) return error;  // it carries what was thrown
  return Error(error.code(), "cache '" + std::string(name) +
                                 "' could not be opened: " + std::string(error.message()));
}

Result<CorePtr> Manager::find_core(std::string_view name, std::string_view type_name) const {
  sync::MutexLock lock(state_->mutex);
  const auto found = state_->caches.find(name);
  if (found == state_->caches.end() || found->second == nullptr || found->second->closed()) {
    if (state_->closed) return Error(Errc::closed, "the manager is closed");
    return Error(Errc::invalid_argument, "no cache named '" + std::string(name) + "' is open");
  }
  const std::string_view held = found->second->parts().traits->type_name;
  if (held != type_name) {
    return Error(Errc::type_mismatch, "cache '" + std::string(name) + "' holds " +
                                          std::string(held) + ", not " + std::string(type_name));
  }
  return found->second;
}

Result<void> Manager::register_provider(std::string_view name, std::shared_ptr<Provider> provider) {
  if (name.empty() || provider == nullptr) {
    return Error(Errc::invalid_argument, "a provider needs a name and an object");
  }
  std::shared_ptr<Provider> replaced;  // destroyed without the lock
  sync::MutexLock lock(state_->mutex);
  replaced = std::exchange(state_->providers[std::string(name)], std::move(provider));
  return {};
}

std::vector<std::string> Manager::names() const {
  std::vector<std::string> names;
  for (const CorePtr& core : state_->open_caches()) {
    if (!core->closed()) names.push_back(core->name());
  }
  return names;
}

std::vector<CacheHealth> Manager::health(const Context& context) const {
  std::vector<CacheHealth> report;
  for (const CorePtr& core : state_->open_caches()) {
    if (core->closed()) continue;
    const Clock& clock = core->parts().clock();
    const std::int64_t start_ns = clock.now_ns();
    Health health = core->engine().health(context);
    if (!health.latency) health.latency = std::chrono::nanoseconds(clock.now_ns() - start_ns);
    report.push_back({core->name(), core->parts().settings.provider, std::move(health)});
  }
  return report;
}

Result<void> Manager::close(std::optional<std::chrono::nanoseconds> within) {
  {
    sync::MutexLock lock(state_->mutex);
    state_->closed = true;
  }
  // Each cache is measured with its own clock, from here on.
  const std::vector<CorePtr> caches = state_->open_caches();
  std::vector<std::int64_t> starts_ns;
  for (const CorePtr& core : caches) starts_ns.push_back(core->parts().clock().now_ns());
  std::optional<Errc> first;
  std::string failures;
  for (std::size_t i = 0; i < caches.size(); ++i) {
    const CorePtr& core = caches[i];
    std::optional<std::chrono::nanoseconds> left;
    if (within) {
      const auto spent = std::chrono::nanoseconds(core->parts().clock().now_ns() - starts_ns[i]);
      left = std::max(std::chrono::nanoseconds(0), *within - spent);
    }
    const Result<void> closed = core->close(left);
    if (closed.ok()) continue;
    if (!first) first = closed.error().code();
    failures.append(failures.empty() ? "" : "; ").append("cache '").append(core->name());
    failures.append("': ").append(closed.error().message());
  }
  if (first) return Error(*first, std::move(failures));
  return {};
}

}  // namespace larder
