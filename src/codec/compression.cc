// zstd frames, one per payload, with the size of the content in each.
//
// Thread safety: as in the header.
#include "codec/compression.h"

#include <algorithm>
#include <cstddef>
#include <memory>
#include <new>

// For contexts whose memory is ours to zero.
#define ZSTD_STATIC_LINKING_ONLY
#include <zstd.h>

#include "base/check.h"
#include "base/secure.h"

namespace larder::codec {
namespace {

constexpr std::size_t kLeastSaving = 16;  // one part in so many

// In front of each block that zstd takes: how many bytes there are to zero.
struct alignas(std::max_align_t) BlockHeader {
  std::size_t size;
};

void* take_block(void*, std::size_t size) noexcept {
  void* block = ::operator new(sizeof(BlockHeader) + size, std::nothrow);
  if (block == nullptr) return nullptr;
  return ::new (block) BlockHeader{size} + 1;
}

void zero_block(void*, void* content) noexcept {
  if (content == nullptr) return;
  BlockHeader* block = static_cast<BlockHeader*>(content) - 1;
  base::secure_zero(content, block->size);
  ::operator delete(block);
}

constexpr ZSTD_customMem kZeroed{take_block, zero_block, nullptr};

struct Free {
  void operator()(ZSTD_CCtx* context) const noexcept { ZSTD_freeCCtx(context); }
  void operator()(ZSTD_DCtx* context) const noexcept { ZSTD_freeDCtx(context); }
};
using Compressor = std::unique_ptr<ZSTD_CCtx, Free>;
using Decompressor = std::unique_ptr<ZSTD_DCtx, Free>;

// The thread's own context, or `fresh` where it must not outlive the call.
template <class Context>
auto* context_of(Context& kept, Context& fresh, Wiping wiping, auto make, auto make_zeroed) {
  Context& context = wiping == Wiping::on ? fresh : kept;
  if (context == nullptr) context.reset(wiping == Wiping::on ? make_zeroed(kZeroed) : make());
  CHECK(context != nullptr);  // out of memory
  return context.get();
}

ZSTD_CCtx* compressor(Compressor& fresh, Wiping wiping) {
  thread_local Compressor kept;
  return context_of(kept, fresh, wiping, ZSTD_createCCtx, ZSTD_createCCtx_advanced);
}

ZSTD_DCtx* decompressor(Decompressor& fresh, Wiping wiping) {
  thread_local Decompressor kept;
  return context_of(kept, fresh, wiping, ZSTD_createDCtx, ZSTD_createDCtx_advanced);
}

}  // namespace

bool compress(std::string_view plain, int level, Wiping wiping, Sink& to) {
  Compressor fresh;
  ZSTD_CCtx* context = compressor(fresh, wiping);
  level = std::clamp(level, kMinZstdLevel, kMaxZstdLevel);
  const std::size_t room = plain.size() - plain.size() / kLeastSaving;
  char* packed = to.extend(room);
  const std::size_t size =
      ZSTD_compressCCtx(context, packed, room, plain.data(), plain.size(), level);
  const bool fits = ZSTD_isError(size) == 0;
  to.shrink(fits ? room - size : room);
  return fits;
}

std::size_t unpacked_size(std::string_view packed, std::size_t most) noexcept {
  const unsigned long long size = ZSTD_getFrameContentSize(packed.data(), packed.size());
  const bool unknown = size == ZSTD_CONTENTSIZE_UNKNOWN || size == ZSTD_CONTENTSIZE_ERROR;
  return unknown || size > most ? most + 1 : static_cast<std::size_t>(size);
}

bool decompress(std::string_view packed, char* to, std::size_t size, Wiping wiping) {
  Decompressor fresh;
  ZSTD_DCtx* context = decompressor(fresh, wiping);
  return ZSTD_decompressDCtx(context, to, size, packed.data(), packed.size()) == size;
}

}  // namespace larder::codec
