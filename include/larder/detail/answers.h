// What loaders answer, adapted to the untyped seam. Used by the calls that load.
// Thread safety: as calls.h; a loader may run on any thread while its flight lives.
#pragma once

#include <concepts>
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "larder/engine.h"
#include "larder/load.h"
#include "larder/result.h"
#include "larder/value_ops.h"

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

/// Wipes what user code answered, once its value was moved out: types that keep bytes inside
/// themselves leave them behind.
template <class T, class Answer>
void wipe_answer(Answer& answer) noexcept {
  if constexpr (std::is_const_v<Answer>) {
    return;
  } else if constexpr (std::same_as<Answer, Loaded<T>>) {
    wipe_value(answer.value);
    if (answer.tags) wipe_value(*answer.tags);
  } else if constexpr (std::same_as<Answer, Change<T>>) {
    if (answer.value()) wipe_value(*answer.value());
    if (answer.options()) wipe_value(answer.options()->tags);
  } else if constexpr (is_result<Answer>) {
    if (answer.ok()) wipe_answer<T>(*answer);
  } else if constexpr (is_lookup<Answer>) {
    if (answer.hit()) wipe_answer<T>(*answer);
  } else if constexpr (std::same_as<Answer, T>) {
    wipe_value(answer);
  } else if constexpr (is_optional<Answer>) {
    if (answer) wipe_answer<T>(*answer);
  }
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
    accept(value, outcome, std::move(*answer));
  } else if constexpr (is_lookup<A>) {
    if (answer.failed()) return fail(outcome, answer.error());
    if (answer.hit()) accept(value, outcome, std::move(*answer));
  } else if constexpr (std::convertible_to<Answer, T>) {
    if constexpr (std::same_as<A, T>) {
      value.emplace(std::forward<Answer>(answer));  // in place: no copy on the way
    } else {
      value.emplace(static_cast<T>(std::forward<Answer>(answer)));
    }
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
    if (!wipes) return;
    for (std::optional<T>& value : values) {
      if (value) wipe_value(*value);
    }
    for (LoadOutcome& outcome : outcomes) {
      if (outcome.tags) wipe_value(*outcome.tags);
    }
  }

  template <class Answer>
  void accept_all(Answer&& answer) {
    using A = std::remove_cvref_t<Answer>;
    if constexpr (std::same_as<A, Error>) {
      fail_all(outcomes, answer);
    } else if constexpr (is_result<A>) {
      if (!answer.ok()) return fail_all(outcomes, answer.error());
      accept_all(std::move(*answer));
    } else {
      if (answer.size() != values.size()) {
        return fail_all(outcomes, wrong_length(answer.size(), values.size()));
      }
      for (std::size_t i = 0; i < values.size(); ++i) {
        accept_element(values[i], outcomes[i], std::move(answer[i]));
        if constexpr (std::is_lvalue_reference_v<decltype(answer[i])>) {  // not of vector<bool>
          if (wipes) wipe_answer<T>(answer[i]);
        }
      }
    }
  }
  template <class Answer>
  void accept_one(Answer&& answer) {
    accept(values.front(), outcomes.front(), std::forward<Answer>(answer));
    if (wipes) wipe_answer<T>(answer);
  }
};

}  // namespace larder::detail
