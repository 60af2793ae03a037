// The parts of loads that need no T.
//
// Thread safety: as in detail/user_calls.h.
#include "larder/detail/user_calls.h"

#include "engine/trampoline.h"
#include "larder/detail/async_loader.h"

namespace larder::detail {

void fail(LoadOutcome& outcome, Error error) {
  outcome.kind = LoadOutcome::Kind::failed;
  outcome.error = std::move(error);
}

void fail_all(std::span<LoadOutcome> outcomes, const Error& error) {
  for (LoadOutcome& outcome : outcomes) fail(outcome, error);
}

Error wrong_length(std::size_t answers, std::size_t keys) {
  return Error(Errc::invalid_argument, "the batch loader answered " + std::to_string(answers) +
                                           " values for " + std::to_string(keys) + " keys");
}

void finish_load(LoadTicket ticket, std::span<LoadOutcome> outcomes) noexcept {
  const engine::Trampoline::Scope scope;
  std::move(ticket).finish(outcomes);
}

LoadCallBase::LoadCallBase(std::string_view key, std::shared_ptr<Loader> loader,
                           const WriteOptions& options) {
  item.key = key;
  op.items = std::span(&item, 1);
  op.write = &options;
  op.loader = std::move(loader);
}

const Error* LoadCallBase::failure() const noexcept {
  if (op.error) return &*op.error;
  return item.error ? &*item.error : nullptr;
}

LoadManyBase::LoadManyBase(const Keys& keys, std::shared_ptr<Loader> loader,
                           const WriteOptions& options)
    : items(keys.size()) {
  for (std::size_t i = 0; i < items.size(); ++i) items[i].key = keys.views()[i];
  op.items = items;
  op.batch = true;
  op.write = &options;
  op.loader = std::move(loader);
}

}  // namespace larder::detail
