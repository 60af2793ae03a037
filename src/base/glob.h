// The library's one glob dialect for patterns of keys, byte-wise and the same on every engine. Used
// by scans, bulk erases and add_index; engines whose server has a dialect of its own filter with
// it.
//
//   *        any run of bytes, none included; `/` and `:` are bytes like any other
//   ?        any one byte
//   [abc]    one of these bytes;  [a-z] a range, ends included;  [^ab] any byte but these
//   \x       the byte x itself, inside classes as well
//   others   themselves, `]`, `-`, `^` and `!` outside of classes included
// Inside a class `!` does not negate and `*`, `?`, `[` are themselves; `^` negates only in the
// first place; `-` is itself in the first and last place and directly after a range. Refused: the
// empty pattern, an open class, a class without members (so `[]a]` has to be written
// `[\]a]`), a range whose first end is above its last, a backslash at the end, a pattern longer
// than kMaxPatternBytes.
//
// Thread safety: immutable after compile(); matches() may be called from any thread.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <string>
#include <string_view>
#include <vector>

namespace larder::base {

// Twice the longest key: room for a key whose every byte is escaped.
inline constexpr std::size_t kMaxPatternBytes = 2 * 65'535;

// A compiled pattern. Invariant: `steps_` holds no two stars in a row.
class Glob {
 public:
  // The compiled pattern, or the reason why it is refused (static text).
  static std::expected<Glob, std::string_view> compile(std::string_view pattern);

  // True when the pattern describes all of `text`. Time at most steps times bytes, constant space.
  bool matches(std::string_view text) const noexcept;

  // True when the pattern describes exactly one string: literal().
  bool is_literal() const noexcept { return prefix_.size() == steps_.size(); }

  // The one string that matches; only where is_literal().
  std::string_view literal() const noexcept;

  // The bytes, unescaped, that every match begins with (those before the first special character).
  std::string_view literal_prefix() const noexcept { return prefix_; }

 private:
  friend class GlobParser;

  enum class Kind : std::uint8_t { kByte, kAnyByte, kClass, kStar };

  // One step of the match: `operand` is the byte of kByte or the index of the class of kClass.
  struct Step {
    Kind kind;
    std::uint32_t operand;
  };

  using Bytes = std::array<std::uint64_t, 4>;  // a set of byte values, one bit each

  Glob() = default;

  bool step_matches(const Step& step, unsigned char byte) const noexcept;

  // constant after construction
  std::vector<Step> steps_;
  std::vector<Bytes> classes_;
  std::string prefix_;
};

}  // namespace larder::base
