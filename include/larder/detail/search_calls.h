// The operations on indexes, tags, patterns and listings, as objects. Used by Cache<T> and
// AsyncCache<T>.
// Thread safety: as calls.h.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "larder/batch.h"
#include "larder/detail/calls.h"
#include "larder/engine.h"
#include "larder/result.h"

namespace larder::detail {

/// Arguments of a SearchOperation; what an operation does not use stays empty.
struct SearchInput {
  std::string_view index{};
  std::string_view pattern{};
  std::span<const std::string_view> terms{};
  std::span<const std::string_view> except{};
  std::string_view cursor{};
  std::size_t limit = 0;
  bool batch = false;
};

/// Indexes, tags, patterns, listings, clear; the derived calls differ in their answers.
struct SearchCall {
  SearchOperation op;
  std::string_view single;  // the term of a call with one

  SearchCall(Opcode code, const SearchInput& input) noexcept;
  SearchCall(Opcode code, std::string_view index, std::string_view term,
             std::string_view pattern = {}, std::span<const std::string_view> except = {}) noexcept;
  SearchCall(const SearchCall&) = delete;
  SearchCall& operator=(const SearchCall&) = delete;
};

struct CountCall : SearchCall {
  using SearchCall::SearchCall;
  [[nodiscard]] Result<std::size_t> take() const;
};
struct CountsCall : SearchCall {
  using SearchCall::SearchCall;
  [[nodiscard]] Result<std::vector<std::size_t>> take();
};
struct KeysCall : SearchCall {
  using SearchCall::SearchCall;
  [[nodiscard]] Result<std::vector<std::string>> take();
};
struct PageCall : SearchCall {
  using SearchCall::SearchCall;
  [[nodiscard]] Result<Page> take();
};
struct ClearCall : SearchCall {
  ClearCall() noexcept : SearchCall(Opcode::clear, SearchInput{}) {}
  [[nodiscard]] Result<void> take() const;
};

template <class T>
struct ValuesCall : SearchCall {
  bool wipes = false;  // what the answers leave on their way

  using SearchCall::SearchCall;
  BatchResult<T> take() {
    if (op.error) return BatchResult<T>(0, *op.error);
    std::vector<Lookup<T>> values;
    values.reserve(op.found.size());
    for (const SearchOperation::Found& found : op.found) {
      Lookup<T> copy = copy_of(*static_cast<const T*>(found.pin.value()));
      values.push_back(std::move(copy));
      if (wipes && copy.hit()) wipe_value(*copy);
    }
    return BatchResult<T>(std::move(values));
  }
};

}  // namespace larder::detail
