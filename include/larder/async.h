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
#include "larder/detail/async_handle.h"
#include "larder/detail/async_loader.h"
#include "larder/detail/awaitable.h"
#include "larder/task.h"

namespace larder {

/// Made by `Cache<T>::async()`. The awaitables copy keys, options and the context before the first
/// suspension, so that `co_await cache.async().get(make_key())` is right. An operation that is done
/// at once does not suspend. Loaders and updaters are moved or copied in; a loader may also be a
/// coroutine (`-> Task<Session>`), and outlives its caller if others wait.
/// GCC 12 cannot take a braced list inside a co_await expression: name the keys first.
///
/// The operations on indexes, tags, patterns and listings are in the base,
/// "larder/detail/async_handle.h".
template <class T>
class AsyncCache : public detail::AsyncSearchFace<T> {
  using Base = detail::AsyncSearchFace<T>;

 public:
  using Base::Base;

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
    const detail::Wiper<T> wiper(core_->wipes(), value);
    return make<detail::SetCall>(own(key), own_value(value), own_write(std::move(options)));
  }
  auto erase(std::string_view key) const { return make<detail::FlagCall>(Opcode::erase, own(key)); }
  auto clear() const { return make<detail::ClearCall>(); }

  // ---- atomic per key

  template <class F>
  auto get_or_set(std::string_view key, F&& loader, WriteOptions options = {}) const {
    detail::require_copyable<T>();
    return make<detail::LoadCall<T>>(own(key), load<false>(std::forward<F>(loader)),
                                     own_write(std::move(options)));
  }
  template <class F>
  auto get_or_set_ref(std::string_view key, F&& loader, WriteOptions options = {}) const {
    return make<detail::LoadRefCall<T>>(own(key), load<false>(std::forward<F>(loader)),
                                        own_write(std::move(options)));
  }
  template <class F>
  auto update(std::string_view key, F&& updater, WriteOptions options = Ttl::keep()) const {
    detail::require_copyable<T>();
    using Call = detail::UpdateCall<T, std::decay_t<F>>;
    return make<Call>(own(key), std::decay_t<F>(std::forward<F>(updater)),
                      own_write(std::move(options)), core_->wipes());
  }
  auto set_if_absent(std::string_view key, T value, WriteOptions options = {}) const {
    const detail::Wiper<T> wiper(core_->wipes(), value);
    return make<detail::StoreCall>(Opcode::set_if_absent, own(key), own_value(value),
                                   own_write(std::move(options)));
  }
  auto set_if_present(std::string_view key, T value, WriteOptions options = {}) const {
    const detail::Wiper<T> wiper(core_->wipes(), value);
    return make<detail::StoreCall>(Opcode::set_if_present, own(key), own_value(value),
                                   own_write(std::move(options)));
  }
  auto compare_and_set(std::string_view key, Version expected, T value,
                       WriteOptions options = Ttl::keep()) const {
    const detail::Wiper<T> wiper(core_->wipes(), value);
    return make<detail::StoreCall>(Opcode::compare_and_set, own(key), own_value(value),
                                   own_write(std::move(options)), expected);
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
                                  own_write({Ttl::keep(), std::move(tags)}));
  }

  // ---- batches

  auto get_many(Keys keys) const {
    detail::require_copyable<T>();
    return make<detail::ReadManyCall<T>>(own(keys));
  }
  auto set_many(Pairs<T> items, WriteOptions options = {}) const {
    items.own();
    return make<detail::SetManyCall<T>>(std::move(items), own_write(std::move(options)));
  }
  auto erase_many(Keys keys) const { return make<detail::EraseManyCall>(own(keys)); }
  auto metadata_many(Keys keys) const { return make<detail::MetadataManyCall>(own(keys)); }
  template <class F>
  auto get_or_set_many(Keys keys, F&& loader, WriteOptions options = {}) const {
    detail::require_copyable<T>();
    return make<detail::LoadManyCall<T>>(own(keys), load<true>(std::forward<F>(loader)),
                                         own_write(std::move(options)));
  }

 private:
  using Base::context_;
  using Base::core_;
  using Base::own;
  using Base::resumer_;

  template <class Call, class... Owned>
  auto make(Owned... owned) const {
    return detail::Awaitable<Call, Owned...>(core_, context_, resumer_, std::move(owned)...);
  }
  detail::OwnedWrite own_write(WriteOptions options) const {
    return detail::OwnedWrite(std::move(options), core_->wipes());
  }
  detail::OwnedValue<T> own_value(T& value) const {
    return detail::OwnedValue<T>(std::move(value), core_->wipes());
  }

  template <bool kBatch, class F>
  std::shared_ptr<Loader> load(F&& loader) const {
    return detail::own_loader<T, kBatch>(std::forward<F>(loader), core_->wipes());
  }
};

}  // namespace larder
