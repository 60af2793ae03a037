// Face<T>: one spelling of the operations for both faces, so that each test is written once. It
// calls the blocking members of a cache, or awaits the coroutine ones with sync_wait().
// Thread safety: as Cache<T>.
#pragma once

#include <atomic>
#include <chrono>
#include <concepts>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "larder/async.h"
#include "larder/cache.h"
#include "larder/metrics.h"
#include "larder/task.h"
#include "operations.h"

namespace larder::contract {

enum class FaceKind : std::uint8_t { blocking, coroutine };
std::string_view to_string(FaceKind kind) noexcept;

/// The calls that a test made, from any of its threads.
class CallLog {
 public:
  void note(Call call) noexcept {
    bits_.fetch_or(std::uint64_t{1} << static_cast<unsigned>(call), std::memory_order_relaxed);
  }
  [[nodiscard]] CallSet calls() const noexcept { return CallSet(bits_.load()); }

 private:
  static_assert(kCalls <= 64);
  std::atomic<std::uint64_t> bits_{0};  // role: one bit per Call
};

template <class T>
class Face {
 public:
  using View = std::string_view;

  Face(Cache<T> cache, FaceKind kind, std::shared_ptr<CallLog> log)
      : cache_(std::move(cache)), kind_(kind), log_(std::move(log)) {}

  [[nodiscard]] const Cache<T>& cache() const noexcept { return cache_; }
  [[nodiscard]] FaceKind kind() const noexcept { return kind_; }
  [[nodiscard]] Face with(Context context) const {
    return Face(cache_.with(std::move(context)), kind_, log_);
  }
  /// The same face, of the cache that a load context binds.
  [[nodiscard]] Face within(const LoadContext& load) const {
    return Face(load.cache(cache_), kind_, log_);
  }

  // ---- one key
  auto get(View key) const {
    return run(Call::get, [&](const auto& c) { return c.get(key); });
  }
  auto get_ref(View key) const {
    return run(Call::get_ref, [&](const auto& c) { return c.get_ref(key); });
  }
  auto get_entry(View key) const {
    return run(Call::get_entry, [&](const auto& c) { return c.get_entry(key); });
  }
  auto metadata(View key) const {
    return run(Call::metadata, [&](const auto& c) { return c.metadata(key); });
  }
  auto contains(View key) const {
    return run(Call::contains, [&](const auto& c) { return c.contains(key); });
  }
  auto set(View key, T value, const WriteOptions& options = {}) const {
    return run(Call::set, [&](const auto& c) { return c.set(key, std::move(value), options); });
  }
  auto erase(View key) const {
    return run(Call::erase, [&](const auto& c) { return c.erase(key); });
  }
  auto clear() const {
    return run(Call::clear, [&](const auto& c) { return c.clear(); });
  }

  // ---- atomic per key
  template <class F>
  auto get_or_set(View key, F loader, const WriteOptions& options = {}) const {
    return run(Call::get_or_set, [&](const auto& c) { return c.get_or_set(key, loader, options); });
  }
  template <class F>
  auto get_or_set_ref(View key, F loader, const WriteOptions& options = {}) const {
    return run(Call::get_or_set_ref,
               [&](const auto& c) { return c.get_or_set_ref(key, loader, options); });
  }
  /// With a loader that is a coroutine: on the coroutine face alone.
  template <class F>
  auto get_or_set_awaiting(View key, F loader, const WriteOptions& options = {}) const {
    log_->note(Call::get_or_set);
    const auto start = [&](const auto& c) { return c.get_or_set(key, loader, options); };
    return sync_wait(await<Lookup<T>>(start, cache_.async()));
  }
  template <class F>
  auto update(View key, F updater, const WriteOptions& options = Ttl::keep()) const {
    return run(Call::update, [&](const auto& c) { return c.update(key, updater, options); });
  }
  auto set_if_absent(View key, T value, const WriteOptions& options = {}) const {
    return run(Call::set_if_absent,
               [&](const auto& c) { return c.set_if_absent(key, std::move(value), options); });
  }
  auto set_if_present(View key, T value, const WriteOptions& options = {}) const {
    return run(Call::set_if_present,
               [&](const auto& c) { return c.set_if_present(key, std::move(value), options); });
  }
  auto compare_and_set(View key, Version expected, T value,
                       const WriteOptions& options = Ttl::keep()) const {
    return run(Call::compare_and_set, [&](const auto& c) {
      return c.compare_and_set(key, expected, std::move(value), options);
    });
  }
  template <std::integral D = int>
  auto increment(View key, D delta = 1, Ttl created = {}) const {
    return run(Call::increment, [&](const auto& c) { return c.increment(key, delta, created); });
  }
  template <std::integral D = int>
  auto decrement(View key, D delta = 1, Ttl created = {}) const {
    return run(Call::decrement, [&](const auto& c) { return c.decrement(key, delta, created); });
  }
  auto touch(View key, Ttl ttl) const {
    return run(Call::touch, [&](const auto& c) { return c.touch(key, ttl); });
  }
  auto rename(View from, View to) const {
    return run(Call::rename, [&](const auto& c) { return c.rename(from, to); });
  }
  auto take(View key) const {
    return run(Call::take, [&](const auto& c) { return c.take(key); });
  }
  auto set_tags(View key, std::vector<std::string> tags) const {
    return run(Call::set_tags, [&](const auto& c) { return c.set_tags(key, tags); });
  }

