// The secondary indexes of one memory cache: from an index and a term to the entries that carry it.
// Used by memory/.
//
// Thread safety: every member may be called from any thread at any time, the destructor apart. At
// most one stripe's lock is held at a time, never while calling out.
//
// A superset. The caller adds a membership before the entry is published and removes it after the
// entry was unpublished, so that every published entry is listed under all its terms at any time;
// more than the published may be listed, and whoever reads checks each candidate against the entry.
// A reader who is in a read section before it asks may look at every reference it gets: the entry
// is retired only after its memberships were removed.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "index/index_names.h"
#include "index/ref_set.h"
#include "index/term_table.h"
#include "sync/mutex.h"

namespace larder::indexes {

// Some terms of an index, and where to go on; without `next` these were the last.
struct TermPage {
  std::vector<std::string> terms;
  std::optional<std::uint64_t> next;
};

class TermIndex {
 public:
  static constexpr std::size_t kStripes = 64;
  // Terms looked at in one call of terms(), beyond the limit asked for.
  static constexpr std::size_t kMaxExamined = 4'096;

  // With Wipe::kYes the bytes of terms are overwritten when they are dropped.
  explicit TermIndex(Wipe wipe = Wipe::kNo) : wipe_(wipe) {}
  TermIndex(const TermIndex&) = delete;
  TermIndex& operator=(const TermIndex&) = delete;

  // The id of a name, made if need be. It stays valid as long as the pin lives or the index has a
  // member; ids are not used again. Declared indexes keep their pins.
  IndexPin intern(std::string_view name) { return names_.intern(name); }
  // The id of a name in use.
  std::optional<std::uint32_t> lookup(std::string_view name) const { return names_.lookup(name); }

  // False when it was a member already. The id must be valid.
  bool add(std::uint32_t index_id, std::string_view term, Ref ref);
  // False when it was no member.
  bool remove(std::uint32_t index_id, std::string_view term, Ref ref);

  // In no particular order; empty for what is unknown.
  std::vector<Ref> members(std::uint32_t index_id, std::string_view term) const;
  std::size_t count(std::uint32_t index_id, std::string_view term) const;

  // Up to `limit` terms for which `accept(std::string_view)` holds, from position `from` on (0, or
  // `next` of the page before). A walk in several calls meets a term that has members throughout
  // exactly once. A page may be short, even empty, with more to follow. Terms of equal hash share a
  // page, which may make it longer than `limit`. `accept` is called without a lock.
  template <class Accept>
  TermPage terms(std::uint32_t index_id, Accept&& accept, std::uint64_t from,
                 std::size_t limit) const;

  // Drops all memberships of all indexes, one stripe after the other. An id without a pin may
  // become invalid by it: no add() that counts on members to keep its id may run meanwhile.
  void clear();

  // Memory in use, without that of the allocator itself.
  std::size_t bytes() const;

  // The first fault found, if any: of structure, or a membership for which
  // `expected(index_id, std::string_view term, Ref)` does not hold. Nothing else may run meanwhile.
  template <class Expected>
  std::optional<std::string> validate(Expected&& expected) const;

 private:
  struct Stripe {
    mutable sync::Mutex mutex{sync::Rank::kIndex};
    // The tables of indexes with a term in this stripe; none is empty.
    std::unordered_map<std::uint32_t, TermTable> tables LARDER_GUARDED_BY(mutex);
    std::size_t term_bytes LARDER_GUARDED_BY(mutex) = 0;
  };

  struct Membership {
    std::uint32_t index_id;
    std::string term;
    Ref ref;
  };

  struct Listed {
    std::uint64_t hash;
    std::string term;
  };

  // Copies of terms, overwritten when they go if the index wipes.
  class Chunk {
   public:
    explicit Chunk(Wipe wipe) : wipe_(wipe) {}
    ~Chunk();
    Chunk(const Chunk&) = delete;
    Chunk& operator=(const Chunk&) = delete;
    std::vector<Listed> listed;

   private:
    const Wipe wipe_;
  };

  static std::uint64_t hash_of(std::uint32_t index_id, std::string_view term);
  static std::size_t stripe_of(std::uint64_t hash) { return hash >> kStripeShift; }

  // Up to kChunk terms, in order, with hashes of at least `from`; more only where hashes are equal.
  // Returns where to go on.
  std::optional<std::uint64_t> list(std::uint32_t index_id, std::uint64_t from, Chunk& chunk) const;
  std::optional<std::string> check_structure(std::vector<Membership>& all) const;

  static constexpr std::size_t kChunk = 128;
  static constexpr int kStripeShift = 58;

  // constant after construction
  const Wipe wipe_;

  // own synchronisation
  IndexNames names_;
  std::array<Stripe, kStripes> stripes_;
};

template <class Accept>
TermPage TermIndex::terms(std::uint32_t index_id, Accept&& accept, std::uint64_t from,
                          std::size_t limit) const {
  TermPage page;
  page.next = from;
  for (std::size_t examined = 0; page.next && examined < limit + kMaxExamined;) {
    Chunk chunk(wipe_);
    const std::optional<std::uint64_t> after = list(index_id, *page.next, chunk);
    for (std::size_t i = 0; i < chunk.listed.size(); ++i) {
      Listed& each = chunk.listed[i];
      // A full page ends before the next hash.
      if (page.terms.size() >= limit && (i == 0 || chunk.listed[i - 1].hash != each.hash)) {
        page.next = each.hash;
        return page;
      }
      if (accept(std::string_view(each.term))) page.terms.push_back(std::move(each.term));
    }
    examined += chunk.listed.size();
    page.next = after;
  }
  return page;
}

template <class Expected>
std::optional<std::string> TermIndex::validate(Expected&& expected) const {
  std::vector<Membership> all;
  if (auto fault = check_structure(all)) return fault;
  for (const Membership& each : all) {
    if (!expected(each.index_id, std::string_view(each.term), each.ref)) {
      return "index " + std::to_string(each.index_id) + " lists entry " + std::to_string(each.ref) +
             " under a term that it does not carry";
    }
  }
  return std::nullopt;
}

}  // namespace larder::indexes
