// Pages over the server's own listing. A step of the server may bring more than a page holds: what
// is left over travels in the cursor, so that nothing is lost and no state is kept.
// Thread safety: see redis_listing.h.
#include "engine/redis_listing.h"

#include <algorithm>
#include <optional>
#include <string>
#include <unordered_set>
#include <utility>
#include <vector>

#include "base/check.h"
#include "base/glob.h"
#include "engine/redis_members.h"
#include "redis/little_endian.h"

namespace larder::engine {
namespace {

// Where a listing goes on: the server's cursor ("": it has ended), and what is left over. As text:
// cursor ":" then each text behind its length (4 bytes).
struct Cursor {
  std::string at = "0";
  std::vector<std::string> rest;

  [[nodiscard]] std::string text() const {
    if (at.empty() && rest.empty()) return {};
    std::string text = at + ':';
    for (const std::string& one : rest) {
      redis::append_little(text, static_cast<std::uint32_t>(one.size()));
      text += one;
    }
    return text;
  }
};

std::optional<Cursor> parse(std::string_view text) {
  Cursor cursor;
  if (text.empty()) return cursor;
  const std::size_t colon = text.find(':');
  if (colon == std::string_view::npos) return std::nullopt;
  cursor.at = text.substr(0, colon);
  const bool is_number =
      std::ranges::all_of(cursor.at, [](char c) { return c >= '0' && c <= '9'; });
  if (!is_number || cursor.at.size() > 20) return std::nullopt;
  for (text.remove_prefix(colon + 1); !text.empty();) {
    if (text.size() < 4) return std::nullopt;
    const std::size_t size = redis::read_little<std::uint32_t>(text);
    if (text.size() - 4 < size) return std::nullopt;
    cursor.rest.emplace_back(text.substr(4, size));
    text.remove_prefix(4 + size);
  }
  return cursor;
}

// Fills the page from what is left over and from steps of the listing. `pick(keys)` is a flow that
// says what a page shows of the server's keys.
template <class Pick>
Task<void> list(RedisWay way, SearchOperation& op, std::string pattern, Pick pick) {
  auto cursor = parse(op.cursor);
  if (!cursor) {
    op.error =
        Error(Errc::invalid_argument, "cursor: not one that a page of this cache ended with");
    co_return;
  }
  std::unordered_set<std::string> listed;
  std::vector<std::string> rest = std::exchange(cursor->rest, {});
  for (;;) {  // bound: the keys of the server
    for (std::string& one : rest) {
      if (!listed.insert(one).second) continue;
      auto& to = op.page.items.size() < op.limit ? op.page.items : cursor->rest;
      to.push_back(std::move(one));
    }
    if (op.page.items.size() >= op.limit || cursor->at.empty()) break;
    auto step = co_await scan_step(way, cursor->at, pattern,
                                   std::clamp<std::size_t>(op.limit, 16, kSearchSlice));
    if (!step.ok()) op.error = step.error();
    if (op.error) co_return;
    cursor->at = step->cursor == "0" ? std::string() : step->cursor;
    auto picked = co_await pick(std::move(step->keys));
    if (!picked.ok()) op.error = picked.error();
    if (op.error) co_return;
    rest = *std::move(picked);
  }
  op.page.cursor = cursor->text();
}

Task<Result<std::vector<std::string>>> pick_entries(RedisWay way, const base::Glob& glob,
                                                    std::vector<std::string> entries) {
  std::vector<std::string> names;
  for (const std::string& entry : entries) {
    const auto name = way.space.layout.name_of_entry(entry);
    const auto key = name ? redis::Layout::key_of_name(*name) : std::nullopt;
    if (key && glob.matches(*key)) names.emplace_back(*name);
  }
  auto found = co_await living(way, names);
  if (!found.ok()) co_return found.error();
  std::vector<std::string> keys;
  for (Living& one : *found) keys.push_back(std::move(one.key));
  co_return std::move(keys);
}

Task<Result<std::vector<std::string>>> pick_terms(RedisWay way, const base::Glob& glob,
                                                  std::size_t prefix,
                                                  std::vector<std::string> index_keys) {
  std::vector<std::string> terms;
  for (const std::string& key : index_keys) {
    std::string term = key.substr(prefix);
    if (!glob.matches(term)) continue;
    const auto found = co_await members(way, key);
    if (!found.ok()) co_return found.error();
    if (!found->empty()) terms.push_back(std::move(term));
  }
  co_return std::move(terms);
}

}  // namespace

Task<void> scan_entries(RedisWay way, SearchOperation& op) {
  const auto glob = base::Glob::compile(op.pattern);
  CHECK(glob.has_value());  // the input was checked
  const auto pick = [&](std::vector<std::string> keys) {
    return pick_entries(way, *glob, std::move(keys));
  };
  co_await list(way, op, way.space.layout.all_entries(), pick);
}

Task<void> scan_index(RedisWay way, SearchOperation& op) {
  const auto glob = base::Glob::compile(op.pattern);
  CHECK(glob.has_value());  // the input was checked
  const std::size_t prefix = index_key(way.space, op.index, "").size();
  const auto pick = [&](std::vector<std::string> keys) {
    return pick_terms(way, *glob, prefix, std::move(keys));
  };
  co_await list(way, op, way.space.layout.all_of_index(op.index), pick);
}

}  // namespace larder::engine
