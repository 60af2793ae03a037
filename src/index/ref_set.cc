// The three forms of a set of references, and the steps between them.
//
// Thread safety: none of its own. The owner holds a lock.
#include "index/ref_set.h"

#include <algorithm>
#include <bit>

#include "base/check.h"

namespace larder::indexes {

std::uint32_t RefSet::home(Ref ref) const {
  // Fibonacci hashing: references of one slab are consecutive, their homes are spread.
  const int bits = std::countr_zero(capacity_);
  return (ref * std::uint32_t{0x9e37'79b1}) >> (32 - bits);
}

std::uint32_t RefSet::find(Ref ref) const {
  const Ref* all = slots();
  if (!is_table()) {
    const Ref* found = std::find(all, all + size_, ref);
    return found == all + size_ ? kNotFound : static_cast<std::uint32_t>(found - all);
  }
  // Bound: a table always has an empty slot.
  for (std::uint32_t i = home(ref);; i = (i + 1) & (capacity_ - 1)) {
    if (all[i] == ref) return i;
    if (all[i] == kNoRef) return kNotFound;
  }
}

bool RefSet::insert(Ref ref) {
  CHECK(ref != kNoRef);
  if (find(ref) != kNotFound) return false;
  const bool is_full = is_table() ? (size_ + 1) * std::uint64_t{4} > capacity_ * std::uint64_t{3}
                                  : size_ == capacity_;
  if (is_full) resize(capacity_ * 2);
  if (is_table()) {
    put_in_table(ref);
  } else {
    slots()[size_] = ref;
  }
  ++size_;
  return true;
}

bool RefSet::erase(Ref ref) {
  const std::uint32_t at = find(ref);
  if (at == kNotFound) return false;
  --size_;
  if (is_table()) {
    close_gap(at);
  } else {
    slots()[at] = slots()[size_];
    slots()[size_] = kNoRef;
  }
  // At a fifth of what it holds, half the room is still enough for more than twice as many.
  if (!is_inline() && size_ * std::uint64_t{5} < capacity_) resize(capacity_ / 2);
  return true;
}

void RefSet::put_in_table(Ref ref) {
  std::uint32_t i = home(ref);
  while (heap_[i] != kNoRef) i = (i + 1) & (capacity_ - 1);  // bound: there is an empty slot
  heap_[i] = ref;
}

void RefSet::close_gap(std::uint32_t gap) {
  // Whatever follows and may not stand behind the gap's place is moved into it; bound: the next
  // empty slot.
  const std::uint32_t mask = capacity_ - 1;
  for (std::uint32_t i = (gap + 1) & mask; heap_[i] != kNoRef; i = (i + 1) & mask) {
    if (((i - home(heap_[i])) & mask) >= ((i - gap) & mask)) {
      heap_[gap] = heap_[i];
      gap = i;
    }
  }
  heap_[gap] = kNoRef;
}

void RefSet::resize(std::uint32_t capacity) {
  std::vector<Ref> members;
  members.reserve(size_);
  append_to(members);
  release();
  capacity_ = capacity;
  if (is_inline()) {
    std::fill_n(inline_, kInline, kNoRef);
  } else {
    heap_ = new Ref[capacity]();
  }
  if (is_table()) {
    for (const Ref ref : members) put_in_table(ref);
  } else {
    std::ranges::copy(members, slots());
  }
}

void RefSet::release() {
  if (!is_inline()) delete[] heap_;
  capacity_ = kInline;
}

void RefSet::append_to(std::vector<Ref>& out) const {
  const Ref* all = slots();
  if (is_table()) {
    std::copy_if(all, all + capacity_, std::back_inserter(out),
                 [](Ref ref) { return ref != kNoRef; });
  } else {
    out.insert(out.end(), all, all + size_);
  }
}

std::optional<std::string> RefSet::validate() const {
  std::vector<Ref> members;
  append_to(members);
  if (members.size() != size_) return "a set's size is not its number of members";
  std::ranges::sort(members);
  if (std::ranges::adjacent_find(members) != members.end()) return "a member twice";
  for (const Ref ref : members) {
    if (ref == kNoRef) return "a member without a reference";
    if (!contains(ref)) return "member " + std::to_string(ref) + " is out of reach";
  }
  return std::nullopt;
}

}  // namespace larder::indexes
