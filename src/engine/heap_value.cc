// Allocation and counting of single values.
//
// Thread safety: as in heap_value.h.
#include "engine/heap_value.h"

#include <new>

#include "base/secure.h"

namespace larder::engine {

// The header of an allocation whose T lies at `offset` behind it.
struct HeapValue::Block {
  const ValueOps& ops;
  const std::size_t offset;
  const bool wipe;
  // Role: shares. The decrement is an acquire and a release: the last one sees all others' reads.
  base::Atomic<std::size_t> shares{1};

  static std::size_t align(const ValueOps& ops) noexcept {
    return ops.align_bytes > alignof(Block) ? ops.align_bytes : alignof(Block);
  }
  static Block* make(const ValueOps& ops, bool wipe) {
    const std::size_t alignment = align(ops);
    const std::size_t offset = (sizeof(Block) + alignment - 1) / alignment * alignment;
    void* memory = ::operator new(offset + ops.size_bytes, std::align_val_t(alignment));
    return ::new (memory) Block{ops, offset, wipe};
  }
  void* value() noexcept { return reinterpret_cast<std::byte*>(this) + offset; }

  void drop() noexcept {
    // Pairs with itself on other threads.
    if (shares.sub_acq_rel(1) != 1) return;
    if (wipe && ops.wipe != nullptr) ops.wipe(value());
    ops.destroy(value());
    if (wipe) detail::zero_memory(value(), ops.size_bytes);
    const auto alignment = static_cast<std::align_val_t>(align(ops));
    this->~Block();
    ::operator delete(this, alignment);
  }
};

HeapValue::HeapValue(const ValueOps& ops, void* from, bool wipe) : block_(Block::make(ops, wipe)) {
  ops.move(block_->value(), from);
  if (wipe) base::clear_registers();
}

HeapValue::HeapValue(const ValueOps& ops, bool wipe) : block_(Block::make(ops, wipe)) {
  ops.zero(block_->value());
}

HeapValue::~HeapValue() {
  if (block_ != nullptr) block_->drop();
}

void* HeapValue::value() noexcept { return block_->value(); }

Pin HeapValue::pin(Version version) noexcept {
  block_->shares.add_relaxed(1);  // this handle's own share keeps it alive meanwhile
  return Pin(block_->value(), block_, &HeapValue::release, version);
}

void HeapValue::release(void* owner, const void*) noexcept { static_cast<Block*>(owner)->drop(); }

}  // namespace larder::engine
