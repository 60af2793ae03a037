// Reading and writing of blocks of terms.
// Thread safety: pure functions.
#include "redis/terms.h"

#include "redis/little_endian.h"

namespace larder::redis {

void append_term(std::string& block, const Term& term) {
  block += term.is_tag ? '\1' : '\0';
  append_little<std::uint16_t>(block, static_cast<std::uint16_t>(term.index.size()));
  block += term.index;
  append_little<std::uint32_t>(block, static_cast<std::uint32_t>(term.text.size()));
  block += term.text;
}

bool take_term(std::string_view& block, Term& term) noexcept {
  constexpr std::size_t kHead = 3;
  constexpr std::size_t kLength = 4;
  if (block.size() < kHead + kLength) return false;
  const std::size_t index_size = read_little<std::uint16_t>(block.substr(1));
  if (block.size() - kHead - kLength < index_size) return false;
  const std::size_t text_size = read_little<std::uint32_t>(block.substr(kHead + index_size));
  const std::size_t text_at = kHead + index_size + kLength;
  if (block.size() - text_at < text_size) return false;
  term = {block.front() == '\1', block.substr(kHead, index_size), block.substr(text_at, text_size)};
  block.remove_prefix(text_at + text_size);
  return true;
}

bool has_term(std::string_view block, const Term& term) noexcept {
  Term one;
  while (take_term(block, one)) {  // bound: the block
    if (one == term) return true;
  }
  return false;
}

}  // namespace larder::redis
