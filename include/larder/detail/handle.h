// What a blocking handle is without its operations on keys: the cache, the context, the running of
// calls, and the operations on indexes, tags, patterns and listings. The base of Cache<T>.
// Thread safety: every member is safe from any thread, at any time, in any mix.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "larder/batch.h"
#include "larder/context.h"
#include "larder/detail/core.h"
#include "larder/detail/requirements.h"
#include "larder/detail/search_calls.h"
#include "larder/result.h"

namespace larder::detail {

/// A cache and a context.
class Handle {
 protected:
  explicit Handle(std::shared_ptr<CacheCore> core) noexcept : core_(std::move(core)) {}

  template <class Call>
  auto run(Call&& call) const {
    if (context_ != nullptr) call.op.context = *context_;
    core_->run(call.op);
    return take_answer(call, core_->wipes());
  }

  std::shared_ptr<CacheCore> core_;         // never null
  std::shared_ptr<const Context> context_;  // null: none
};

/// The operations that name no keys; members of Cache<T> for its users.
template <class T>
class SearchFace : protected Handle {
 public:
  // ---- indexes and tags; the _many forms take several index keys

  /// Binds the live entries that match now to `index_key`; says how many were bound.
  Result<std::size_t> add_index(std::string_view index, std::string_view pattern,
                                std::string_view index_key) const {
    return run(CountCall(Opcode::add_index, index, index_key, pattern));
  }
  Result<std::size_t> add_index_many(std::string_view index, std::string_view pattern,
                                     const Keys& index_keys) const {
    return run(CountCall(Opcode::add_index, many(index, index_keys, pattern)));
  }
  Result<std::size_t> remove_index(std::string_view index, std::string_view pattern,
                                   std::string_view index_key) const {
    return run(CountCall(Opcode::remove_index, index, index_key, pattern));
  }
  Result<std::size_t> remove_index_many(std::string_view index, std::string_view pattern,
                                        const Keys& index_keys) const {
    return run(CountCall(Opcode::remove_index, many(index, index_keys, pattern)));
  }
  [[nodiscard]] Result<std::vector<std::string>> get_by_index(std::string_view index,
                                                              std::string_view index_key) const {
    return run(KeysCall(Opcode::find_by_index, index, index_key));
  }
  /// The distinct keys under any of `index_keys`.
  [[nodiscard]] Result<std::vector<std::string>> get_by_index_many(std::string_view index,
                                                                   const Keys& index_keys) const {
    return run(KeysCall(Opcode::find_by_index, many(index, index_keys)));
  }
  [[nodiscard]] BatchResult<T> get_values_by_index(std::string_view index,
                                                   std::string_view index_key) const {
    require_copyable<T>();
    return run(ValuesCall<T>(Opcode::get_by_index, index, index_key));
  }
  [[nodiscard]] BatchResult<T> get_values_by_index_many(std::string_view index,
                                                        const Keys& index_keys) const {
    require_copyable<T>();
    return run(ValuesCall<T>(Opcode::get_by_index, many(index, index_keys)));
  }
  [[nodiscard]] Result<std::size_t> count_by_index(std::string_view index,
                                                   std::string_view index_key) const {
    return run(CountCall(Opcode::count_by_index, index, index_key));
  }
  /// One count per index key.
  [[nodiscard]] Result<std::vector<std::size_t>> count_by_index_many(std::string_view index,
                                                                     const Keys& index_keys) const {
    return run(CountsCall(Opcode::count_by_index, many(index, index_keys)));
  }
  Result<std::size_t> erase_by_index(std::string_view index, std::string_view index_key,
                                     const Keys& except = {}) const {
    return run(CountCall(Opcode::erase_by_index, index, index_key, {}, except.views()));
  }
  /// One count per index key.
  Result<std::vector<std::size_t>> erase_by_index_many(std::string_view index,
                                                       const Keys& index_keys,
                                                       const Keys& except = {}) const {
    return run(CountsCall(Opcode::erase_by_index, many(index, index_keys, {}, except)));
  }
  Result<std::size_t> erase_by_tag(std::string_view tag) const {
    return erase_by_index(SearchOperation::kTagIndex, tag);
  }
  Result<std::vector<std::size_t>> erase_by_tag_many(const Keys& tags) const {
    return erase_by_index_many(SearchOperation::kTagIndex, tags);
  }

  // ---- patterns and listing

  [[nodiscard]] Result<std::vector<std::string>> keys_by_pattern(std::string_view pattern) const {
    return run(KeysCall(Opcode::find_by_pattern, {.pattern = pattern}));
  }
  Result<std::size_t> erase_by_pattern(std::string_view pattern) const {
    return run(CountCall(Opcode::erase_by_pattern, {.pattern = pattern}));
  }
  /// At most `limit` live keys that match, after `cursor` (empty: from the start).
  [[nodiscard]] Result<Page> scan(std::string_view pattern, std::string_view cursor,
                                  std::size_t limit) const {
    return run(PageCall(Opcode::scan, {.pattern = pattern, .cursor = cursor, .limit = limit}));
  }
  /// The same over the index keys of an index that have members.
  [[nodiscard]] Result<Page> scan_index(std::string_view index, std::string_view pattern,
                                        std::string_view cursor, std::size_t limit) const {
    return run(PageCall(Opcode::scan_index,
                        {.index = index, .pattern = pattern, .cursor = cursor, .limit = limit}));
  }

 protected:
  using Handle::Handle;

 private:
  static SearchInput many(std::string_view index, const Keys& terms, std::string_view pattern = {},
                          const Keys& except = {}) {
    return {.index = index,
            .pattern = pattern,
            .terms = terms.views(),
            .except = except.views(),
            .batch = true};
  }
};

}  // namespace larder::detail
