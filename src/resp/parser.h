// Turns the bytes of a server into values, reply by reply, RESP2 and RESP3. Used by the connections
// of redis/, which own the buffer of received bytes. Knows no sockets.
//
// Thread safety: a Parser belongs to one thread at a time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "resp/value.h"

namespace larder::resp {

// What a reply may be at most; one that is more is broken. Memory grows with the bytes that came,
// never with the numbers they announce.
struct ParserLimits {
  std::size_t depth = 8;                            // lists inside lists, attributes included
  std::size_t elements = std::size_t{1} << 24;      // announced by all lists of a reply together
  std::size_t bulk_bytes = std::size_t{512} << 20;  // of one bulk string
  std::size_t line_bytes = std::size_t{1} << 20;    // of one simple string, error or big number
};

// Reads one reply after the other. States: fresh (between replies, or nothing is kept of the one
// that began), ended (between replies, and the last was so large that its memory goes first),
// inside (of a reply: `position_` bytes of it are read, and kept as offsets), broken (until
// reset(); the stream has no place to go on from).
//
// A value under way is on `stack_`, in the order of the wire. When a list is complete, its items
// leave the stack for `nodes_`, where they lie side by side; when the reply is, `nodes_` becomes
// `values_`, whose views point into the caller's bytes. So every byte is read once, however it
// arrives, but for the header of the value that is cut off (at most 24 bytes).
//
// Attributes are read and dropped. Streamed strings and lists (`$?`, `*?`), which no server sends
// without being asked to, are broken.
class Parser {
 public:
  enum class Status : std::uint8_t {
    ready,   // value() and consumed() tell of a complete reply
    more,    // the reply goes on beyond `unread`
    broken,  // no RESP, or beyond a limit: fault() tells; the connection is of no more use
  };

  explicit Parser(const ParserLimits& limits = {});

  // `unread`: all bytes received and not consumed. Until the answer is `ready` it begins at the
  // same byte each time; it may have grown, and may have moved. Throws only std::bad_alloc; after
  // it reset() is all that may follow.
  Status parse(std::string_view unread) {
    if (state_ == State::fresh && parse_bulk(unread)) [[likely]] {
      return Status::ready;
    }
    return parse_any(unread);
  }

  // After `ready`, until the next call or until the bytes move or go: the reply.
  const Value& value() const noexcept { return root_; }

  // After `ready`: the length of the reply, and of the attributes before it.
  std::size_t consumed() const noexcept { return consumed_; }

  // After `broken`: why, in words.
  std::string_view fault() const noexcept { return fault_; }

  // Forgets everything: what comes next is another connection's.
  void reset() noexcept;

 private:
  enum class State : std::uint8_t { fresh, ended, inside, broken };

  // A value whose bytes may still move. `at` and `size`: the text's offset and length, or its items
  // in `nodes_`. `scalar`: the bits of an integer or a number.
  struct Node {
    Type type = Type::null;
    std::size_t at = 0;
    std::size_t size = 0;
    std::uint64_t scalar = 0;
  };

  // A list under way: its items begin at `stack_base` of the stack and `missing` are to come.
  struct Frame {
    Type type;
    bool is_attribute;
    std::size_t missing;
    std::size_t stack_base;
    std::size_t nodes_base;
  };

  // The number of a header or an integer, and the offset behind its line.
  struct Line {
    std::int64_t number = 0;
    std::size_t end = 0;
  };

  // A whole bulk string, by offsets: its text, and what follows it.
  struct Bulk {
    std::size_t at;
    std::size_t size;
    std::size_t end;
  };

  // False where the bytes do not begin with a whole and valid one: the general way finds out why.
  bool find_bulk(std::string_view bytes, Bulk& bulk) const noexcept;
  bool parse_bulk(std::string_view unread) noexcept;
  Status parse_any(std::string_view unread);
  void start();
  Status read_item(std::string_view unread);
  void read_bulks(std::string_view unread);
  Status read_number_line(std::string_view unread, Line& line);
  Status read_text_line(std::string_view unread, std::string_view& line);
  Status read_integer(std::string_view unread);
  Status read_simple(std::string_view unread, Type type);
  Status read_symbol(std::string_view unread, Type type);
  Status read_number(std::string_view unread);
  Status read_big_number(std::string_view unread);
  Status read_bulk(std::string_view unread, Type type, bool is_verbatim);
  Status read_list(std::string_view unread, Type type, bool is_attribute);
  Status open(Type type, bool is_attribute, std::size_t count);
  void push(const Node& node);
  bool close_complete();
  void close();
  void finish(std::string_view unread);
  Value view(const Node& node, std::string_view unread) const noexcept;
  Status fail(std::string_view fault) noexcept;

  // constant after construction
  const ParserLimits limits_;

  // between and during calls
  State state_ = State::fresh;
  std::size_t position_ = 0;   // what lies before it is on the stack or in the nodes
  std::size_t searched_ = 0;   // no line ends before it, from position_ on
  std::size_t announced_ = 0;  // at most limits_.elements
  std::vector<Frame> frames_;  // at most limits_.depth
  std::vector<Node> stack_;    // at most announced_ and one
  std::vector<Node> nodes_;    // at most announced_

  // the last answer
  Value root_;
  std::size_t consumed_ = 0;
  std::string_view fault_;
  std::vector<Value> values_;
};

// The most frequent replies and items of lists: no stack for the one, no call for the others.
inline bool Parser::find_bulk(std::string_view bytes, Bulk& bulk) const noexcept {
  constexpr std::size_t kLeastBytes = 6;   // of the empty one
  constexpr std::size_t kMostDigits = 10;  // above what 32 bits hold, below overflow
  constexpr std::size_t kLineEnds = 4;     // the header's and the string's
  if (bytes.size() < kLeastBytes || bytes[0] != '$') return false;
  std::size_t length = 0;
  std::size_t at = 1;
  for (; at <= kMostDigits && at < bytes.size(); ++at) {
    const unsigned digit = static_cast<unsigned char>(bytes[at]) - unsigned{'0'};
    if (digit > 9) break;
    length = length * 10 + digit;
  }
  if (at == 1 || length > limits_.bulk_bytes || bytes.size() - at < length + kLineEnds) {
    return false;
  }
  const char* const header_end = bytes.data() + at;
  const char* const text_end = header_end + 2 + length;
  if (header_end[0] != '\r' || header_end[1] != '\n' || text_end[0] != '\r' ||
      text_end[1] != '\n') {
    return false;
  }
  bulk = {.at = at + 2, .size = length, .end = at + kLineEnds + length};
  return true;
}

inline bool Parser::parse_bulk(std::string_view unread) noexcept {
  Bulk bulk;
  if (!find_bulk(unread, bulk)) return false;
  root_ = Value{.type = Type::text, .text = {unread.data() + bulk.at, bulk.size}};
  consumed_ = bulk.end;
  return true;
}

}  // namespace larder::resp
