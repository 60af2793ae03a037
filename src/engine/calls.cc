// The parts of the typed calls that need no T: making operations and reading their outcomes.
//
// Thread safety: as in detail/calls.h.
#include "larder/detail/calls.h"

#include <numeric>

#include "base/check_input.h"
#include "larder/detail/search_calls.h"
#include "larder/detail/update_call.h"

namespace larder::detail {

const Error* KeyCall::failure() const noexcept {
  if (op.error) return &*op.error;
  return item.error ? &*item.error : nullptr;
}

Result<bool> KeyCall::flag() const {
  if (const Error* error = failure()) return *error;
  return item.hit;
}

Result<Version> SetCall::take() const {
  if (const Error* error = failure()) return *error;
  return item.version;
}

Result<bool> RenameCall::take() const {
  if (op.error) return *op.error;
  for (const Item& item : items) {
    if (item.error) return *item.error;
  }
  return items[0].hit;
}

Lookup<EntryMetadata> MetadataCall::take() {
  if (const Error* error = failure()) return *error;
  if (!item.hit) return std::nullopt;
  return std::move(metadata);
}

BatchCall::BatchCall(Opcode code, std::span<const std::string_view> keys)
    : op(code), items(keys.size()) {
  for (std::size_t i = 0; i < keys.size(); ++i) items[i].key = keys[i];
  op.items = items;
  op.batch = true;
}

BatchResult<void> BatchCall::statuses() const {
  // An empty batch has no element that could carry the error.
  if (op.error) return BatchResult<void>(items.size(), *op.error);
  std::vector<Result<void>> elements(items.size());
  for (std::size_t i = 0; i < items.size(); ++i) {
    if (items[i].error) elements[i] = *items[i].error;
  }
  return BatchResult<void>(std::move(elements));
}

Result<std::size_t> EraseManyCall::take() const {
  std::size_t erased = 0;
  if (op.error) return *op.error;
  for (const Item& item : items) {
    if (item.error) return *item.error;
    erased += item.hit ? 1 : 0;
  }
  return erased;
}

MetadataManyCall::MetadataManyCall(const Keys& keys)
    : BatchCall(Opcode::metadata, keys.views()), metadata(keys.size()) {
  for (std::size_t i = 0; i < items.size(); ++i) items[i].value = &metadata[i];
}

BatchResult<EntryMetadata> MetadataManyCall::take() {
  if (op.error) return BatchResult<EntryMetadata>(items.size(), *op.error);
  std::vector<Lookup<EntryMetadata>> elements(items.size());
  for (std::size_t i = 0; i < items.size(); ++i) {
    if (items[i].error) {
      elements[i] = *items[i].error;
    } else if (items[i].hit) {
      elements[i] = std::move(metadata[i]);
    }
  }
  return BatchResult<EntryMetadata>(std::move(elements));
}

SearchCall::SearchCall(Opcode code, const SearchInput& input) noexcept : op(code) {
  op.index = input.index;
  op.pattern = input.pattern;
  op.terms = input.terms;
  op.except = input.except;
  op.cursor = input.cursor;
  op.limit = input.limit;
  op.batch = input.batch;
}

SearchCall::SearchCall(Opcode code, std::string_view index, std::string_view term,
                       std::string_view pattern, std::span<const std::string_view> except) noexcept
    : op(code), single(term) {
  op.index = index;
  op.pattern = pattern;
  op.terms = std::span(&single, 1);
  op.except = except;
}

Result<std::size_t> CountCall::take() const {
  if (op.error) return *op.error;
  return std::accumulate(op.counts.begin(), op.counts.end(), std::size_t{0});
}

Result<std::vector<std::size_t>> CountsCall::take() {
  if (op.error) return *op.error;
  return std::move(op.counts);
}

Result<std::vector<std::string>> KeysCall::take() {
  if (op.error) return *op.error;
  return std::move(op.keys);
}

Result<Page> PageCall::take() {
  if (op.error) return *op.error;
  return std::move(op.page);
}

Result<void> ClearCall::take() const {
  if (op.error) return *op.error;
  return {};
}

void refuse_invalid(Updater::Decision& decision) noexcept {
  if (decision.kind != Updater::Decision::Kind::store) return;
  if (auto refusal = base::check_write(decision.write)) {
    decision.kind = Updater::Decision::Kind::fail;
    decision.error = std::move(refusal);
  }
}

}  // namespace larder::detail
