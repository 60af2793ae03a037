// Typed secondary indexes: how a cache is told which terms a value is found by.
// Thread safety: declarations are read-only once the cache is open; extractors run on any thread,
// many at once, never under a lock.
#pragma once

#include <concepts>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "larder/value_ops.h"

namespace larder {

/// An index declared when the cache is opened: its name and the terms of a value. The terms are
/// computed anew at every write of a value, in the same atomic step; empty terms are left out.
/// `V` is void below the typed skin.
template <class V>
struct IndexSpec {
  std::string name;
  std::function<std::vector<std::string>(const V& value)> terms;
};

template <>
struct IndexSpec<void> {
  std::string name;
  std::function<std::vector<std::string>(const void* value)> terms;
};

namespace detail {

inline std::vector<std::string> as_terms(std::vector<std::string> terms) { return terms; }
inline std::vector<std::string> as_terms(std::string term) {
  std::vector<std::string> terms;  // a braced list would copy
  terms.push_back(std::move(term));
  secure_wipe(term);  // a short string leaves its bytes behind
  return terms;
}
inline std::vector<std::string> as_terms(std::optional<std::string> term) {
  if (!term) return {};
  std::vector<std::string> terms = as_terms(*std::move(term));
  secure_wipe(*term);
  return terms;
}

/// An index whose value type is found where it is used.
template <class F>
struct NamedExtractor {
  std::string name;
  F extract;

  template <class T>
    requires std::invocable<const F&, const T&>
  operator IndexSpec<T>() const {
    return {name,
            [extract = extract](const T& value) { return as_terms(std::invoke(extract, value)); }};
  }
};

}  // namespace detail

/// `index("by_subject", &Session::subject)`, or any callable from a value to a `std::string`,
/// an `std::optional<std::string>` or a `std::vector<std::string>`.
template <class F>
detail::NamedExtractor<F> index(std::string name, F extract) {
  return {std::move(name), std::move(extract)};
}

}  // namespace larder
