// The terms of one secondary index that fall into one stripe, in the order of their hashes. Used by
// index/ alone.
//
// Thread safety: none of its own. The owner holds the stripe's lock.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "index/ref_set.h"

namespace larder::indexes {

enum class Wipe : bool { kNo, kYes };

// A term and its members; the bytes of the term follow the object in the same allocation.
class Term {
 public:
  static Term* make(std::uint64_t hash, std::string_view text);
  // With Wipe::kYes the bytes are overwritten first.
  static void drop(Term* term, Wipe wipe);

  std::uint64_t hash() const { return hash_; }
  std::string_view text() const {
    return {reinterpret_cast<const char*>(this + 1), static_cast<std::size_t>(text_bytes_)};
  }
  std::size_t bytes() const { return sizeof(Term) + text_bytes_ + members.heap_bytes(); }

  RefSet members;

 private:
  Term(std::uint64_t hash, std::uint32_t text_bytes) : hash_(hash), text_bytes_(text_bytes) {}
  ~Term() = default;

  const std::uint64_t hash_;
  const std::uint32_t text_bytes_;
};

// Linear probing that keeps the whole array sorted: the home of a term is the top of its hash, a
// term lies at or after its home, and hashes never fall from slot to slot. So the array is a hash
// table and, at every size, a list in one and the same order. It does not wrap around: beyond the
// last home there are kTail slots more, and running out of them doubles the array.
class TermTable {
 public:
  explicit TermTable(Wipe wipe) : wipe_(wipe) {}
  ~TermTable();
  TermTable(TermTable&& other) noexcept;
  TermTable& operator=(TermTable&&) = delete;

  // Null when there is no such term. `hash` must be the same at every call for a term.
  Term* find(std::uint64_t hash, std::string_view text) const;
  // The term must not be in the table.
  Term& insert(std::uint64_t hash, std::string_view text);
  // `term` must be in the table; it is destroyed.
  void erase(Term* term);

  std::size_t size() const { return size_; }
  // The first term whose hash is at least `hash`, and the ones after it; null beyond the last.
  // `visit(const Term&) -> bool` says whether to go on.
  template <class Visit>
  void visit_from(std::uint64_t hash, Visit&& visit) const {
    for (std::size_t i = slot_from(hash); i < slots_.size(); ++i) {
      if (slots_[i] != nullptr && slots_[i]->hash() >= hash && !visit(*slots_[i])) return;
    }
  }

  // Bytes of the array; those of the terms are Term::bytes().
  std::size_t array_bytes() const { return slots_.capacity() * sizeof(Term*); }

  // The first structural fault found, if any.
  std::optional<std::string> validate() const;

 private:
  friend class TermTableTestPeer;

  // The top bits of a hash choose the stripe.
  static constexpr int kStripeBits = 6;
  static constexpr std::size_t kTail = 8;

  std::size_t home(std::uint64_t hash) const {
    return static_cast<std::size_t>((hash << kStripeBits) >> 1 >> (63 - home_bits_));
  }
  std::size_t slot_from(std::uint64_t hash) const { return slots_.empty() ? 0 : home(hash); }
  bool put(Term* term);
  void resize(int home_bits);

  // constant after construction
  const Wipe wipe_;

  std::vector<Term*> slots_;  // empty, or 2^home_bits_ + kTail
  int home_bits_ = 0;
  std::size_t size_ = 0;
};

}  // namespace larder::indexes
