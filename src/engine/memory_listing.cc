// Listings in pages, in the order of hashes: an entry that is there throughout is listed once.
// Thread safety: see memory_search.h.
#include <algorithm>
#include <charconv>
#include <limits>
#include <optional>

#include "base/check.h"
#include "engine/memory_search.h"

namespace larder::engine {
namespace {

using memory::Node;
using memory::Ref;
using memory::Shard;

// Entries looked at under one hold of a shard's lock.
constexpr std::size_t kVisitsPerHold = 512;

// Where a listing goes on: a shard and a position in it. As text: "shard:position".
struct Cursor {
  std::size_t shard = 0;
  std::uint64_t position = 0;

  [[nodiscard]] std::string text() const {
    return std::to_string(shard) + ":" + std::to_string(position);
  }
};

std::optional<Cursor> parse(std::string_view text, std::size_t shards) {
  Cursor cursor;
  if (text.empty()) return cursor;
  const char* const end = text.data() + text.size();
  const auto first = std::from_chars(text.data(), end, cursor.shard);
  if (first.ec != std::errc() || first.ptr == end || *first.ptr != ':') return std::nullopt;
  const auto second = std::from_chars(first.ptr + 1, end, cursor.position);
  if (second.ec != std::errc() || second.ptr != end || cursor.shard >= shards) return std::nullopt;
  return cursor;
}

Error bad_cursor() {
  return Error(Errc::invalid_argument, "cursor: not one that a page of this cache ended with");
}

struct Listed {
  std::uint64_t order;
  base::WipedText key;
};

// Cuts `listed` to `limit` without parting entries of equal order; returns where to go on.
std::optional<std::uint64_t> cut(std::vector<Listed>& listed, std::size_t limit) {
  std::ranges::sort(listed, {}, &Listed::order);
  if (listed.size() <= limit) return std::nullopt;
  std::uint64_t next = listed[limit].order;
  auto end = std::ranges::lower_bound(listed, next, {}, &Listed::order);
  if (end == listed.begin()) {  // one order fills the whole page: it stays together
    end = std::ranges::upper_bound(listed, next, {}, &Listed::order);
    if (end == listed.end()) return std::nullopt;
    next = end->order;
  }
  listed.erase(end, listed.end());
  return next;
}

}  // namespace

void MemorySearch::scan(SearchOperation& op) {
  auto cursor = parse(op.cursor, store_.shards().size());
  if (!cursor) {
    op.error = bad_cursor();
    return;
  }
  auto glob = base::Glob::compile(op.pattern);
  CHECK(glob.has_value());  // the input was checked
  const auto hash = [&](Ref ref) { return store_.nodes().hash_of(ref); };
  while (cursor->shard < store_.shards().size() && op.page.items.size() < op.limit) {
    Shard& shard = *store_.shards()[cursor->shard];
    std::vector<Listed> listed;
    std::optional<std::uint64_t> next;
    {
      sync::MutexLock lock(shard.mutex);
      const std::int64_t now_ns = store_.clock().now_ns();
      next = shard.table.visit_from(
          cursor->position, kVisitsPerHold, hash, [&](Ref ref, std::uint64_t key_hash) {
            const Node& node = store_.nodes().at(ref);
            if (now_ns >= node.expires_at_ns.load_relaxed() || !glob->matches(node.key())) return;
            listed.push_back({table::Table::order_of(key_hash), node.key()});
          });
    }
    if (const auto cut_at = cut(listed, op.limit - op.page.items.size())) next = cut_at;
    for (const Listed& one : listed) add_key(op.page.items, one.key);
    cursor = next ? Cursor{cursor->shard, *next} : Cursor{cursor->shard + 1, 0};
  }
  if (cursor->shard < store_.shards().size()) op.page.cursor = cursor->text();
}

void MemorySearch::scan_index(SearchOperation& op) {
  const auto from = parse(op.cursor, 1);
  if (!from) {
    op.error = bad_cursor();
    return;
  }
  const auto index = store_.terms().lookup(op.index);
  if (!index) return;
  auto glob = base::Glob::compile(op.pattern);
  CHECK(glob.has_value());  // the input was checked
  const auto has_live_members = [&](std::string_view term) {
    if (!glob->matches(term)) return false;
    bool lives = false;
    visit_members(*index, term, [&](Shard&, Ref) { lives = true; });
    return lives;
  };
  std::optional<std::uint64_t> next = from->position;
  while (next && op.page.items.size() < op.limit) {  // bound: the terms of the index
    auto page =
        store_.terms().terms(*index, has_live_members, *next, op.limit - op.page.items.size());
    for (std::string& term : page.terms) {
      add_key(op.page.items, term);
      if (store_.settings().secure_wipe) secure_wipe(term);
    }
    next = page.next;
  }
  if (next) op.page.cursor = Cursor{0, *next}.text();
}

}  // namespace larder::engine
