// Wiping and comparing of secret bytes.
//
// Thread safety: as in the header.
#include "base/secure.h"

#include <cstring>

namespace larder::base {

#if defined(__x86_64__)

void clear_registers() noexcept {
  if (__builtin_cpu_supports("avx")) {
    asm volatile("vzeroall"
                 :
                 :
                 : "xmm0", "xmm1", "xmm2", "xmm3", "xmm4", "xmm5", "xmm6", "xmm7", "xmm8", "xmm9",
                   "xmm10", "xmm11", "xmm12", "xmm13", "xmm14", "xmm15");
  } else {
    asm volatile(
        ".irp n, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15;"
        "pxor %%xmm\\n, %%xmm\\n; .endr"
        :
        :
        : "xmm0", "xmm1", "xmm2", "xmm3", "xmm4", "xmm5", "xmm6", "xmm7", "xmm8", "xmm9", "xmm10",
          "xmm11", "xmm12", "xmm13", "xmm14", "xmm15");
  }
  if (!__builtin_cpu_supports("avx512vl")) return;
  // The C library copies through these too. Each write clears the whole of one.
  asm volatile(
      ".irp n, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31;"
      "vpxord %%xmm\\n, %%xmm\\n, %%xmm\\n; .endr"
#if defined(__AVX512F__)  // else the compiler does not use them, nor know their names
      :
      :
      : "xmm16", "xmm17", "xmm18", "xmm19", "xmm20", "xmm21", "xmm22", "xmm23", "xmm24", "xmm25",
        "xmm26", "xmm27", "xmm28", "xmm29", "xmm30", "xmm31"
#else
      :
      :
#endif
  );
}

#elif defined(__aarch64__)

// All but v8 to v15, whose contents belong to the caller.
void clear_registers() noexcept {
  asm volatile(
      ".irp n, 0, 1, 2, 3, 4, 5, 6, 7, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30,"
      " 31; movi v\\n\\().2d, #0; .endr"
      :
      :
      : "v0", "v1", "v2", "v3", "v4", "v5", "v6", "v7", "v16", "v17", "v18", "v19", "v20", "v21",
        "v22", "v23", "v24", "v25", "v26", "v27", "v28", "v29", "v30", "v31");
}

#else

void clear_registers() noexcept {}

#endif

void secure_zero(void* data, std::size_t size) noexcept {
  if (size == 0) return;
  clear_registers();  // before the call: it may be the first one of memset
  std::memset(data, 0, size);
  // Claims to read the memory through the pointer, so that the zeros must be there.
  asm volatile("" : : "r"(data) : "memory");
}

bool constant_time_equal(std::string_view left, std::string_view right) noexcept {
  if (left.size() != right.size()) return false;
  unsigned char difference = 0;
  for (std::size_t i = 0; i < left.size(); ++i) {
    difference |= static_cast<unsigned char>(left[i] ^ right[i]);
    asm volatile("" : "+r"(difference));  // no early end once bits are set
  }
  return difference == 0;
}

[[gnu::noinline]] void clear_stack() noexcept {
  constexpr std::size_t kBytes = 16 * 1024;
  char below[kBytes];  // where the frames of what was called last have been
  secure_zero(below, kBytes);
}

}  // namespace larder::base
