// What every operation's input must satisfy, in one place, so that all engines refuse the same
// things in the same order: arguments of all items, then the context.
//
// Thread safety: pure functions of the operation.
#include "base/check_input.h"

#include <string>

#include "base/clock.h"
#include "base/glob.h"
#include "larder/engine.h"

namespace larder {
namespace {

using Refusal = std::optional<Error>;

Refusal check_key(std::string_view key) {
  if (!key.empty() && key.size() <= kMaxKeyBytes) return std::nullopt;
  return Error(Errc::invalid_key,
               "a key has 1 to 65,535 bytes, this one has " + std::to_string(key.size()));
}

// Index names, index keys and tags.
Refusal check_term(std::string_view term, const char* what) {
  if (!term.empty() && term.size() <= kMaxKeyBytes) return std::nullopt;
  return Error(Errc::invalid_argument, std::string(what) + " has 1 to 65,535 bytes, this one has " +
                                           std::to_string(term.size()));
}

Refusal check_tags(const std::vector<std::string>& tags) {
  for (const std::string& tag : tags) {
    if (Refusal refusal = check_term(tag, "a tag")) return refusal;
  }
  return std::nullopt;
}

Refusal check_ttl(Ttl ttl) {
  if (ttl.valid()) return std::nullopt;
  return Error(Errc::invalid_ttl, "a time to live is above zero and at most 100 years");
}

Refusal check_write(const WriteOptions* write) {
  if (write == nullptr) return std::nullopt;
  if (Refusal refusal = check_ttl(write->ttl)) return refusal;
  return check_tags(write->tags);
}

Refusal check_pattern(std::string_view pattern) {
  const auto glob = base::Glob::compile(pattern);
  if (glob.has_value()) return std::nullopt;
  return Error(Errc::invalid_pattern, std::string(glob.error()));
}

Refusal check_items(std::span<const Item> items) {
  for (const Item& item : items) {
    if (Refusal refusal = check_key(item.key)) return refusal;
  }
  return std::nullopt;
}

Refusal check_index(const SearchOperation& op) {
  if (Refusal refusal = check_term(op.index, "an index name")) return refusal;
  const bool binds = op.code == Opcode::add_index || op.code == Opcode::remove_index;
  if (binds && op.index == SearchOperation::kTagIndex) {
    return Error(Errc::invalid_argument, "this index name is the library's own");
  }
  return std::nullopt;
}

Refusal check_terms(const SearchOperation& op) {
  if (op.terms.empty() && !op.batch) {
    return Error(Errc::invalid_argument, "an index key is missing");
  }
  for (const std::string_view term : op.terms) {
    if (Refusal refusal = check_term(term, "an index key or tag")) return refusal;
  }
  for (const std::string_view key : op.except) {
    if (Refusal refusal = check_key(key)) return refusal;
  }
  return std::nullopt;
}

Refusal check_search(const SearchOperation& op) {
  const bool has_index = op.code <= Opcode::erase_by_index || op.code == Opcode::scan_index;
  const bool has_terms = op.code <= Opcode::erase_by_index;
  const bool has_limit = op.code == Opcode::scan || op.code == Opcode::scan_index;
  const bool has_pattern = op.code == Opcode::add_index || op.code == Opcode::remove_index ||
                           op.code == Opcode::find_by_pattern ||
                           op.code == Opcode::erase_by_pattern || has_limit;
  Refusal refusal;
  if (has_index) refusal = check_index(op);
  if (!refusal && has_pattern) refusal = check_pattern(op.pattern);
  if (!refusal && has_terms) refusal = check_terms(op);
  if (!refusal && has_limit && op.limit == 0) {
    refusal = Error(Errc::invalid_argument, "the limit of a page is at least 1");
  }
  return refusal;
}

Refusal check_arguments(const Operation& op) {
  if (op.code <= Opcode::rename) {
    const auto& keys = static_cast<const KeyOperation&>(op);
    if (Refusal refusal = check_items(keys.items)) return refusal;
    return check_write(keys.write);
  }
  if (op.code == Opcode::load) {
    const auto& load = static_cast<const LoadOperation&>(op);
    if (Refusal refusal = check_items(load.items)) return refusal;
    return check_write(load.write);
  }
  if (op.code == Opcode::update) {
    const auto& update = static_cast<const UpdateOperation&>(op);
    if (Refusal refusal = check_key(update.item.key)) return refusal;
    return check_write(update.write);
  }
  if (op.code <= Opcode::clear) return check_search(static_cast<const SearchOperation&>(op));
  return Error(Errc::not_supported, "an operation that this release does not know");
}

Refusal check_context(const Operation& op) {
  const Context& context = op.context;
  if (context.stop.stop_requested()) return Error(Errc::cancelled, "cancelled before the start");
  if (context.deadline_ns) {
    const Clock& clock = op.clock != nullptr ? *op.clock : *default_clock();
    if (clock.now_ns() >= *context.deadline_ns) {
      return Error(Errc::deadline_exceeded, "the deadline had passed before the start");
    }
  }
  return std::nullopt;
}

}  // namespace

std::optional<Error> base::check_write(const WriteOptions* write) {
  return larder::check_write(write);
}

std::optional<Error> base::check_loaded(const LoadOutcome& outcome) {
  Refusal refusal = outcome.ttl ? check_ttl(*outcome.ttl) : std::nullopt;
  if (!refusal && outcome.tags) refusal = check_tags(*outcome.tags);
  return refusal;
}

bool is_empty_batch(const Operation& op) noexcept {
  if (op.code <= Opcode::rename) {
    const auto& keys = static_cast<const KeyOperation&>(op);
    return keys.batch && keys.items.empty();
  }
  if (op.code == Opcode::load) {
    const auto& load = static_cast<const LoadOperation&>(op);
    return load.batch && load.items.empty();
  }
  if (op.code >= Opcode::add_index && op.code <= Opcode::clear) {
    const auto& search = static_cast<const SearchOperation&>(op);
    return search.batch && search.terms.empty();
  }
  return false;
}

std::optional<Error> check_input(const Operation& op) {
  if (is_empty_batch(op)) return std::nullopt;
  Refusal refusal = check_arguments(op);
  return refusal ? std::move(refusal) : check_context(op);
}

}  // namespace larder
