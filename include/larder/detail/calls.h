// The operations on named keys, each as an object that is made from its arguments, run by one of
// the two faces, and then asked for the typed answer. Used by Cache<T> and AsyncCache<T>.
// Thread safety: a call belongs to its caller, and to the engine while it runs. The arguments must
// outlive it. Calls are immovable: their operations point into them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <exception>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "larder/batch.h"
#include "larder/detail/core.h"
#include "larder/engine.h"
#include "larder/entry.h"
#include "larder/result.h"

namespace larder::detail {

/// An operation on one key.
struct KeyCall {
  KeyOperation op;
  Item item;

  KeyCall(Opcode code, std::string_view key) noexcept : op(code) {
    item.key = key;
    op.items = std::span(&item, 1);
  }
  KeyCall(const KeyCall&) = delete;
  KeyCall& operator=(const KeyCall&) = delete;

  /// What failed, or null.
  [[nodiscard]] const Error* failure() const noexcept;
  [[nodiscard]] Result<bool> flag() const;
};

/// erase, contains; touch, set_tags.
struct FlagCall : KeyCall {
  WriteOptions write;

  FlagCall(Opcode code, std::string_view key) noexcept : KeyCall(code, key) {}
  FlagCall(Opcode code, std::string_view key, WriteOptions options)
      : KeyCall(code, key), write(std::move(options)) {
    op.write = &write;
  }
  ~FlagCall() {
    for (std::string& tag : write.tags) secure_wipe(tag);
  }
  Result<bool> take() const { return flag(); }
};

/// set_if_absent, set_if_present, compare_and_set: `value` is moved from when stored.
struct StoreCall : KeyCall {
  StoreCall(Opcode code, std::string_view key, void* value, const WriteOptions& options,
            Version expected = {}) noexcept
      : KeyCall(code, key) {
    item.value = value;
    item.expected = expected;
    op.write = &options;
  }
  Result<bool> take() const { return flag(); }
};

struct SetCall : StoreCall {
  SetCall(std::string_view key, void* value, const WriteOptions& options) noexcept
      : StoreCall(Opcode::set, key, value, options) {}
  Result<Version> take() const;
};

struct RenameCall {
  KeyOperation op{Opcode::rename};
  Item items[2];

  RenameCall(std::string_view from, std::string_view to) noexcept {
    items[0].key = from;
    items[1].key = to;
    op.items = items;
  }
  Result<bool> take() const;
};

/// get, take: a copy of T built in place.
template <class T>
struct ReadCall : KeyCall {
  Lookup<T> answer;
  bool wipes = false;  // what is left of the answer once the caller has it

  ~ReadCall() {
    if (wipes && answer.hit()) wipe_value(*answer);
  }

  ReadCall(Opcode code, std::string_view key) noexcept : KeyCall(code, key) {
    op.deliver = Deliver::copy;
    item.value = LookupAccess::storage(answer);
  }
  Lookup<T> take() {
    const Error* const error = failure();
    if (item.hit) LookupAccess::engage(answer);
    if (error == nullptr) return std::move(answer);
    return *error;  // what was built goes with the answer
  }
};

template <class T>
struct EntryCall : ReadCall<T> {
  explicit EntryCall(std::string_view key) noexcept : ReadCall<T>(Opcode::get, key) {
    this->op.with_expiry = true;
  }
  Lookup<Entry<T>> take() {
    Lookup<Entry<T>> answer;  // the caller's: no copy of the value stays behind
    Lookup<T> value = ReadCall<T>::take();
    if (value.failed()) answer = value.error();
    if (!value.hit()) return answer;
    Entry<T> entry{*std::move(value), this->item.version, this->item.expires_at};
    new (LookupAccess::storage(answer)) Entry<T>(std::move(entry));
    LookupAccess::engage(answer);
    if (this->wipes) {
      wipe_value(*value);
      wipe_value(entry.value);
    }
    return answer;
  }
};

template <class T>
struct RefCall : KeyCall {
  explicit RefCall(std::string_view key) noexcept : KeyCall(Opcode::get, key) {
    op.deliver = Deliver::pin;
  }
  Lookup<Ref<T>> take() {
    if (const Error* error = failure()) return *error;
    if (!item.hit) return std::nullopt;
    return Ref<T>(std::move(item.pin));
  }
};

struct MetadataCall : KeyCall {
  EntryMetadata metadata;

