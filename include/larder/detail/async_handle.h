// What a coroutine handle is without its operations on keys: the cache, the context, the resumer,
// the making of awaitables, and the operations on indexes, tags, patterns and listings. The base of
// AsyncCache<T>.
// Thread safety: every member is safe from any thread, at any time, in any mix.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "larder/batch.h"
#include "larder/context.h"
#include "larder/detail/awaitable.h"
#include "larder/detail/core.h"
#include "larder/detail/requirements.h"
#include "larder/detail/search_calls.h"

namespace larder::detail {

/// The operations that name no keys; members of AsyncCache<T> for its users.
template <class T>
class AsyncSearchFace {
 public:
  AsyncSearchFace(std::shared_ptr<CacheCore> core, std::shared_ptr<const Context> context,
                  Resumer resumer = {})
      : core_(std::move(core)), context_(std::move(context)) {
    if (resumer) resumer_ = std::make_shared<const Resumer>(std::move(resumer));
  }

  // ---- indexes and tags

  auto add_index(std::string_view index, std::string_view pattern,
                 std::string_view index_key) const {
    return search<CountCall>(Opcode::add_index, {index, pattern}, {index_key});
  }
  auto add_index_many(std::string_view index, std::string_view pattern, Keys index_keys) const {
    return search<CountCall>(Opcode::add_index, {index, pattern, {}, 0, true},
                             std::move(index_keys));
  }
  auto remove_index(std::string_view index, std::string_view pattern,
                    std::string_view index_key) const {
    return search<CountCall>(Opcode::remove_index, {index, pattern}, {index_key});
  }
  auto remove_index_many(std::string_view index, std::string_view pattern, Keys index_keys) const {
    return search<CountCall>(Opcode::remove_index, {index, pattern, {}, 0, true},
                             std::move(index_keys));
  }
  auto get_by_index(std::string_view index, std::string_view index_key) const {
    return search<KeysCall>(Opcode::find_by_index, {index}, {index_key});
  }
  auto get_by_index_many(std::string_view index, Keys index_keys) const {
    return search<KeysCall>(Opcode::find_by_index, {index, {}, {}, 0, true}, std::move(index_keys));
  }
  auto get_values_by_index(std::string_view index, std::string_view index_key) const {
    require_copyable<T>();
    return search<ValuesCall<T>>(Opcode::get_by_index, {index}, {index_key});
  }
  auto get_values_by_index_many(std::string_view index, Keys index_keys) const {
    require_copyable<T>();
    return search<ValuesCall<T>>(Opcode::get_by_index, {index, {}, {}, 0, true},
                                 std::move(index_keys));
  }
  auto count_by_index(std::string_view index, std::string_view index_key) const {
    return search<CountCall>(Opcode::count_by_index, {index}, {index_key});
  }
  auto count_by_index_many(std::string_view index, Keys index_keys) const {
    return search<CountsCall>(Opcode::count_by_index, {index, {}, {}, 0, true},
                              std::move(index_keys));
  }
  auto erase_by_index(std::string_view index, std::string_view index_key, Keys except = {}) const {
    return search<CountCall>(Opcode::erase_by_index, {index}, {index_key}, std::move(except));
  }
  auto erase_by_index_many(std::string_view index, Keys index_keys, Keys except = {}) const {
    return search<CountsCall>(Opcode::erase_by_index, {index, {}, {}, 0, true},
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
    return search<KeysCall>(Opcode::find_by_pattern, {{}, pattern});
  }
  auto erase_by_pattern(std::string_view pattern) const {
    return search<CountCall>(Opcode::erase_by_pattern, {{}, pattern});
  }
  auto scan(std::string_view pattern, std::string_view cursor, std::size_t limit) const {
    return search<PageCall>(Opcode::scan, {{}, pattern, cursor, limit});
  }
  auto scan_index(std::string_view index, std::string_view pattern, std::string_view cursor,
                  std::size_t limit) const {
    return search<PageCall>(Opcode::scan_index, {index, pattern, cursor, limit});
  }

 protected:
  OwnedText own(std::string_view bytes) const {
    return OwnedText(std::string(bytes), core_->wipes());
  }
  static Keys own(Keys& keys) {
    keys.own();
    return std::move(keys);
  }

  std::shared_ptr<CacheCore> core_;
  std::shared_ptr<const Context> context_;  // null: none
  std::shared_ptr<const Resumer> resumer_;  // null: on the completing thread

 private:
  /// The scalar inputs of a search.
  struct Input {
    std::string_view index{};
    std::string_view pattern{};
    std::string_view cursor{};
    std::size_t limit = 0;
    bool batch = false;
  };

  template <class Call>
  auto search(Opcode code, Input input, Keys terms = {}, Keys except = {}) const {
    return Awaitable<OwnedSearch<Call>, Opcode, OwnedText, OwnedText, OwnedText, std::size_t, bool,
                     Keys, Keys>(core_, context_, resumer_, code, own(input.index),
                                 own(input.pattern), own(input.cursor), input.limit, input.batch,
                                 own(terms), own(except));
  }
};

}  // namespace larder::detail
