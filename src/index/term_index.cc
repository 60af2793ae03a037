// Stripes, their tables and the walk over the terms of an index.
//
// Thread safety: every member may be called from any thread at any time. A stripe's lock is held
// for one lookup, one change of a set, one copy of a set or one chunk of terms.
#include "index/term_index.h"

#include <algorithm>

#include "base/hash.h"
#include "base/secure.h"

namespace larder::indexes {

TermIndex::Chunk::~Chunk() {
  if (wipe_ == Wipe::kNo) return;
  for (Listed& each : listed) base::secure_zero(each.term.data(), each.term.size());
}

std::uint64_t TermIndex::hash_of(std::uint32_t index_id, std::string_view term) {
  return base::hash_bytes(term, base::process_seed() + index_id);
}

bool TermIndex::add(std::uint32_t index_id, std::string_view term, Ref ref) {
  const std::uint64_t hash = hash_of(index_id, term);
  Stripe& stripe = stripes_[stripe_of(hash)];
  sync::MutexLock lock(stripe.mutex);
  TermTable& table = stripe.tables.try_emplace(index_id, wipe_).first->second;
  Term* found = table.find(hash, term);
  if (found == nullptr) {
    names_.add_use(index_id);
    found = &table.insert(hash, term);
    stripe.term_bytes += found->bytes();
  }
  const std::size_t before = found->bytes();
  const bool added = found->members.insert(ref);
  stripe.term_bytes += found->bytes() - before;
  return added;
}

bool TermIndex::remove(std::uint32_t index_id, std::string_view term, Ref ref) {
  const std::uint64_t hash = hash_of(index_id, term);
  Stripe& stripe = stripes_[stripe_of(hash)];
  sync::MutexLock lock(stripe.mutex);
  const auto table = stripe.tables.find(index_id);
  if (table == stripe.tables.end()) return false;
  Term* found = table->second.find(hash, term);
  if (found == nullptr) return false;
  const std::size_t before = found->bytes();
  if (!found->members.erase(ref)) return false;
  stripe.term_bytes -= before - found->bytes();
  if (!found->members.empty()) return true;
  stripe.term_bytes -= found->bytes();
  table->second.erase(found);
  if (table->second.size() == 0) stripe.tables.erase(table);
  names_.drop_uses(index_id);
  return true;
}

std::vector<Ref> TermIndex::members(std::uint32_t index_id, std::string_view term) const {
  std::vector<Ref> result;
  const std::uint64_t hash = hash_of(index_id, term);
  const Stripe& stripe = stripes_[stripe_of(hash)];
  sync::MutexLock lock(stripe.mutex);
  const auto table = stripe.tables.find(index_id);
  if (table == stripe.tables.end()) return result;
  if (const Term* found = table->second.find(hash, term)) {
    result.reserve(found->members.size());
    found->members.append_to(result);
  }
  return result;
}

std::size_t TermIndex::count(std::uint32_t index_id, std::string_view term) const {
  const std::uint64_t hash = hash_of(index_id, term);
  const Stripe& stripe = stripes_[stripe_of(hash)];
  sync::MutexLock lock(stripe.mutex);
  const auto table = stripe.tables.find(index_id);
  if (table == stripe.tables.end()) return 0;
  const Term* found = table->second.find(hash, term);
  return found == nullptr ? 0 : found->members.size();
}

std::optional<std::uint64_t> TermIndex::list(std::uint32_t index_id, std::uint64_t from,
                                             Chunk& chunk) const {
  for (std::size_t i = stripe_of(from); i < kStripes; ++i) {
    const Stripe& stripe = stripes_[i];
    sync::MutexLock lock(stripe.mutex);
    const auto table = stripe.tables.find(index_id);
    if (table == stripe.tables.end()) continue;
    std::optional<std::uint64_t> next;
    const std::uint64_t first_of_stripe = static_cast<std::uint64_t>(i) << kStripeShift;
    table->second.visit_from(std::max(from, first_of_stripe), [&](const Term& term) {
      const bool is_full = chunk.listed.size() >= kChunk && chunk.listed.back().hash != term.hash();
      if (is_full) {
        next = term.hash();
      } else {
        chunk.listed.push_back({term.hash(), std::string(term.text())});
      }
      return !is_full;
    });
    if (next) return next;
  }
  return std::nullopt;
}

void TermIndex::clear() {
  for (Stripe& stripe : stripes_) {
    std::unordered_map<std::uint32_t, TermTable> tables;
    {
      sync::MutexLock lock(stripe.mutex);
      tables.swap(stripe.tables);
      stripe.term_bytes = 0;
    }
    for (const auto& [id, table] : tables) names_.drop_uses(id, table.size());
  }
}

std::size_t TermIndex::bytes() const {
  std::size_t bytes = names_.bytes();
  for (const Stripe& stripe : stripes_) {
    sync::MutexLock lock(stripe.mutex);
    bytes += stripe.term_bytes;
    for (const auto& [id, table] : stripe.tables) {
      bytes += sizeof(id) + sizeof(table) + table.array_bytes();
    }
  }
  return bytes;
}

std::optional<std::string> TermIndex::check_structure(std::vector<Membership>& all) const {
  std::unordered_map<std::uint32_t, std::size_t> terms_of;
  for (std::size_t i = 0; i < kStripes; ++i) {
    const Stripe& stripe = stripes_[i];
    const std::string where = "stripe " + std::to_string(i) + ": ";
    sync::MutexLock lock(stripe.mutex);
    std::size_t term_bytes = 0;
    bool is_misplaced = false;
    for (const auto& [id, table] : stripe.tables) {
      if (table.size() == 0) return where + "an empty table";
      if (auto fault = table.validate()) return where + *fault;
      terms_of[id] += table.size();
      table.visit_from(0, [&](const Term& term) {
        term_bytes += term.bytes();
        is_misplaced =
            is_misplaced || stripe_of(term.hash()) != i || term.hash() != hash_of(id, term.text());
        std::vector<Ref> members;
        term.members.append_to(members);
        for (const Ref ref : members) all.push_back({id, std::string(term.text()), ref});
        return true;
      });
    }
    if (is_misplaced) return where + "a term that belongs elsewhere";
    if (term_bytes != stripe.term_bytes) return where + "wrong count of bytes";
  }
  for (const auto& [id, terms] : terms_of) {
    if (names_.uses(id) < terms) return "index " + std::to_string(id) + ": name dropped too early";
  }
  return std::nullopt;
}

}  // namespace larder::indexes
