// SharedPin: one pinned value, handed to many. Used where a load serves all its callers.
//
// Thread safety: a handle belongs to one thread at a time; the pins it gives may be released on
// any.
#pragma once

#include <utility>

#include "base/atomic.h"
#include "larder/entry.h"

namespace larder::engine {

// A counted share of a Pin, which is released with the last share. Empty by default.
class SharedPin {
 public:
  SharedPin() noexcept = default;
  explicit SharedPin(Pin pin) : block_(pin ? new Block(std::move(pin)) : nullptr) {}
  SharedPin(const SharedPin& other) noexcept : block_(other.block_) {
    if (block_ != nullptr) block_->shares.add_relaxed(1);
  }
  SharedPin(SharedPin&& other) noexcept : block_(std::exchange(other.block_, nullptr)) {}
  SharedPin& operator=(SharedPin other) noexcept {
    std::swap(block_, other.block_);
    return *this;
  }
  ~SharedPin() {
    if (block_ != nullptr) drop(block_);
  }

  [[nodiscard]] explicit operator bool() const noexcept { return block_ != nullptr; }
  [[nodiscard]] const void* value() const noexcept { return block_->pin.value(); }
  [[nodiscard]] Version version() const noexcept { return block_->pin.version(); }
  // A pin of its own on the same value.
  [[nodiscard]] Pin share() const noexcept {
    block_->shares.add_relaxed(1);
    return {block_->pin.value(), block_, &SharedPin::release, block_->pin.version()};
  }

 private:
  struct Block {
    explicit Block(Pin held) noexcept : pin(std::move(held)) {}
    const Pin pin;
    // Raised relaxed by who holds a share; lowered acq_rel, so that the last sees all uses.
    base::Atomic<std::uint32_t> shares{1};
  };

  static void release(void* owner, const void*) noexcept { drop(static_cast<Block*>(owner)); }
  static void drop(Block* block) noexcept {
    if (block->shares.sub_acq_rel(1) == 1) delete block;  // pairs with the other drops
  }

  Block* block_ = nullptr;
};

}  // namespace larder::engine
