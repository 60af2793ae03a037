// AsyncCache<T>: the coroutine face of a cache. Every operation of Cache<T>, with the same meaning,
// as something to `co_await` where it is called.
// Thread safety: as Cache<T>. Coroutines go on on the thread that completes the operation, or where
// the resumer of `async(resumer)` posts them.
#pragma once

#include <concepts>
#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "larder/cache.h"
#include "larder/detail/async_loader.h"
#include "larder/detail/awaitable.h"
#include "larder/task.h"

namespace larder {

/// Made by `Cache<T>::async()`. The awaitables copy keys, options and the context before the first
/// suspension, so that `co_await cache.async().get(make_key())` is right. An operation that is done
/// at once does not suspend. Loaders and updaters are moved or copied in; a loader may also be a
/// coroutine (`-> Task<Session>`), and outlives its caller if others wait.
template <class T>
class AsyncCache {
  using Core = std::shared_ptr<detail::CacheCore>;

 public:
  AsyncCache(Core core, std::shared_ptr<const Context> context, Resumer resumer = {})
      : core_(std::move(core)), context_(std::move(context)) {
    if (resumer) resumer_ = std::make_shared<const Resumer>(std::move(resumer));
  }

  [[nodiscard]] AsyncCache with(Context context) const {
    AsyncCache bound(*this);
    bound.context_ = std::make_shared<const Context>(std::move(context));
    return bound;
  }

  // ---- one key

  auto get(std::string_view key) const {
    detail::require_copyable<T>();
    return make<detail::ReadCall<T>>(Opcode::get, own(key));
  }
  auto get_ref(std::string_view key) const { return make<detail::RefCall<T>>(own(key)); }
  auto get_entry(std::string_view key) const {
    detail::require_copyable<T>();
    return make<detail::EntryCall<T>>(own(key));
  }
  auto metadata(std::string_view key) const { return make<detail::MetadataCall>(own(key)); }
  auto contains(std::string_view key) const {
    return make<detail::FlagCall>(Opcode::contains, own(key));
  }
  auto set(std::string_view key, T value, WriteOptions options = {}) const {
    return make<detail::SetCall>(own(key), own(value), std::move(options));
  }
  auto erase(std::string_view key) const {
    return make<detail::FlagCall>(Opcode::erase, own(key));
  }
  auto clear() const { return make<detail::ClearCall>(); }

  // ---- atomic per key

  template <class F>
  auto get_or_set(std::string_view key, F&& loader, WriteOptions options = {}) const {
    detail::require_copyable<T>();
    return make<detail::LoadCall<T>>(own(key), load<false>(std::forward<F>(loader)),
                                     std::move(options));
  }
  template <class F>
  auto get_or_set_ref(std::string_view key, F&& loader, WriteOptions options = {}) const {
    return make<detail::LoadRefCall<T>>(own(key), load<false>(std::forward<F>(loader)),
                                        std::move(options));
  }
  template <class F>
  auto update(std::string_view key, F&& updater, WriteOptions options = Ttl::keep()) const {
    detail::require_copyable<T>();
    using Call = detail::UpdateCall<T, std::decay_t<F>>;
    return make<Call>(own(key), std::decay_t<F>(std::forward<F>(updater)), std::move(options),
                      core_->wipes());
  }
  auto set_if_absent(std::string_view key, T value, WriteOptions options = {}) const {
    return make<detail::StoreCall>(Opcode::set_if_absent, own(key), own(value),
                                   std::move(options));
  }
  auto set_if_present(std::string_view key, T value, WriteOptions options = {}) const {
    return make<detail::StoreCall>(Opcode::set_if_present, own(key), own(value),
                                   std::move(options));
  }
  auto compare_and_set(std::string_view key, Version expected, T value,
                       WriteOptions options = Ttl::keep()) const {
    return make<detail::StoreCall>(Opcode::compare_and_set, own(key), own(value),
                                   std::move(options), expected);
  }
  template <std::integral D = int>
  auto increment(std::string_view key, D delta = 1, Ttl ttl_if_created = {}) const {
    detail::require_counter<T>();
    return make<detail::CounterCall<T>>(own(key), detail::delta_of(delta, false), ttl_if_created);
  }
  template <std::integral D = int>
  auto decrement(std::string_view key, D delta = 1, Ttl ttl_if_created = {}) const {
    detail::require_counter<T>();
    return make<detail::CounterCall<T>>(own(key), detail::delta_of(delta, true), ttl_if_created);
  }
  auto touch(std::string_view key, Ttl ttl) const {
    return make<detail::FlagCall>(Opcode::touch, own(key), WriteOptions(ttl));
  }
  auto rename(std::string_view from, std::string_view to) const {
    return make<detail::RenameCall>(own(from), own(to));
  }
  auto take(std::string_view key) const {
    detail::require_copyable<T>();
    return make<detail::ReadCall<T>>(Opcode::take, own(key));
  }
  auto set_tags(std::string_view key, std::vector<std::string> tags) const {
    return make<detail::FlagCall>(Opcode::set_tags, own(key),
                                  WriteOptions(Ttl::keep(), std::move(tags)));
  }

  // ---- batches

