// A T that the library owns on the heap, counted by the pins that show it. Used by engines that
// keep no entry to pin: the null engine, and for decoded values.
//
// Thread safety: a HeapValue handle belongs to one thread at a time; the pins it makes may be
// released on any.
#pragma once

#include <cstddef>

#include "base/atomic.h"
#include "larder/entry.h"
#include "larder/value_ops.h"

namespace larder::engine {

// One T, built by moving, destroyed (and wiped first, where asked) with the last share of it.
class HeapValue {
 public:
  // Moves a T out of `from`; `ops` must outlive all pins (tables are constants).
  HeapValue(const ValueOps& ops, void* from, bool wipe);
  HeapValue(const ValueOps& ops, bool wipe);  // a zero, for counters
  HeapValue(HeapValue&& other) noexcept : block_(other.block_) { other.block_ = nullptr; }
  HeapValue& operator=(HeapValue&&) = delete;
  ~HeapValue();

  void* value() noexcept;
  // Another share of it; `version` is what the pin shows.
  Pin pin(Version version) noexcept;

 private:
  struct Block;
  static void release(void* owner, const void* value) noexcept;

  Block* block_;  // null after being moved from
};

}  // namespace larder::engine
