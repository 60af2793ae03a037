// The operations that run user code: loads and updates. Adapts what loaders and updaters answer to
// the untyped seam. Used by Cache<T> and AsyncCache<T>.
// Thread safety: as in calls.h; a loader may run on any thread while its flight lives.
#pragma once

#include <concepts>
#include <cstddef>
#include <exception>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "larder/detail/calls.h"
#include "larder/load.h"

namespace larder::detail {

template <class X>
inline constexpr bool is_result = false;
template <class X>
inline constexpr bool is_result<Result<X>> = true;
template <class X>
inline constexpr bool is_lookup = false;
template <class X>
inline constexpr bool is_lookup<Lookup<X>> = true;
template <class X>
inline constexpr bool dependent_false = false;

/// Zeroes what a typed temporary of ours reaches.
template <class T>
void wipe_value(T& value) noexcept {
  if constexpr (Wipeable<T>) secure_wipe(value);
}

void fail(LoadOutcome& outcome, Error error);
void fail_all(std::span<LoadOutcome> outcomes, const Error& error);
/// The error of a batch loader whose answer does not match its keys.
Error wrong_length(std::size_t answers, std::size_t keys);

/// Puts one answer of a loader where the engine takes it from: `value` owns, `outcome` points.
template <class T, class Answer>
void accept(std::optional<T>& value, LoadOutcome& outcome, Answer&& answer) {
  using A = std::remove_cvref_t<Answer>;
  if constexpr (std::same_as<A, Absent>) {
    outcome.kind = LoadOutcome::Kind::absent;
  } else if constexpr (std::same_as<A, Error>) {
    fail(outcome, std::forward<Answer>(answer));
  } else if constexpr (std::same_as<A, Loaded<T>>) {
    outcome.ttl = answer.ttl;
    outcome.tags = std::move(answer.tags);
    accept(value, outcome, std::move(answer.value));
  } else if constexpr (is_result<A>) {
    if (!answer.ok()) return fail(outcome, std::move(answer).error());
    accept(value, outcome, *std::move(answer));
  } else if constexpr (is_lookup<A>) {
    if (answer.failed()) return fail(outcome, answer.error());
    if (answer.hit()) accept(value, outcome, *std::move(answer));
  } else if constexpr (std::convertible_to<Answer, T>) {
    value.emplace(static_cast<T>(std::forward<Answer>(answer)));
    outcome.kind = LoadOutcome::Kind::value;
    outcome.value = std::addressof(*value);
  } else {
    static_assert(dependent_false<A>,
                  "larder: a loader answers T, Loaded<T>, Lookup<T>, Result<T>, "
                  "larder::absent or an Error");
  }
}

/// As accept(), for the elements of a batch loader: an empty optional means absent.
template <class T, class Answer>
void accept_element(std::optional<T>& value, LoadOutcome& outcome, Answer&& answer) {
  if constexpr (is_optional<std::remove_cvref_t<Answer>> && !is_optional<T>) {
    if (answer) accept(value, outcome, *std::forward<Answer>(answer));
  } else {
    accept(value, outcome, std::forward<Answer>(answer));
  }
}

template <class F>
decltype(auto) call_loader(F& load, LoadContext& context) {
  if constexpr (std::invocable<F&, LoadContext&>) {
    return std::invoke(load, context);
  } else {
    static_assert(std::invocable<F&>, "larder: a loader takes (LoadContext&) or nothing");
    return std::invoke(load);
  }
}

template <class F>
decltype(auto) call_batch_loader(F& load, LoadContext& context) {
  using Missing = std::span<const std::string_view>;
  if constexpr (std::invocable<F&, LoadContext&, Missing>) {
    return std::invoke(load, context, context.keys());
  } else if constexpr (std::invocable<F&, Missing>) {
    return std::invoke(load, context.keys());
  } else {
    static_assert(std::invocable<F&, LoadContext&>,
                  "larder: a batch loader takes (LoadContext&, span<const string_view>), "
                  "the span, or (LoadContext&)");
    return std::invoke(load, context);
  }
}

/// The values of one load while they are handed over; wiped on the way out if the cache says so.
template <class T>
struct LoadedValues {
  std::vector<std::optional<T>> values;
  std::vector<LoadOutcome> outcomes;
  bool wipes;

  LoadedValues(std::size_t keys, bool wipe) : values(keys), outcomes(keys), wipes(wipe) {}
  LoadedValues(const LoadedValues&) = delete;
  LoadedValues& operator=(const LoadedValues&) = delete;
  ~LoadedValues() {
    for (std::optional<T>& value : values) {
      if (wipes && value) wipe_value(*value);
    }
  }

  template <class Answer>
  void accept_all(Answer&& answer) {
    using A = std::remove_cvref_t<Answer>;
    if constexpr (std::same_as<A, Error>) {
      fail_all(outcomes, answer);
    } else if constexpr (is_result<A>) {
      if (!answer.ok()) return fail_all(outcomes, answer.error());
      accept_all(*std::move(answer));
    } else {
      if (answer.size() != values.size()) {
        return fail_all(outcomes, wrong_length(answer.size(), values.size()));
      }
      for (std::size_t i = 0; i < values.size(); ++i) {
        accept_element(values[i], outcomes[i], std::move(answer[i]));
      }
    }
  }
  template <class Answer>
  void accept_one(Answer&& answer) {
    accept(values.front(), outcomes.front(), std::forward<Answer>(answer));
  }
};

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
  using LoadManyBase::LoadManyBase;
  BatchResult<T> take() {
    if (op.error) return BatchResult<T>(items.size(), *op.error);
    std::vector<Lookup<T>> answers(items.size());
    for (std::size_t i = 0; i < items.size(); ++i) {
      if (items[i].error) {
        answers[i] = *items[i].error;
      } else if (items[i].hit) {
        answers[i] = copy_of(*static_cast<const T*>(items[i].pin.value()));
      }
    }
    return BatchResult<T>(std::move(answers));
  }
};

}  // namespace larder::detail
