// Checks of what only a programming error can break: they print the place and end the process.
// Used everywhere inside the library; operating errors are results, never checks.
//
// Thread safety: safe from any thread. Nothing here throws.
//
// CHECK(c), CHECK_EQ(a, b), CHECK_NE, CHECK_LT, CHECK_LE, CHECK_GT, CHECK_GE hold in every build;
// DCHECK and its family are not evaluated where NDEBUG is defined (but always compiled).
#pragma once

#include <string_view>
#include <type_traits>

namespace larder::base {

// Prints `file:line: check failed: condition` to the standard error stream and aborts.
[[noreturn, gnu::cold, gnu::noinline]] void check_failed(const char* file, int line,
                                                         const char* condition) noexcept;

// An operand of a failed comparison in printable form.
struct CheckOperand {
  enum class Kind { kOpaque, kSigned, kUnsigned, kFloating, kText, kPointer };
  Kind kind = Kind::kOpaque;
  long long as_signed = 0;
  unsigned long long as_unsigned = 0;
  double as_floating = 0;
  std::string_view as_text = {};
  const void* as_pointer = nullptr;
};

// The same with both operands of a comparison.
[[noreturn, gnu::cold, gnu::noinline]] void check_op_failed(const char* file, int line,
                                                            const char* condition,
                                                            const CheckOperand& left,
                                                            const CheckOperand& right) noexcept;

template <class V>
CheckOperand check_operand(const V& value) noexcept {
  using Kind = CheckOperand::Kind;
  if constexpr (std::is_enum_v<V>) {
    return check_operand(static_cast<std::underlying_type_t<V>>(value));
  } else if constexpr (std::is_integral_v<V> && std::is_signed_v<V>) {
    return {.kind = Kind::kSigned, .as_signed = value};
  } else if constexpr (std::is_integral_v<V>) {
    return {.kind = Kind::kUnsigned, .as_unsigned = value};
  } else if constexpr (std::is_floating_point_v<V>) {
    return {.kind = Kind::kFloating, .as_floating = static_cast<double>(value)};
  } else if constexpr (std::is_convertible_v<const V&, std::string_view> && !std::is_pointer_v<V>) {
    return {.kind = Kind::kText, .as_text = value};
  } else if constexpr (std::is_convertible_v<const V&, const void*>) {
    return {.kind = Kind::kPointer, .as_pointer = value};
  } else {
    return {};
  }
}

}  // namespace larder::base

#define CHECK(condition)                               \
  (static_cast<bool>(condition) ? static_cast<void>(0) \
                                : ::larder::base::check_failed(__FILE__, __LINE__, #condition))

#define LARDER_CHECK_OP(op, a, b)                                                     \
  do {                                                                                \
    const auto& larder_check_a = (a);                                                 \
    const auto& larder_check_b = (b);                                                 \
    if (!(larder_check_a op larder_check_b)) [[unlikely]] {                           \
      ::larder::base::check_op_failed(__FILE__, __LINE__, #a " " #op " " #b,          \
                                      ::larder::base::check_operand(larder_check_a),  \
                                      ::larder::base::check_operand(larder_check_b)); \
    }                                                                                 \
  } while (false)

#define CHECK_EQ(a, b) LARDER_CHECK_OP(==, a, b)
#define CHECK_NE(a, b) LARDER_CHECK_OP(!=, a, b)
#define CHECK_LT(a, b) LARDER_CHECK_OP(<, a, b)
#define CHECK_LE(a, b) LARDER_CHECK_OP(<=, a, b)
#define CHECK_GT(a, b) LARDER_CHECK_OP(>, a, b)
#define CHECK_GE(a, b) LARDER_CHECK_OP(>=, a, b)

#ifdef NDEBUG
#define LARDER_DEBUG_ONLY(statement) \
  do {                               \
    if constexpr (false) {           \
      statement;                     \
    }                                \
  } while (false)
#else
#define LARDER_DEBUG_ONLY(statement) \
  do {                               \
    statement;                       \
  } while (false)
#endif

#define DCHECK(condition) LARDER_DEBUG_ONLY(CHECK(condition))
#define DCHECK_EQ(a, b) LARDER_DEBUG_ONLY(CHECK_EQ(a, b))
#define DCHECK_NE(a, b) LARDER_DEBUG_ONLY(CHECK_NE(a, b))
#define DCHECK_LT(a, b) LARDER_DEBUG_ONLY(CHECK_LT(a, b))
#define DCHECK_LE(a, b) LARDER_DEBUG_ONLY(CHECK_LE(a, b))
#define DCHECK_GT(a, b) LARDER_DEBUG_ONLY(CHECK_GT(a, b))
#define DCHECK_GE(a, b) LARDER_DEBUG_ONLY(CHECK_GE(a, b))
