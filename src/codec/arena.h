// Memory for the time of one decoding: taken in growing blocks and given back at once, zeroed
// where that is asked for. Used by the tape.
//
// Thread safety: belongs to one call.
#pragma once

#include <array>
#include <cstddef>
#include <memory_resource>

#include "base/secure.h"
#include "codec/sink.h"

namespace larder::codec {

class Arena {
 public:
  explicit Arena(Wiping wiping) noexcept
      : memory_(first_.data(), first_.size(),
                wiping == Wiping::on ? &blocks_ : std::pmr::new_delete_resource()),
        wipes_(wiping == Wiping::on) {}
  Arena(const Arena&) = delete;
  Arena& operator=(const Arena&) = delete;
  ~Arena() {
    memory_.release();
    if (wipes_) base::secure_zero(first_.data(), first_.size());
  }

  [[nodiscard]] std::pmr::memory_resource* memory() noexcept { return &memory_; }

 private:
  // Zeroes each block before it goes back to the heap.
  class WipedBlocks final : public std::pmr::memory_resource {
    void* do_allocate(std::size_t size, std::size_t align) override {
      return std::pmr::new_delete_resource()->allocate(size, align);
    }
    void do_deallocate(void* block, std::size_t size, std::size_t align) override {
      base::secure_zero(block, size);
      std::pmr::new_delete_resource()->deallocate(block, size, align);
    }
    [[nodiscard]] bool do_is_equal(const memory_resource& other) const noexcept override {
      return this == &other;
    }
  };

  static constexpr std::size_t kFirstBytes = 2048;  // small values need no heap

  alignas(std::max_align_t) std::array<std::byte, kFirstBytes> first_;
  WipedBlocks blocks_;
  std::pmr::monotonic_buffer_resource memory_;
  const bool wipes_;
};

}  // namespace larder::codec
