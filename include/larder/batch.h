// BatchResult: one outcome per key, aligned with the keys given, and an overall status.
// Thread safety: a value.
#pragma once

#include <cstddef>
#include <optional>
#include <type_traits>
#include <utility>
#include <vector>

#include "larder/result.h"

namespace larder {

/// The answer of a batch. `results[i]` belongs to the i-th key given; duplicates get one each.
/// When the whole input was refused (or the context had ended), `status` says so and every
/// element carries the same error.
template <class V>
class [[nodiscard]] BatchResult {
 public:
  /// A read's element is a Lookup; a write's element (V = void) is a Result<void>.
  using Element = std::conditional_t<std::is_void_v<V>, Result<void>, Lookup<V>>;
  using const_iterator = typename std::vector<Element>::const_iterator;

  BatchResult() = default;
  explicit BatchResult(std::vector<Element> elements) : elements_(std::move(elements)) {
    for (const Element& element : elements_) {
      if (!element.ok() && !first_error_) first_error_ = element.error();
    }
  }
  BatchResult(std::size_t size, const Error& error) : first_error_(error) {
    elements_.reserve(size);
    for (std::size_t i = 0; i < size; ++i) elements_.emplace_back(error);
  }

  /// No element failed (misses are no failure).
  [[nodiscard]] bool ok() const noexcept { return !first_error_; }
  [[nodiscard]] explicit operator bool() const noexcept { return ok(); }
  /// The first failure; needs `!ok()`.
  [[nodiscard]] const Error& error() const noexcept { return *first_error_; }
  [[nodiscard]] Result<void> status() const {
    return first_error_ ? Result<void>(*first_error_) : Result<void>();
  }
  [[nodiscard]] std::size_t size() const noexcept { return elements_.size(); }
  [[nodiscard]] bool empty() const noexcept { return elements_.empty(); }
  /// Elements that are hits.
  [[nodiscard]] std::size_t hits() const noexcept requires(!std::is_void_v<V>) {
    std::size_t count = 0;
    for (const Element& element : elements_) count += element.hit() ? 1 : 0;
    return count;
  }

  Element& operator[](std::size_t i) noexcept { return elements_[i]; }
  const Element& operator[](std::size_t i) const noexcept { return elements_[i]; }
  auto begin() noexcept { return elements_.begin(); }
  auto end() noexcept { return elements_.end(); }
  const_iterator begin() const noexcept { return elements_.begin(); }
  const_iterator end() const noexcept { return elements_.end(); }

 private:
  std::vector<Element> elements_;
  std::optional<Error> first_error_;
};

}  // namespace larder
