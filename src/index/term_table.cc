// Sorted linear probing over the terms of a stripe.
//
// Thread safety: none of its own. The owner holds the stripe's lock.
#include "index/term_table.h"

#include <algorithm>
#include <cstring>
#include <new>
#include <utility>

#include "base/check.h"
#include "base/secure.h"

namespace larder::indexes {

Term* Term::make(std::uint64_t hash, std::string_view text) {
  void* memory = ::operator new(sizeof(Term) + text.size());
  Term* term = new (memory) Term(hash, static_cast<std::uint32_t>(text.size()));
  std::memcpy(static_cast<void*>(term + 1), text.data(), text.size());
  return term;
}

void Term::drop(Term* term, Wipe wipe) {
  if (wipe == Wipe::kYes) base::secure_zero(static_cast<void*>(term + 1), term->text_bytes_);
  term->~Term();
  ::operator delete(term);
}

TermTable::~TermTable() {
  for (Term* term : slots_) {
    if (term != nullptr) Term::drop(term, wipe_);
  }
}

TermTable::TermTable(TermTable&& other) noexcept
    : wipe_(other.wipe_),
      slots_(std::exchange(other.slots_, {})),
      home_bits_(std::exchange(other.home_bits_, 0)),
      size_(std::exchange(other.size_, 0)) {}

Term* TermTable::find(std::uint64_t hash, std::string_view text) const {
  // Bound: the first empty slot, or the first later hash.
  for (std::size_t i = slot_from(hash); i < slots_.size(); ++i) {
    Term* term = slots_[i];
    if (term == nullptr || term->hash() > hash) return nullptr;
    if (term->hash() == hash && term->text() == text) return term;
  }
  return nullptr;
}

bool TermTable::put(Term* term) {
  std::size_t at = home(term->hash());
  while (at < slots_.size() && slots_[at] != nullptr && slots_[at]->hash() <= term->hash()) ++at;
  const auto begin = slots_.begin() + static_cast<std::ptrdiff_t>(at);
  const auto gap = std::find(begin, slots_.end(), nullptr);
  if (gap == slots_.end()) return false;
  std::copy_backward(begin, gap, gap + 1);
  *begin = term;
  return true;
}

Term& TermTable::insert(std::uint64_t hash, std::string_view text) {
  if (slots_.empty()) resize(0);
  // Filled to three quarters of the homes at most.
  if ((size_ + 1) * 4 > (std::size_t{3} << home_bits_) && size_ >= kTail) resize(home_bits_ + 1);
  Term* term = Term::make(hash, text);
  while (!put(term)) resize(home_bits_ + 1);
  ++size_;
  return *term;
}

void TermTable::erase(Term* term) {
  auto at = std::find(slots_.begin() + static_cast<std::ptrdiff_t>(home(term->hash())),
                      slots_.end(), term);
  CHECK(at != slots_.end());
  // What follows and is not at its home moves one slot down; bound: the next empty slot.
  while (at + 1 != slots_.end() && at[1] != nullptr &&
         home(at[1]->hash()) < static_cast<std::size_t>(at + 1 - slots_.begin())) {
    at[0] = at[1];
    ++at;
  }
  *at = nullptr;
  --size_;
  Term::drop(term, wipe_);
  if (home_bits_ > 0 && size_ * 8 < (std::size_t{1} << home_bits_)) resize(home_bits_ - 1);
}

void TermTable::resize(int home_bits) {
  CHECK(home_bits < 58);
  std::vector<Term*> terms = std::exchange(slots_, {});
  home_bits_ = home_bits;
  slots_ = std::vector<Term*>((std::size_t{1} << home_bits) + kTail);
  for (Term* term : terms) {
    if (term == nullptr || put(term)) continue;
    // A crowd at the end of the array: start again with more homes.
    slots_ = std::move(terms);
    resize(home_bits + 1);
    return;
  }
}

std::optional<std::string> TermTable::validate() const {
  std::size_t seen = 0;
  const Term* before = nullptr;
  for (std::size_t i = 0; i < slots_.size(); ++i) {
    const Term* term = slots_[i];
    if (term == nullptr) continue;
    const std::string where = "slot " + std::to_string(i) + ": ";
    ++seen;
    if (before != nullptr && before->hash() > term->hash()) return where + "out of order";
    if (find(term->hash(), term->text()) != term) return where + "term out of reach, or twice";
    if (term->members.empty()) return where + "term without members";
    if (auto fault = term->members.validate()) return where + *fault;
    before = term;
  }
  if (seen != size_) return "a table's size is not its number of terms";
  return std::nullopt;
}

}  // namespace larder::indexes