  explicit MetadataCall(std::string_view key) noexcept : KeyCall(Opcode::metadata, key) {
    item.value = &metadata;
  }
  ~MetadataCall() { secure_wipe(metadata.key); }
  Lookup<EntryMetadata> take();
};

/// increment, decrement.
template <class T>
struct CounterCall : ReadCall<T> {
  WriteOptions write;

  CounterCall(std::string_view key, Delta delta, Ttl ttl_if_created)
      : ReadCall<T>(Opcode::increment, key), write(ttl_if_created) {
    this->op.delta = delta;
    this->op.write = &write;
  }
  Result<T> take() {
    Lookup<T> value = ReadCall<T>::take();
    if (value.failed()) return value.error();
    if (value.miss()) return Error(Errc::server_error, "the engine delivered no counter");
    return *std::move(value);
  }
};

/// An operation on many keys.
struct BatchCall {
  KeyOperation op;
  std::vector<Item> items;

  BatchCall(Opcode code, std::span<const std::string_view> keys);
  BatchCall(const BatchCall&) = delete;
  BatchCall& operator=(const BatchCall&) = delete;

  [[nodiscard]] BatchResult<void> statuses() const;
};

template <class T>
struct ReadManyCall : BatchCall {
  std::vector<Lookup<T>> answers;

  explicit ReadManyCall(const Keys& keys)
      : BatchCall(Opcode::get, keys.views()), answers(keys.size()) {
    op.deliver = Deliver::copy;
    for (std::size_t i = 0; i < items.size(); ++i) {
      items[i].value = LookupAccess::storage(answers[i]);
    }
  }
  BatchResult<T> take() {
    for (std::size_t i = 0; i < items.size(); ++i) {
      if (items[i].hit) LookupAccess::engage(answers[i]);
      if (items[i].error) answers[i] = *items[i].error;
    }
    if (op.error) return BatchResult<T>(items.size(), *op.error);
    return BatchResult<T>(std::move(answers));
  }
};

template <class T>
struct SetManyCall : BatchCall {
  SetManyCall(Pairs<T>& pairs, const WriteOptions& options)
      : BatchCall(Opcode::set, pairs.keys().views()) {
    op.write = &options;
    for (std::size_t i = 0; i < items.size(); ++i) items[i].value = pairs.value(i);
  }
  BatchResult<void> take() const { return statuses(); }
};

struct EraseManyCall : BatchCall {
  explicit EraseManyCall(const Keys& keys) : BatchCall(Opcode::erase, keys.views()) {}
  Result<std::size_t> take() const;
};

struct MetadataManyCall : BatchCall {
  std::vector<EntryMetadata> metadata;

  explicit MetadataManyCall(const Keys& keys);
  ~MetadataManyCall() {
    for (EntryMetadata& each : metadata) secure_wipe(each.key);
  }
  BatchResult<EntryMetadata> take();
};

/// The answer of a call that has ended.
template <class Call>
auto take_answer(Call& call, bool wipes) {
  if constexpr (requires { call.wipes = wipes; }) call.wipes = wipes;
  return call.take();
}

/// Runs the copy constructor of a T, which is user code.
template <class T>
Lookup<T> copy_of(const T& value) {
  try {
    return Lookup<T>(value);
  } catch (...) {
    return Error::from_exception(std::current_exception(), "the copy of a value");
  }
}

}  // namespace larder::detail
