// Cache<T>: the typed handle of a named cache, blocking face. This is the header most users need,
// with manager.h to open caches and async.h for coroutines.
// Thread safety: every member is safe from any thread, at any time, in any mix; handles are
// values that share one cache.
#pragma once

#include <chrono>
#include <concepts>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "larder/batch.h"
#include "larder/context.h"
#include "larder/detail/calls.h"
#include "larder/detail/core.h"
#include "larder/detail/handle.h"
#include "larder/detail/requirements.h"
#include "larder/detail/update_call.h"
#include "larder/detail/user_calls.h"
#include "larder/entry.h"
#include "larder/result.h"
#include "larder/stats.h"
#include "larder/value_ops.h"

namespace larder {

template <class T>
class AsyncCache;

namespace detail {

/// The way to the core for the library, its faces and testing.h.
struct CacheAccess {
  template <class Handle>
  static CacheCore& core(const Handle& cache) noexcept {
    return *cache.core_;
  }
};

}  // namespace detail

/// A small copyable handle to a named cache. Made by `Manager::open` and `Manager::find`; it
/// outlives the manager (operations then answer `closed`).
///
/// The operations on indexes, tags, patterns and listings (add_index, get_by_index, erase_by_tag,
/// keys_by_pattern, scan, ...) are in the base, "larder/detail/handle.h".
template <class T>
class Cache : public detail::SearchFace<T> {
  static_assert(detail::require_cacheable<T>());
  using Base = detail::SearchFace<T>;

 public:
  using value_type = T;

  explicit Cache(std::shared_ptr<detail::CacheCore> core) noexcept : Base(std::move(core)) {}

  /// The same cache, bound to a context: its deadline, stop token and trace parent.
  [[nodiscard]] Cache with(Context context) const {
    Cache bound(core_);
    bound.context_ = std::make_shared<const Context>(std::move(context));
    return bound;
  }
  /// The coroutine face, with the same context. Needs "larder/async.h".
  [[nodiscard]] auto async() const { return AsyncCache<T>(core_, context_); }
  /// The same, whose coroutines go on where `resumer` posts the Resumption that it is given.
  template <class R>
  [[nodiscard]] auto async(R resumer) const {
    return AsyncCache<T>(core_, context_, std::move(resumer));
  }

  // ---- one key

  /// A copy of the value. With neither context, hooks nor floor: no allocation, no lock.
  [[nodiscard]] Lookup<T> get(std::string_view key) const {
    detail::require_copyable<T>();
    Lookup<T> answer;
    if (!find_directly(key, answer)) {
      Lookup<T> told = run(detail::ReadCall<T>(Opcode::get, key));
      answer = std::move(told);
      if (core_->wipes() && told.hit()) detail::wipe_value(*told);
    }
    return answer;
  }
  /// A pinned view instead of a copy.
  [[nodiscard]] Lookup<Ref<T>> get_ref(std::string_view key) const {
    return run(detail::RefCall<T>(key));
  }
  [[nodiscard]] Lookup<Entry<T>> get_entry(std::string_view key) const {
    detail::require_copyable<T>();
    return run(detail::EntryCall<T>(key));
  }
  [[nodiscard]] Lookup<EntryMetadata> metadata(std::string_view key) const {
    return run(detail::MetadataCall(key));
  }
  Result<bool> contains(std::string_view key) const {
    return run(detail::FlagCall(Opcode::contains, key));
  }
  Result<Version> set(std::string_view key, T value, const WriteOptions& options = {}) const {
    const detail::Wiper<T> wiper(core_->wipes(), value);
    if (context_ == nullptr) {
      if (auto put = detail::put_directly(*core_, key, &value, options)) return *std::move(put);
    }
    return run(detail::SetCall(key, &value, options));
  }
  Result<bool> erase(std::string_view key) const {
    return run(detail::FlagCall(Opcode::erase, key));
  }
  Result<void> clear() const { return run(detail::ClearCall()); }

  // ---- atomic per key

