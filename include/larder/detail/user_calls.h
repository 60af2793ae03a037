// The operations that load. Used by Cache<T> and AsyncCache<T>.
// Thread safety: as in calls.h; a loader may run on any thread while its flight lives.
#pragma once

#include <cstddef>
#include <exception>
#include <memory>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "larder/detail/answers.h"
#include "larder/detail/calls.h"
#include "larder/load.h"

namespace larder::detail {

/// A loader that answers before it returns. `kBatch`: it is given all missing keys at once.
template <class T, class F, bool kBatch>
class PlainLoader final : public Loader {
 public:
  PlainLoader(F& load, bool wipes) noexcept : load_(load), wipes_(wipes) {}

  void start(LoadTicket ticket) noexcept override {
    LoadedValues<T> loaded(ticket.context().keys().size(), wipes_);
    try {
      if constexpr (kBatch) {
        loaded.accept_all(call_batch_loader(load_, ticket.context()));
      } else {
        loaded.accept_one(call_loader(load_, ticket.context()));
      }
    } catch (...) {
      fail_all(loaded.outcomes, Error::from_exception(std::current_exception(), "the loader"));
    }
    std::move(ticket).finish(loaded.outcomes);
  }
  [[nodiscard]] bool is_synchronous() const noexcept override { return true; }

 private:
  F& load_;
  bool wipes_;
};

/// A loader of a caller who waits: it runs on the caller's thread before the call returns, so
/// nothing has to own it.
inline std::shared_ptr<Loader> borrow(Loader& loader) noexcept {
  return std::shared_ptr<Loader>(std::shared_ptr<void>(), &loader);
}

struct LoadCallBase {
  LoadOperation op;
  Item item;

  LoadCallBase(std::string_view key, std::shared_ptr<Loader> loader, const WriteOptions& options);
  LoadCallBase(const LoadCallBase&) = delete;
  LoadCallBase& operator=(const LoadCallBase&) = delete;
  [[nodiscard]] const Error* failure() const noexcept;
};

template <class T>
struct LoadRefCall : LoadCallBase {
  using LoadCallBase::LoadCallBase;
  Lookup<Ref<T>> take() {
    if (const Error* error = failure()) return *error;
    if (!item.hit) return std::nullopt;
    return Ref<T>(std::move(item.pin));
  }
};

template <class T>
struct LoadCall : LoadRefCall<T> {
  using LoadRefCall<T>::LoadRefCall;
  Lookup<T> take() {
    Lookup<Ref<T>> ref = LoadRefCall<T>::take();
    if (ref.failed()) return ref.error();
    if (ref.miss()) return std::nullopt;
    return copy_of(**ref);
  }
};

struct LoadManyBase {
  LoadOperation op;
  std::vector<Item> items;

  LoadManyBase(const Keys& keys, std::shared_ptr<Loader> loader, const WriteOptions& options);
  LoadManyBase(const LoadManyBase&) = delete;
  LoadManyBase& operator=(const LoadManyBase&) = delete;
};

template <class T>
struct LoadManyCall : LoadManyBase {
  bool wipes = false;  // what the answers leave on their way

  using LoadManyBase::LoadManyBase;
  BatchResult<T> take() {
    if (op.error) return BatchResult<T>(items.size(), *op.error);
    std::vector<Lookup<T>> answers(items.size());
    for (std::size_t i = 0; i < items.size(); ++i) {
      if (items[i].error) {
        answers[i] = *items[i].error;
      } else if (items[i].hit) {
        Lookup<T> copy = copy_of(*static_cast<const T*>(items[i].pin.value()));
        answers[i] = std::move(copy);
        if (wipes && copy.hit()) wipe_value(*copy);
      }
    }
    return BatchResult<T>(std::move(answers));
  }
};

}  // namespace larder::detail
