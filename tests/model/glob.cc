// The pattern dialect by plain recursion. See glob.h.
// Thread safety: pure functions.
#include "model/glob.h"

#include <cstddef>

namespace larder::model {
namespace {

unsigned char byte_at(std::string_view text, std::size_t i) {
  return static_cast<unsigned char>(text[i]);
}

// `pattern` begins after the '['. Returns whether `byte` is in the class and sets `length` to the
// length of the class with its ']'.
bool class_contains(std::string_view pattern, unsigned char byte, std::size_t& length) {
  std::size_t i = 0;
  const bool negated = i < pattern.size() && pattern[i] == '^';
  if (negated) ++i;
  bool found = false;
  while (i < pattern.size() && pattern[i] != ']') {
    if (pattern[i] == '\\' && i + 1 < pattern.size()) ++i;
    const unsigned char low = byte_at(pattern, i++);
    unsigned char high = low;
    if (i + 1 < pattern.size() && pattern[i] == '-' && pattern[i + 1] != ']') {
      ++i;
      if (pattern[i] == '\\' && i + 1 < pattern.size()) ++i;
      high = byte_at(pattern, i++);
    }
    found = found || (low <= byte && byte <= high);
  }
  length = i + 1;
  return found != negated;
}

}  // namespace

// Recursion depth is bounded by the number of stars, time by the keys and patterns of a test.
bool glob_matches(std::string_view pattern, std::string_view text) {
  while (!pattern.empty()) {
    if (pattern.front() == '*') {
      for (std::size_t skip = 0; skip <= text.size(); ++skip) {
        if (glob_matches(pattern.substr(1), text.substr(skip))) return true;
      }
      return false;
    }
    if (text.empty()) return false;
    std::size_t used = 1;
    if (pattern.front() == '[') {
      std::size_t length = 0;
      if (!class_contains(pattern.substr(1), byte_at(text, 0), length)) return false;
      used = 1 + length;
    } else if (pattern.front() != '?') {
      if (pattern.front() == '\\' && pattern.size() > 1) pattern.remove_prefix(1);
      if (pattern.front() != text.front()) return false;
    }
    if (used > pattern.size()) return false;
    pattern.remove_prefix(used);
    text.remove_prefix(1);
  }
  return text.empty();
}

}  // namespace larder::model