  // ---- batches
  using Texts = std::vector<std::string>;
  auto get_many(const Texts& keys) const {
    return run(Call::get_many, [&](const auto& c) { return c.get_many(keys); });
  }
  auto set_many(std::vector<std::pair<std::string, T>> items,
                const WriteOptions& options = {}) const {
    return run(Call::set_many,
               [&](const auto& c) { return c.set_many(std::move(items), options); });
  }
  auto erase_many(const Texts& keys) const {
    return run(Call::erase_many, [&](const auto& c) { return c.erase_many(keys); });
  }
  auto metadata_many(const Texts& keys) const {
    return run(Call::metadata_many, [&](const auto& c) { return c.metadata_many(keys); });
  }
  template <class F>
  auto get_or_set_many(const Texts& keys, F loader, const WriteOptions& options = {}) const {
    return run(Call::get_or_set_many,
               [&](const auto& c) { return c.get_or_set_many(keys, loader, options); });
  }

  // ---- indexes and tags
  auto add_index(View index, View pattern, View term) const {
    return run(Call::add_index, [&](const auto& c) { return c.add_index(index, pattern, term); });
  }
  auto add_index_many(View index, View pattern, const Texts& terms) const {
    return run(Call::add_index_many,
               [&](const auto& c) { return c.add_index_many(index, pattern, terms); });
  }
  auto remove_index(View index, View pattern, View term) const {
    return run(Call::remove_index,
               [&](const auto& c) { return c.remove_index(index, pattern, term); });
  }
  auto remove_index_many(View index, View pattern, const Texts& terms) const {
    return run(Call::remove_index_many,
               [&](const auto& c) { return c.remove_index_many(index, pattern, terms); });
  }
  auto get_by_index(View index, View term) const {
    return run(Call::get_by_index, [&](const auto& c) { return c.get_by_index(index, term); });
  }
  auto get_by_index_many(View index, const Texts& terms) const {
    return run(Call::get_by_index_many,
               [&](const auto& c) { return c.get_by_index_many(index, terms); });
  }
  auto get_values_by_index(View index, View term) const {
    return run(Call::get_values_by_index,
               [&](const auto& c) { return c.get_values_by_index(index, term); });
  }
  auto get_values_by_index_many(View index, const Texts& terms) const {
    return run(Call::get_values_by_index_many,
               [&](const auto& c) { return c.get_values_by_index_many(index, terms); });
  }
  auto count_by_index(View index, View term) const {
    return run(Call::count_by_index, [&](const auto& c) { return c.count_by_index(index, term); });
  }
  auto count_by_index_many(View index, const Texts& terms) const {
    return run(Call::count_by_index_many,
               [&](const auto& c) { return c.count_by_index_many(index, terms); });
  }
  auto erase_by_index(View index, View term, const Texts& except = {}) const {
    return run(Call::erase_by_index,
               [&](const auto& c) { return c.erase_by_index(index, term, except); });
  }
  auto erase_by_index_many(View index, const Texts& terms, const Texts& except = {}) const {
    return run(Call::erase_by_index_many,
               [&](const auto& c) { return c.erase_by_index_many(index, terms, except); });
  }
  auto erase_by_tag(View tag) const {
    return run(Call::erase_by_tag, [&](const auto& c) { return c.erase_by_tag(tag); });
  }
  auto erase_by_tag_many(const Texts& tags) const {
    return run(Call::erase_by_tag_many, [&](const auto& c) { return c.erase_by_tag_many(tags); });
  }

  // ---- patterns and listing
  auto keys_by_pattern(View pattern) const {
    return run(Call::keys_by_pattern, [&](const auto& c) { return c.keys_by_pattern(pattern); });
  }
  auto erase_by_pattern(View pattern) const {
    return run(Call::erase_by_pattern, [&](const auto& c) { return c.erase_by_pattern(pattern); });
  }
  auto scan(View pattern, View cursor, std::size_t limit) const {
    return run(Call::scan, [&](const auto& c) { return c.scan(pattern, cursor, limit); });
  }
  auto scan_index(View index, View pattern, View cursor, std::size_t limit) const {
    return run(Call::scan_index,
               [&](const auto& c) { return c.scan_index(index, pattern, cursor, limit); });
  }

  // ---- the cache itself: the same in both faces
  [[nodiscard]] Stats stats() const {
    log_->note(Call::stats);
    return cache_.stats();
  }
  Result<void> close(std::optional<std::chrono::nanoseconds> within = std::nullopt) const {
    log_->note(Call::close);
    return cache_.close(within);
  }
  Result<void> resize(std::size_t max_entries, std::size_t max_bytes) const {
    log_->note(Call::resize);
    return cache_.resize(max_entries, max_bytes);
  }

 private:
  template <class R, class F>
  static Task<R> await(F& start, AsyncCache<T> face) {
    co_return co_await start(face);
  }
  /// `start` begins the operation on either face.
  template <class F>
  auto run(Call call, F start) const {
    log_->note(call);
    using R = decltype(start(cache_));
    if (kind_ == FaceKind::blocking) return start(cache_);
    return sync_wait(await<R>(start, cache_.async()));
  }

  Cache<T> cache_;
  FaceKind kind_;
  std::shared_ptr<CallLog> log_;
};

}  // namespace larder::contract
