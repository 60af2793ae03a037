// A set of references in little memory: the members of one term of a secondary index. Used by
// index/ alone.
//
// Thread safety: none of its own. The owner holds a lock.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace larder::indexes {

using Ref = std::uint32_t;
inline constexpr Ref kNoRef = 0;

// By size: up to kInline references lie in the object; up to kListed in an unordered list; more in
// an open-addressed hash table of a power-of-two size, filled to three quarters at most, where 0 is
// an empty slot. Shrinks as it empties, with hysteresis: 4 bytes a member in lists, 5 to 22 in
// tables.
class RefSet {
 public:
  static constexpr std::uint32_t kInline = 2;
  static constexpr std::uint32_t kListed = 16;

  RefSet() : inline_{} {}
  ~RefSet() { release(); }
  RefSet(const RefSet&) = delete;
  RefSet& operator=(const RefSet&) = delete;

  // False when it was a member already.
  bool insert(Ref ref);
  // False when it was no member.
  bool erase(Ref ref);
  bool contains(Ref ref) const { return find(ref) != kNotFound; }

  std::size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }

  void append_to(std::vector<Ref>& out) const;

  // Bytes outside of the object.
  std::size_t heap_bytes() const { return is_inline() ? 0 : capacity_ * sizeof(Ref); }

  // The first structural fault found, if any.
  std::optional<std::string> validate() const;

 private:
  static constexpr std::uint32_t kNotFound = ~std::uint32_t{0};

  bool is_inline() const { return capacity_ == kInline; }
  bool is_table() const { return capacity_ > kListed; }
  const Ref* slots() const { return is_inline() ? inline_ : heap_; }
  Ref* slots() { return is_inline() ? inline_ : heap_; }

  std::uint32_t home(Ref ref) const;
  std::uint32_t find(Ref ref) const;
  void put_in_table(Ref ref);
  void close_gap(std::uint32_t gap);
  void resize(std::uint32_t capacity);
  void release();

  std::uint32_t size_ = 0;
  std::uint32_t capacity_ = kInline;  // kInline, then powers of two; above kListed a table
  union {
    Ref inline_[kInline];
    Ref* heap_;
  };
};

}  // namespace larder::indexes
