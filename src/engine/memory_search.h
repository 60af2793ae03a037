// The operations that find their keys by themselves: indexes, tags, patterns, listings, clear, on
// a memory store. Used by the memory engine.
//
// Thread safety: a MemorySearch is a view of its store; every member from any thread. Hooks run
// with no lock held.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/glob.h"
#include "base/wiped_text.h"
#include "engine/hook_calls.h"
#include "larder/engine.h"
#include "memory/store.h"

namespace larder::engine {

// Bulk operations go shard by shard or member by member, each step under one shard's lock. What
// they erase they know by key and life, so that a key that was erased and made again meanwhile is
// left alone.
class MemorySearch {
 public:
  MemorySearch(memory::Store& store, HookFailures& failures) noexcept
      : store_(store), failures_(failures) {}

  void run(SearchOperation& op);

 private:
  // An entry to erase, as it was known when the operation looked.
  struct Target {
    base::WipedText key;
    std::uint64_t life;
  };
  using Visit = std::function<void(memory::Shard&, memory::Ref)>;

  // Adds a copy of `key` to a list that is handed out.
  void add_key(std::vector<std::string>& keys, std::string_view key) const;

  void add_index(SearchOperation& op);
  void remove_index(SearchOperation& op);
  void find_by_index(SearchOperation& op);
  void get_by_index(SearchOperation& op);
  void count_by_index(SearchOperation& op);
  void erase_by_index(SearchOperation& op);
  void find_by_pattern(SearchOperation& op);
  void erase_by_pattern(SearchOperation& op);
  void scan(SearchOperation& op);
  void scan_index(SearchOperation& op);
  void clear(SearchOperation& op);

  // Calls `visit` for each live entry whose key matches, under its shard's lock.
  void visit_matching(const base::Glob& glob, const Visit& visit);
  // Calls `visit` once for each live entry that carries the term at the moment of the visit.
  void visit_members(std::uint32_t index, std::string_view term, const Visit& visit);
  std::size_t erase_matching(const base::Glob& glob, RemovalCause cause);
  std::size_t erase_members(std::uint32_t index, std::string_view term,
                            std::span<const std::string_view> except);
  // Asks the hooks about each target, then erases it if its life goes on (and it still has the
  // term, where one is given).
  std::size_t erase_targets(std::span<const Target> targets, RemovalCause cause,
                            std::uint32_t index, std::string_view term);
  [[nodiscard]] bool hooked() const noexcept {
    return store_.traits().hooks.pre_erase || store_.traits().hooks.post_erase;
  }

  memory::Store& store_;
  HookFailures& failures_;
};

}  // namespace larder::engine
