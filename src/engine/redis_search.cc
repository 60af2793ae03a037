// Indexes, tags, patterns and clear.
// Thread safety: see redis_search.h.
#include "engine/redis_search.h"

#include <algorithm>
#include <string>
#include <unordered_set>
#include <utility>
#include <vector>

#include "base/check.h"
#include "base/glob.h"
#include "engine/redis_entries.h"
#include "engine/redis_listing.h"
#include "engine/redis_members.h"
#include "redis/terms.h"

namespace larder::engine {
namespace {

base::Glob compiled(std::string_view pattern) {
  auto glob = base::Glob::compile(pattern);
  CHECK(glob.has_value());  // the input was checked
  return *std::move(glob);
}

// Binds or unbinds one term; how many it concerned.
Task<Result<std::size_t>> bind_terms(RedisWay way, std::span<const Living> targets,
                                     const std::string& block, std::string_view what) {
  std::size_t count = 0;
  const std::vector<std::string_view> arguments = {what, block};
  for (std::size_t from = 0; from < targets.size(); from += kSearchSlice) {
    const auto slice = targets.subspan(from, std::min(kSearchSlice, targets.size() - from));
    std::vector<std::string> entries;
    for (const Living& one : slice) entries.push_back(way.space.layout.entry_of_name(one.name));
    RedisCall::Ptr call;
    if (auto error = co_await run_script(way, call, "bind", entries, arguments, Access::writes)) {
      co_return *error;
    }
    count += static_cast<std::size_t>(call->answer().integer);
  }
  co_return count;
}

Task<void> add_index(RedisWay way, SearchOperation& op) {
  const base::Glob glob = compiled(op.pattern);
  const auto targets = co_await matching(way, glob);
  if (!targets.ok()) op.error = targets.error();
  std::size_t bound = 0;
  for (std::size_t i = 0; !op.error && i < op.terms.size(); ++i) {
    const auto count = co_await bind_terms(way, *targets, term_block(op.index, op.terms[i]), "add");
    if (!count.ok()) op.error = count.error();
    if (count.ok() && i == 0) bound = *count;
  }
  op.counts.assign(1, bound);
}

Task<void> remove_index(RedisWay way, SearchOperation& op) {
  const base::Glob glob = compiled(op.pattern);
  std::size_t unbound = 0;
  for (const std::string_view term : op.terms) {
    auto targets = co_await members(way, index_key(way.space, op.index, term));
    if (!targets.ok()) op.error = targets.error();
    if (op.error) co_return;
    std::erase_if(*targets, [&](const Living& one) { return !glob.matches(one.key); });
    const auto count = co_await bind_terms(way, *targets, term_block(op.index, term), "remove");
    if (!count.ok()) op.error = count.error();
    if (op.error) co_return;
    unbound += *count;
  }
  op.counts.assign(1, unbound);
}

Task<void> find_by_index(RedisWay way, SearchOperation& op) {
  for (const std::string_view term : op.terms) {
    auto found = co_await members(way, index_key(way.space, op.index, term));
    if (!found.ok()) op.error = found.error();
    if (op.error) co_return;
    for (Living& one : *found) op.keys.push_back(std::move(one.key));
  }
  if (op.terms.size() < 2) co_return;
  std::ranges::sort(op.keys);
  op.keys.erase(std::ranges::unique(op.keys).begin(), op.keys.end());
}

// Whether what was read holds the term: it may have changed since its name was found.
bool holds(const Opened& opened, std::string_view index, std::string_view term) {
  if (!opened.live()) return false;
  const std::string escaped = redis::Layout::escaped(index);
  const bool is_tag = index == SearchOperation::kTagIndex;
  const redis::Term wanted{is_tag, is_tag ? std::string_view() : escaped, term};
  return redis::has_term(opened.terms, wanted) || redis::has_term(opened.bound, wanted);
}

Task<void> get_by_index(RedisWay way, SearchOperation& op) {
  std::unordered_set<std::string> seen;
  for (const std::string_view term : op.terms) {
    const auto found = co_await members(way, index_key(way.space, op.index, term));
    if (!found.ok()) op.error = found.error();
    if (op.error) co_return;
    std::vector<std::string> entries;
    std::vector<std::string_view> keys;
    for (const Living& one : *found) {
      entries.push_back(way.space.layout.entry_of_name(one.name));
      keys.push_back(one.key);
    }
    const auto opened = co_await read_entries(way, entries, keys);
    if (!opened.ok()) op.error = opened.error();
    if (!op.error) op.error = co_await note_uses(way, entries, *opened);
    if (op.error) co_return;
    for (std::size_t i = 0; i < keys.size(); ++i) {
      if (!holds((*opened)[i], op.index, term) || !seen.emplace(keys[i]).second) continue;
      auto pin = pinned(way.space, (*opened)[i]);
      if (!pin.ok()) op.error = pin.error();
      if (op.error) co_return;
      op.found.push_back({std::string(keys[i]), *std::move(pin)});
    }
  }
  if (op.terms.size() > 1) std::ranges::sort(op.found, {}, &SearchOperation::Found::key);
}

Task<void> count_by_index(RedisWay way, SearchOperation& op) {
  op.counts.assign(op.terms.size(), 0);
  for (std::size_t i = 0; i < op.terms.size(); ++i) {
    const auto found = co_await members(way, index_key(way.space, op.index, op.terms[i]));
    if (!found.ok()) op.error = found.error();
    if (op.error) co_return;
    op.counts[i] = found->size();
  }
}

// Loads that began before, and would store the term, cannot publish from here on.
Task<std::optional<Error>> fence_term(RedisWay way, const std::string& key) {
  way.space.flights.fence_later();
  const std::vector<std::string> keys = {way.space.layout.generation(), way.space.layout.fences()};
  const std::vector<std::string_view> arguments(
      1, std::string_view(key).substr(way.space.layout.prefix().size()));
  RedisCall::Ptr call;
  co_return co_await run_script(way, call, "fence", keys, arguments, Access::writes);
}

Task<void> erase_by_index(RedisWay way, SearchOperation& op) {
  op.counts.assign(op.terms.size(), 0);
  for (std::size_t i = 0; i < op.terms.size(); ++i) {
    const std::string key = index_key(way.space, op.index, op.terms[i]);
    op.error = co_await fence_term(way, key);
    if (op.error) co_return;
    auto targets = co_await members(way, key);
    if (!targets.ok()) op.error = targets.error();
    if (op.error) co_return;
    std::erase_if(*targets, [&](const Living& one) {
      return std::ranges::find(op.except, one.key) != op.except.end();
    });
    const auto erased = co_await erase_living(way, *targets, key, RemovalCause::erased);
    if (!erased.ok()) op.error = erased.error();
    if (op.error) co_return;
    op.counts[i] = *erased;
  }
}

Task<void> find_by_pattern(RedisWay way, SearchOperation& op) {
  const base::Glob glob = compiled(op.pattern);
  auto found = co_await matching(way, glob);
  if (!found.ok()) op.error = found.error();
  if (op.error) co_return;
  for (Living& one : *found) op.keys.push_back(std::move(one.key));
}

// The leases of loads are found and erased like entries: what began before cannot publish.
Task<void> erase_matching(RedisWay way, SearchOperation& op, std::string_view pattern,
                          RemovalCause cause) {
  const base::Glob glob = compiled(pattern);
  std::vector<std::string> leases;
  const auto found = co_await matching(way, glob, &leases);
  if (!found.ok()) op.error = found.error();
  if (op.error) co_return;
  way.space.flights.fence_matching(glob);
  std::vector<std::string> entries;
  for (const std::string& name : leases) entries.push_back(way.space.layout.entry_of_name(name));
  const std::vector<std::string> nothing(entries.size(), std::string(kNothing));
  const auto fenced = co_await erase_entries(way, entries, nothing);
  if (!fenced.ok()) op.error = fenced.error();
  if (op.error) co_return;
  const auto erased = co_await erase_living(way, *found, {}, cause);
  if (!erased.ok()) op.error = erased.error();
  if (erased.ok()) op.counts.assign(1, *erased);
}

}  // namespace

Task<void> run_search(RedisWay way, SearchOperation& op) {
  switch (op.code) {
    case Opcode::add_index:
      co_return co_await add_index(way, op);
    case Opcode::remove_index:
      co_return co_await remove_index(way, op);
    case Opcode::find_by_index:
      co_return co_await find_by_index(way, op);
    case Opcode::get_by_index:
      co_return co_await get_by_index(way, op);
    case Opcode::count_by_index:
      co_return co_await count_by_index(way, op);
    case Opcode::erase_by_index:
      co_return co_await erase_by_index(way, op);
    case Opcode::find_by_pattern:
      co_return co_await find_by_pattern(way, op);
    case Opcode::erase_by_pattern:
      co_return co_await erase_matching(way, op, op.pattern, RemovalCause::erased);
    case Opcode::scan:
      co_return co_await scan_entries(way, op);
    case Opcode::scan_index:
      co_return co_await scan_index(way, op);
    case Opcode::clear:
      co_await erase_matching(way, op, "*", RemovalCause::cleared);
      op.counts.clear();
      co_return;
    default:
      op.error = Error(Errc::not_supported, "the Redis engine does not know this operation");
  }
}

}  // namespace larder::engine
