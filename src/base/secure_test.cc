// Tests of wiping and of the comparison of secrets.
//
// Thread safety: a test program.
#include "base/secure.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <string>

#include <gtest/gtest.h>

namespace larder::base {
namespace {

TEST(SecureZero, WipesExactlyTheGivenBytes) {
  std::array<unsigned char, 64> bytes;
  bytes.fill(0xab);
  secure_zero(bytes.data() + 1, 62);
  EXPECT_EQ(bytes.front(), 0xab);
  EXPECT_EQ(bytes.back(), 0xab);
  EXPECT_EQ(std::count(bytes.begin(), bytes.end(), 0), 62);
}

TEST(SecureZero, AcceptsNothing) { secure_zero(nullptr, 0); }

#if defined(__x86_64__)
TEST(ClearRegisters, LeavesNothingInTheVectorRegisters) {
  std::array<std::uint64_t, 2> low{1, 1};
  std::array<std::uint64_t, 2> high{};
  const bool has_upper = __builtin_cpu_supports("avx512vl");
  asm volatile("pcmpeqd %%xmm7, %%xmm7" : : : "xmm7");
  if (has_upper) asm volatile("vpternlogd $255, %xmm20, %xmm20, %xmm20");
  clear_registers();
  asm volatile("movdqu %%xmm7, %0" : "=m"(low));
  if (has_upper) asm volatile("vmovdqu32 %%xmm20, %0" : "=m"(high));
  EXPECT_EQ(low, (std::array<std::uint64_t, 2>{}));
  EXPECT_EQ(high, (std::array<std::uint64_t, 2>{}));
}
#endif

// Sanitizers lay frames out in their own way, and elsewhere.
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
// Leaves a word on the stack, in a frame that is gone when it returns.
[[gnu::noinline]] void leave_behind(std::uint64_t word) {
  volatile std::uint64_t words[64];
  for (auto& each : words) each = word;
}

// Looks where the frames of functions called before have been.
[[gnu::noinline, gnu::no_sanitize_address]] bool is_left(std::uint64_t word) {
  const auto* frame = static_cast<const volatile std::uint64_t*>(__builtin_frame_address(0));
  for (std::ptrdiff_t below = 16; below < 1024; ++below) {
    if (frame[-below] == word) return true;
  }
  return false;
}

TEST(ClearStack, LeavesNothingBelowTheCaller) {
  constexpr std::uint64_t kWord = 0x5ec2e7da7a5ec2e7;
  leave_behind(kWord);
  const bool was_left = is_left(kWord);
  clear_stack();
  EXPECT_FALSE(is_left(kWord));
  EXPECT_TRUE(was_left) << "the frames are not where this test looks";
}
#endif

TEST(ConstantTimeEqual, ComparesLikeEquality) {
  using std::string_view_literals::operator""sv;
  EXPECT_TRUE(constant_time_equal("", ""));
  EXPECT_TRUE(constant_time_equal("secret", "secret"));
  EXPECT_FALSE(constant_time_equal("secret", "secre"));
  EXPECT_FALSE(constant_time_equal("a\0b"sv, "a\0c"sv));
  const std::string text(100, 'x');
  for (std::size_t i = 0; i < text.size(); ++i) {
    for (int bit = 0; bit < 8; ++bit) {
      std::string other = text;
      other[i] = static_cast<char>(other[i] ^ (1 << bit));
      EXPECT_FALSE(constant_time_equal(text, other));
    }
  }
}

}  // namespace
}  // namespace larder::base
