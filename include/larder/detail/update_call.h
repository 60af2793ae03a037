// update: adapts what an updater answers to the untyped seam. Used by Cache<T> and AsyncCache<T>.
// Thread safety: as in calls.h; the updater runs on one thread at a time.
#pragma once

#include <concepts>
#include <exception>
#include <functional>
#include <optional>
#include <string_view>
#include <type_traits>
#include <utility>

#include "larder/detail/answers.h"
#include "larder/detail/calls.h"

namespace larder::detail {

/// An updater's answer as a Change.
template <class T, class Answer>
Change<T> as_change(Answer&& answer) {
  using A = std::remove_cvref_t<Answer>;
  if constexpr (std::same_as<A, Change<T>>) {
    return std::forward<Answer>(answer);
  } else if constexpr (is_result<A>) {
    if (!answer.ok()) return std::move(answer).error();
    return as_change<T>(std::move(*answer));
  } else if constexpr (std::same_as<A, Error> || std::same_as<A, Keep> || std::same_as<A, Erase>) {
    return std::forward<Answer>(answer);
  } else {
    static_assert(std::convertible_to<Answer, T>,
                  "larder: an updater answers Change<T>, T, Result of these, or an Error");
    return Change<T>::store(std::forward<Answer>(answer));
  }
}

/// Makes a decision to store on terms that are not valid one to fail.
void refuse_invalid(Updater::Decision& decision) noexcept;

template <class T, class F>
class TypedUpdater final : public Updater {
 public:
  TypedUpdater(F& decide, bool wipes) noexcept : decide_(decide), wipes_(wipes) {}
  TypedUpdater(const TypedUpdater&) = delete;
  TypedUpdater& operator=(const TypedUpdater&) = delete;
  // Kept out of line: inlined, gcc 12 warns of members that the optional's flag guards.
  [[gnu::noinline]] ~TypedUpdater() override { forget(); }

  Decision decide(const void* old_value) noexcept override {
    static_assert(std::invocable<F&, const T*>,
                  "larder: an updater takes (const T* old), null where nothing lives");
    forget();
    try {
      auto&& answer = std::invoke(decide_, static_cast<const T*>(old_value));
      Change<T> change = as_change<T>(std::forward<decltype(answer)>(answer));
      change_.emplace(std::move(change));
      if (wipes_) {
        wipe_answer<T>(change);
        if constexpr (!std::is_lvalue_reference_v<decltype(answer)>) wipe_answer<T>(answer);
      }
    } catch (...) {
      change_.emplace(Error::from_exception(std::current_exception(), "the updater"));
    }
    Decision decision{.kind = static_cast<Decision::Kind>(change_->kind())};
    if (change_->value()) decision.value = std::addressof(*change_->value());
    if (change_->options()) decision.write = std::addressof(*change_->options());
    decision.error = change_->error();
    refuse_invalid(decision);
    return decision;
  }

 private:
  void forget() noexcept {
    if (wipes_ && change_) wipe_answer<T>(*change_);
    change_.reset();
  }

  F& decide_;
  bool wipes_;
  std::optional<Change<T>> change_;  // the last answer; the engine moves the value out of it
};

template <class T, class F>
struct UpdateCall {
  UpdateOperation op;
  TypedUpdater<T, F> updater;

  UpdateCall(std::string_view key, F& decide, const WriteOptions& options, bool wipes) noexcept
      : updater(decide, wipes) {
    op.item.key = key;
    op.write = &options;
    op.updater = &updater;
  }
  UpdateCall(const UpdateCall&) = delete;
  UpdateCall& operator=(const UpdateCall&) = delete;

  // One object throughout, which is the caller's: no copy of the value stays behind.
  Result<Updated<T>> take() {
    using Action = typename Updated<T>::Action;
    Result<Updated<T>> updated(
        Updated<T>{.action = Action::kept, .value = std::nullopt, .version = op.item.version});
    if (op.item.error) updated = *op.item.error;
    if (op.error) updated = *op.error;
    if (!updated.ok()) return updated;
    if (op.action == Updater::Decision::Kind::store) updated->action = Action::stored;
    if (op.action == Updater::Decision::Kind::erase) updated->action = Action::erased;
    if (!op.item.pin) return updated;
    try {  // CALLBACK: the copy constructor of T, straight into what the caller gets
      updated->value.emplace(*static_cast<const T*>(op.item.pin.value()));
    } catch (...) {
      // What was stored stays stored, though its copy for the caller failed.
      updated = Error::from_exception(std::current_exception(), "the copy of a value")
                    .with_effect(effect_of(updated->action));
    }
    return updated;
  }

 private:
  static Effect effect_of(typename Updated<T>::Action action) noexcept {
    return action == Updated<T>::Action::stored ? Effect::unknown : Effect::no;
  }
};

}  // namespace larder::detail
