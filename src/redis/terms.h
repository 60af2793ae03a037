// The terms of an entry as bytes: what scripts and clients both read. A block is a row of terms:
//   flag (1 byte: 1 a tag, 0 a term of an index) | length of the index's name (2) | name, escaped
//   as in keys | length of the term (4) | term           (numbers little-endian; a tag has no name)
//
// Thread safety: pure functions.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace larder::redis {

struct Term {
  bool is_tag = false;
  std::string_view index;  // escaped
  std::string_view text;

  friend bool operator==(const Term&, const Term&) = default;
};

void append_term(std::string& block, const Term& term);

// Takes the first term off the block. False: it is empty, or no row of terms.
bool take_term(std::string_view& block, Term& term) noexcept;

bool has_term(std::string_view block, const Term& term) noexcept;

}  // namespace larder::redis
