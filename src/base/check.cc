// The failing side of check.h: prints one line and aborts. Reached by programming errors only.
//
// Thread safety: safe from any thread; two failing threads may both print.
#include "base/check.h"

#include <cstdio>
#include <cstdlib>

namespace larder::base {
namespace {

void print(const CheckOperand& operand) noexcept {
  using Kind = CheckOperand::Kind;
  switch (operand.kind) {
    case Kind::kSigned:
      std::fprintf(stderr, "%lld", operand.as_signed);
      return;
    case Kind::kUnsigned:
      std::fprintf(stderr, "%llu", operand.as_unsigned);
      return;
    case Kind::kFloating:
      std::fprintf(stderr, "%g", operand.as_floating);
      return;
    case Kind::kText:
      std::fprintf(stderr, "\"%.*s\"", static_cast<int>(operand.as_text.size()),
                   operand.as_text.data());
      return;
    case Kind::kPointer:
      std::fprintf(stderr, "%p", operand.as_pointer);
      return;
    case Kind::kOpaque:
      std::fputs("?", stderr);
      return;
  }
}

}  // namespace

void check_failed(const char* file, int line, const char* condition) noexcept {
  std::fprintf(stderr, "%s:%d: check failed: %s\n", file, line, condition);
  std::abort();
}

void check_op_failed(const char* file, int line, const char* condition, const CheckOperand& left,
                     const CheckOperand& right) noexcept {
  std::fprintf(stderr, "%s:%d: check failed: %s (", file, line, condition);
  print(left);
  std::fputs(" against ", stderr);
  print(right);
  std::fputs(")\n", stderr);
  std::abort();
}

}  // namespace larder::base