  auto get_many(Keys keys) const {
    detail::require_copyable<T>();
    return make<detail::ReadManyCall<T>>(own(keys));
  }
  auto set_many(Pairs<T> items, WriteOptions options = {}) const {
    items.own();
    return make<detail::SetManyCall<T>>(std::move(items), std::move(options));
  }
  auto erase_many(Keys keys) const { return make<detail::EraseManyCall>(own(keys)); }
  auto metadata_many(Keys keys) const { return make<detail::MetadataManyCall>(own(keys)); }
  template <class F>
  auto get_or_set_many(Keys keys, F&& loader, WriteOptions options = {}) const {
    detail::require_copyable<T>();
    return make<detail::LoadManyCall<T>>(own(keys), load<true>(std::forward<F>(loader)),
                                         std::move(options));
  }

  // ---- indexes and tags

  auto add_index(std::string_view index, std::string_view pattern,
                 std::string_view index_key) const {
    return search<detail::CountCall>(Opcode::add_index, {index, pattern}, {index_key});
  }
  auto add_index_many(std::string_view index, std::string_view pattern, Keys index_keys) const {
    return search<detail::CountCall>(Opcode::add_index, {index, pattern, {}, 0, true},
                                     std::move(index_keys));
  }
  auto remove_index(std::string_view index, std::string_view pattern,
                    std::string_view index_key) const {
    return search<detail::CountCall>(Opcode::remove_index, {index, pattern}, {index_key});
  }
  auto remove_index_many(std::string_view index, std::string_view pattern,
                         Keys index_keys) const {
    return search<detail::CountCall>(Opcode::remove_index, {index, pattern, {}, 0, true},
                                     std::move(index_keys));
  }
  auto get_by_index(std::string_view index, std::string_view index_key) const {
    return search<detail::KeysCall>(Opcode::find_by_index, {index}, {index_key});
  }
  auto get_by_index_many(std::string_view index, Keys index_keys) const {
    return search<detail::KeysCall>(Opcode::find_by_index, {index, {}, {}, 0, true},
                                    std::move(index_keys));
  }
  auto get_values_by_index(std::string_view index, std::string_view index_key) const {
    detail::require_copyable<T>();
    return search<detail::ValuesCall<T>>(Opcode::get_by_index, {index}, {index_key});
  }
  auto get_values_by_index_many(std::string_view index, Keys index_keys) const {
    detail::require_copyable<T>();
    return search<detail::ValuesCall<T>>(Opcode::get_by_index, {index, {}, {}, 0, true},
                                         std::move(index_keys));
  }
  auto count_by_index(std::string_view index, std::string_view index_key) const {
    return search<detail::CountCall>(Opcode::count_by_index, {index}, {index_key});
  }
  auto count_by_index_many(std::string_view index, Keys index_keys) const {
    return search<detail::CountsCall>(Opcode::count_by_index, {index, {}, {}, 0, true},
                                      std::move(index_keys));
  }
  auto erase_by_index(std::string_view index, std::string_view index_key, Keys except = {}) const {
    return search<detail::CountCall>(Opcode::erase_by_index, {index}, {index_key},
                                     std::move(except));
  }
  auto erase_by_index_many(std::string_view index, Keys index_keys, Keys except = {}) const {
    return search<detail::CountsCall>(Opcode::erase_by_index, {index, {}, {}, 0, true},
                                      std::move(index_keys), std::move(except));
  }
  auto erase_by_tag(std::string_view tag) const {
    return erase_by_index(SearchOperation::kTagIndex, tag);
  }
  auto erase_by_tag_many(Keys tags) const {
    return erase_by_index_many(SearchOperation::kTagIndex, std::move(tags));
  }

  // ---- patterns and listing

  auto keys_by_pattern(std::string_view pattern) const {
    return search<detail::KeysCall>(Opcode::find_by_pattern, {{}, pattern});
  }
  auto erase_by_pattern(std::string_view pattern) const {
    return search<detail::CountCall>(Opcode::erase_by_pattern, {{}, pattern});
  }
  auto scan(std::string_view pattern, std::string_view cursor, std::size_t limit) const {
    return search<detail::PageCall>(Opcode::scan, {{}, pattern, cursor, limit});
  }
  auto scan_index(std::string_view index, std::string_view pattern, std::string_view cursor,
                  std::size_t limit) const {
    return search<detail::PageCall>(Opcode::scan_index, {index, pattern, cursor, limit});
  }

 private:
  /// The scalar inputs of a search.
  struct Input {
    std::string_view index{};
    std::string_view pattern{};
    std::string_view cursor{};
    std::size_t limit = 0;
    bool batch = false;
  };

  static std::string own(std::string_view bytes) { return std::string(bytes); }
  static detail::OwnedValue<T> own(T& value) { return {std::move(value)}; }
  static Keys own(Keys& keys) {
    keys.own();
    return std::move(keys);
  }

  template <class Call, class... Owned>
  auto make(Owned... owned) const {
    return detail::Awaitable<Call, Owned...>(core_, context_, resumer_, std::move(owned)...);
  }
  template <class Call>
  auto search(Opcode code, Input input, Keys terms = {}, Keys except = {}) const {
    return make<detail::OwnedSearch<Call>>(code, own(input.index), own(input.pattern),
                                           own(input.cursor), input.limit, input.batch, own(terms),
                                           own(except));
  }
  template <bool kBatch, class F>
  std::shared_ptr<Loader> load(F&& loader) const {
    return detail::own_loader<T, kBatch>(std::forward<F>(loader), core_->wipes());
  }

  Core core_;
  std::shared_ptr<const Context> context_;    // null: none
  std::shared_ptr<const Resumer> resumer_;    // null: on the completing thread
};

}  // namespace larder
