// Finding and erasing many entries.
// Thread safety: see redis_members.h.
#include "engine/redis_members.h"

#include <algorithm>
#include <unordered_set>
#include <utility>

#include "engine/redis_entries.h"
#include "redis/terms.h"

namespace larder::engine {

std::string index_key(const RedisSpace& space, std::string_view index, std::string_view term) {
  return index == SearchOperation::kTagIndex ? space.layout.tag(term)
                                             : space.layout.index(index, term);
}

std::string term_block(std::string_view index, std::string_view term) {
  std::string block;
  const std::string escaped = redis::Layout::escaped(index);
  redis::append_term(block, {false, escaped, term});
  return block;
}

Task<Result<std::vector<Living>>> members(RedisWay way, std::string index_key) {
  std::vector<Living> found;
  const std::vector<std::string> keys(1, std::move(index_key));
  const std::string count = std::to_string(kSearchSlice);
  std::unordered_set<std::string> seen;
  for (std::int64_t rank = 0; rank >= 0;) {  // bound: the members
    const std::string first = std::to_string(rank);
    const std::vector<std::string_view> arguments = {first, count};
    RedisCall::Ptr call;
    if (auto error = co_await run_script(way, call, "members", keys, arguments, Access::reads)) {
      co_return *error;
    }
    const std::span<const resp::Value> answer = call->answer().items;
    rank = answer[0].integer;
    way.space.index_repairs.add_relaxed(static_cast<std::uint64_t>(answer[1].integer));
    for (std::size_t i = 2; i + 1 < answer.size(); i += 2) {
      auto key = redis::Layout::key_of_name(answer[i].text);
      if (!key || !seen.insert(std::string(answer[i].text)).second) continue;
      found.push_back(
          {std::string(answer[i].text), *std::move(key), std::string(answer[i + 1].text)});
    }
  }
  co_return std::move(found);
}

Task<Result<ScanStep>> scan_step(RedisWay way, std::string cursor, std::string pattern,
                                 std::size_t count) {
  RedisCall::Ptr call = RedisCall::make();
  call->add(std::string_view("SCAN"), std::string_view(cursor), std::string_view("MATCH"),
            std::string_view(pattern), std::string_view("COUNT"), count);
  if (auto error = co_await exchange(way, call, Access::reads)) co_return *error;
  const std::span<const resp::Value> answer = call->answer().items;
  ScanStep step{.keys = {}, .cursor = std::string(answer[0].text)};
  for (const resp::Value& key : answer[1].items) step.keys.emplace_back(key.text);
  co_return std::move(step);
}

Task<Result<std::vector<Living>>> living(RedisWay way, std::span<const std::string> names,
                                         std::vector<std::string>* leases) {
  std::vector<Living> found;
  for (std::size_t from = 0; from < names.size(); from += kSearchSlice) {
    const auto slice = names.subspan(from, std::min(kSearchSlice, names.size() - from));
    std::vector<std::string> entries;
    for (const std::string& name : slice) entries.push_back(way.space.layout.entry_of_name(name));
    RedisCall::Ptr call;
    if (auto error = co_await run_script(way, call, "live", entries, {}, Access::reads)) {
      co_return *error;
    }
    const std::span<const resp::Value> answer = call->answer().items;
    for (std::size_t i = 0; i < slice.size(); ++i) {
      if (answer[i].type == resp::Type::text) {
        found.push_back({slice[i], redis::Layout::key_of_name(slice[i]).value_or(""),
                         std::string(answer[i].text)});
      } else if (answer[i].integer == 1 && leases != nullptr) {
        leases->push_back(slice[i]);
      }
    }
  }
  co_return std::move(found);
}

// Keys that are there throughout are found; a key that SCAN gives twice counts once.
Task<Result<std::vector<Living>>> matching(RedisWay way, const base::Glob& glob,
                                           std::vector<std::string>* leases) {
  const redis::Layout& layout = way.space.layout;
  std::unordered_set<std::string> names;
  if (glob.is_literal()) {
    names.insert(layout.name(glob.literal()));
  } else {
    std::string cursor = "0";
    do {  // bound: the keys of the server
      const auto step = co_await scan_step(way, cursor, layout.all_entries(), kSearchSlice);
      if (!step.ok()) co_return step.error();
      for (const std::string& entry : step->keys) {
        const auto name = layout.name_of_entry(entry);
        const auto key = name ? redis::Layout::key_of_name(*name) : std::nullopt;
        if (key && glob.matches(*key)) names.emplace(*name);
      }
      cursor = step->cursor;
    } while (cursor != "0");
  }
  const std::vector<std::string> list(names.begin(), names.end());
  co_return co_await living(way, list, leases);
}

namespace {

Task<Result<std::vector<bool>>> erase_slice(RedisWay way, std::span<const Living> slice,
                                            const std::string& index_key) {
  std::vector<std::string> entries;
  std::vector<std::string_view> arguments(1, index_key);
  for (const Living& one : slice) {
    entries.push_back(way.space.layout.entry_of_name(one.name));
    arguments.push_back(one.life);
  }
  RedisCall::Ptr call;
  if (auto error =
          co_await run_script(way, call, "erase_lives", entries, arguments, Access::writes)) {
    co_return *error;
  }
  std::vector<bool> erased;
  for (const resp::Value& answer : call->answer().items) erased.push_back(answer.integer != 0);
  co_return std::move(erased);
}

}  // namespace

Task<Result<std::size_t>> erase_living(RedisWay way, std::span<const Living> targets,
                                       std::string index_key, RemovalCause cause) {
  RedisSpace& space = way.space;
  const CacheTraits& traits = *space.traits;
  // Whoever may refuse a key is asked right before it goes.
  const std::size_t step = traits.hooks.pre_erase || traits.hooks.post_erase ? 1 : kSearchSlice;
  std::size_t count = 0;
  for (std::size_t from = 0; from < targets.size(); from += step) {
    const auto slice = targets.subspan(from, std::min(step, targets.size() - from));
    if (step == 1 && ask_erase(traits, slice.front().key, space.hook_failures)) continue;  // vetoed
    const auto erased = co_await erase_slice(way, slice, index_key);
    const Error* const error = erased.ok() ? nullptr : &erased.error();
    for (std::size_t i = 0; i < slice.size(); ++i) {
      const bool gone = erased.ok() && (*erased)[i];
      if (gone) space.flights.fence(slice[i].key);
      call_post_erase(traits, slice[i].key, {.effective = gone, .error = error},
                      space.hook_failures);
      if (gone) tell_removed(space, slice[i].key, cause);
      count += gone ? 1 : 0;
    }
    if (!erased.ok()) co_return erased.error();
  }
  co_return count;
}

}  // namespace larder::engine