  /// The value, loaded once by whoever comes first if it is missing; a miss where the loader
  /// answers `absent`. Loaders: `(LoadContext&)` or `()`, answering T, Loaded<T>, Lookup<T>,
  /// Result<T>, absent or Error.
  template <class F>
  [[nodiscard]] Lookup<T> get_or_set(std::string_view key, F&& loader,
                                     const WriteOptions& options = {}) const {
    detail::require_copyable<T>();
    detail::PlainLoader<T, std::remove_reference_t<F>, false> load(loader, core_->wipes());
    return run(detail::LoadCall<T>(key, detail::borrow(load), options));
  }
  /// The same with a pinned view instead of a copy: for values that are large or move-only.
  template <class F>
  [[nodiscard]] Lookup<Ref<T>> get_or_set_ref(std::string_view key, F&& loader,
                                              const WriteOptions& options = {}) const {
    detail::PlainLoader<T, std::remove_reference_t<F>, false> load(loader, core_->wipes());
    return run(detail::LoadRefCall<T>(key, detail::borrow(load), options));
  }
  /// Atomic read and write. The updater `(const T* old)` answers Change<T>, T, Result of these or
  /// Error; it may run more than once, never under a lock.
  template <class F>
  Result<Updated<T>> update(std::string_view key, F&& updater,
                            const WriteOptions& options = Ttl::keep()) const {
    detail::require_copyable<T>();
    return run(
        detail::UpdateCall<T, std::remove_reference_t<F>>(key, updater, options, core_->wipes()));
  }
  Result<bool> set_if_absent(std::string_view key, T value,
                             const WriteOptions& options = {}) const {
    return store_if(Opcode::set_if_absent, key, value, options, {});
  }
  Result<bool> set_if_present(std::string_view key, T value,
                              const WriteOptions& options = {}) const {
    return store_if(Opcode::set_if_present, key, value, options, {});
  }
  /// Stores if the key's version is `expected`; `Version::absent()` creates.
  Result<bool> compare_and_set(std::string_view key, Version expected, T value,
                               const WriteOptions& options = Ttl::keep()) const {
    return store_if(Opcode::compare_and_set, key, value, options, expected);
  }
  /// Absent counts as 0. `out_of_range`, unchanged, if the result leaves the range of T.
  template <std::integral D = int>
  Result<T> increment(std::string_view key, D delta = 1, Ttl ttl_if_created = {}) const {
    detail::require_counter<T>();
    return run(detail::CounterCall<T>(key, detail::delta_of(delta, false), ttl_if_created));
  }
  template <std::integral D = int>
  Result<T> decrement(std::string_view key, D delta = 1, Ttl ttl_if_created = {}) const {
    detail::require_counter<T>();
    return run(detail::CounterCall<T>(key, detail::delta_of(delta, true), ttl_if_created));
  }
  Result<bool> touch(std::string_view key, Ttl ttl) const {
    return run(detail::FlagCall(Opcode::touch, key, ttl));
  }
  Result<bool> rename(std::string_view from, std::string_view to) const {
    return run(detail::RenameCall(from, to));
  }
  /// Gets and erases in one step.
  [[nodiscard]] Lookup<T> take(std::string_view key) const {
    detail::require_copyable<T>();
    return run(detail::ReadCall<T>(Opcode::take, key));
  }
  Result<bool> set_tags(std::string_view key, std::vector<std::string> tags) const {
    return run(detail::FlagCall(Opcode::set_tags, key, {Ttl::keep(), std::move(tags)}));
  }

  // ---- batches

  [[nodiscard]] BatchResult<T> get_many(const Keys& keys) const {
    detail::require_copyable<T>();
    return run(detail::ReadManyCall<T>(keys));
  }
  BatchResult<void> set_many(Pairs<T> items, const WriteOptions& options = {}) const {
    BatchResult<void> result = run(detail::SetManyCall<T>(items, options));
    if (core_->wipes()) items.wipe();
    return result;
  }
  Result<std::size_t> erase_many(const Keys& keys) const {
    return run(detail::EraseManyCall(keys));
  }
  [[nodiscard]] BatchResult<EntryMetadata> metadata_many(const Keys& keys) const {
    return run(detail::MetadataManyCall(keys));
  }
  /// The loader `(LoadContext&, span<const string_view> missing)` answers a vector aligned with
  /// the missing keys, of T, optional<T>, Loaded<T> or Lookup<T>; or an Error.
  template <class F>
  [[nodiscard]] BatchResult<T> get_or_set_many(const Keys& keys, F&& loader,
                                               const WriteOptions& options = {}) const {
    detail::require_copyable<T>();
    detail::PlainLoader<T, std::remove_reference_t<F>, true> load(loader, core_->wipes());
    return run(detail::LoadManyCall<T>(keys, detail::borrow(load), options));
  }

  // ---- the cache itself

  [[nodiscard]] const std::string& name() const noexcept { return core_->name(); }
  [[nodiscard]] Stats stats() const { return core_->stats(); }
  /// Counts and latencies by operation; empty with `settings.metrics` off. Needs
  /// "larder/metrics.h".
  template <class Snapshot = MetricsSnapshot, class Core = detail::CacheCore>
  [[nodiscard]] Snapshot metrics() const {
    return static_cast<const Core&>(*core_).metrics();
  }
  /// Idempotent. Ends loads, refuses new work, waits up to `within` for what runs.
  Result<void> close(std::optional<std::chrono::nanoseconds> within = std::nullopt) const {
    return core_->close(within);
  }
  /// New limits from now on; evicts down to them.
  Result<void> resize(std::size_t max_entries, std::size_t max_bytes) const {
    return core_->resize(max_entries, max_bytes);
  }

 private:
  friend struct detail::CacheAccess;
  using Base::context_;
  using Base::core_;
  using Base::run;

  /// True: `answer` is the outcome. False: it takes an operation to know.
  bool find_directly(std::string_view key, Lookup<T>& answer) const noexcept {
    if (context_ != nullptr || key.size() - 1 >= kMaxKeyBytes) [[unlikely]]
      return false;
    switch (core_->direct().find(key, detail::LookupAccess::storage(answer))) {
      case Found::hit:
        detail::LookupAccess::engage(answer);
        return true;
      case Found::miss:
        return true;
      case Found::ask:
        break;
    }
    return false;
  }
  Result<bool> store_if(Opcode code, std::string_view key, T& value, const WriteOptions& options,
                        Version expected) const {
    const detail::Wiper<T> wiper(core_->wipes(), value);
    return run(detail::StoreCall(code, key, &value, options, expected));
  }
};

}  // namespace larder
