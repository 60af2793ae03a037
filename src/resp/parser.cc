// The general way through a reply: a loop over its values with a stack of the lists that are open.
#include "resp/parser.h"

#include <bit>
#include <charconv>
#include <limits>
#include <system_error>

#include "base/check.h"

namespace larder::resp {
namespace {

// Nodes and values kept between replies: what larger replies needed is given back.
constexpr std::size_t kRetainedNodes = 16'384;

// Digits of a number in one line: any 64-bit number has at most 19, or 20 above what is allowed.
constexpr std::size_t kMostDigits = 19;

constexpr std::size_t kLineEndBytes = 2;

// The format of a verbatim string and its colon: "txt:".
constexpr std::size_t kFormatBytes = 4;

bool is_digit(char byte) noexcept { return byte >= '0' && byte <= '9'; }

bool is_sign(char byte) noexcept { return byte == '-' || byte == '+'; }

}  // namespace

Parser::Parser(const ParserLimits& limits) : limits_(limits) { frames_.reserve(limits.depth); }

void Parser::reset() noexcept {
  state_ = State::ended;
  root_ = Value{};
  consumed_ = 0;
  fault_ = {};
}

Parser::Status Parser::parse_any(std::string_view unread) {
  if (state_ == State::broken) return Status::broken;
  if (state_ != State::inside) start();
  CHECK_LE(position_, unread.size());
  do {
    const Status status = read_item(unread);
    if (status == Status::more && position_ == 0 && searched_ == 0) state_ = State::fresh;
    if (status != Status::ready) return status;
    read_bulks(unread);
  } while (!close_complete());
  finish(unread);
  return Status::ready;
}

void Parser::start() {
  if (state_ == State::ended) {
    // Not `= {}`: that would keep the capacity.
    stack_ = std::vector<Node>();
    nodes_ = std::vector<Node>();
    values_ = std::vector<Value>();
  }
  frames_.clear();
  stack_.clear();
  nodes_.clear();
  position_ = 0;
  searched_ = 0;
  announced_ = 0;
  state_ = State::inside;
}

Parser::Status Parser::fail(std::string_view fault) noexcept {
  state_ = State::broken;
  fault_ = fault;
  return Status::broken;
}

// Reads a scalar whole, or the header of a list. Changes nothing but `searched_` unless it answers
// `ready`.
Parser::Status Parser::read_item(std::string_view unread) {
  if (position_ == unread.size()) return Status::more;
  switch (unread[position_]) {
    case '$':
      return read_bulk(unread, Type::text, false);
    case '*':
      return read_list(unread, Type::list, false);
    case ':':
      return read_integer(unread);
    case '+':
      return read_simple(unread, Type::status);
    case '-':
      return read_simple(unread, Type::error);
    case '_':
      return read_symbol(unread, Type::null);
    case '#':
      return read_symbol(unread, Type::boolean);
    case ',':
      return read_number(unread);
    case '(':
      return read_big_number(unread);
    case '!':
      return read_bulk(unread, Type::error, false);
    case '=':
      return read_bulk(unread, Type::text, true);
    case '%':
      return read_list(unread, Type::map, false);
    case '~':
      return read_list(unread, Type::set, false);
    case '>':
      return read_list(unread, Type::push, false);
    case '|':
      return read_list(unread, Type::map, true);
    default:
      return fail("a value begins with a byte that is no type of RESP");
  }
}

// The next items of the innermost list, as long as they are whole bulk strings.
void Parser::read_bulks(std::string_view unread) {
  if (frames_.empty()) return;
  std::size_t missing = frames_.back().missing;
  Bulk bulk;
  for (; missing != 0 && find_bulk({unread.data() + position_, unread.size() - position_}, bulk);
       --missing) {
    stack_.push_back({.type = Type::text, .at = position_ + bulk.at, .size = bulk.size});
    position_ += bulk.end;
  }
  frames_.back().missing = missing;
}

// ---- lines ----

// The number between the type's byte and the end of the line.
Parser::Status Parser::read_number_line(std::string_view unread, Line& line) {
  const std::string_view rest = unread.substr(position_ + 1);
  std::size_t at = !rest.empty() && is_sign(rest[0]) ? 1 : 0;
  const bool is_negative = at == 1 && rest[0] == '-';
  const std::size_t first_digit = at;
  std::uint64_t magnitude = 0;
  for (; at < rest.size() && is_digit(rest[at]); ++at) {
    if (at - first_digit == kMostDigits) return fail("a number has more than 64 bits");
    magnitude = magnitude * 10 + static_cast<std::uint64_t>(rest[at] - '0');
  }
  if (at == rest.size()) return Status::more;
  if (at == first_digit || rest[at] != '\r') return fail("a number holds something else");
  if (at + 1 == rest.size()) return Status::more;
  if (rest[at + 1] != '\n') return fail("a line ends with CR alone");
  constexpr auto kMost = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());
  if (magnitude > kMost + (is_negative ? 1 : 0)) return fail("a number has more than 64 bits");
  line.number = static_cast<std::int64_t>(is_negative ? 0 - magnitude : magnitude);
  line.end = position_ + 1 + at + kLineEndBytes;
  return Status::ready;
}

// The bytes between the type's byte and the end of the line; `searched_` spares a long line that
// comes in pieces a search from its beginning.
Parser::Status Parser::read_text_line(std::string_view unread, std::string_view& line) {
  const std::size_t begin = position_ + 1;
  const std::size_t from = searched_ > begin ? searched_ : begin;
  const std::size_t end = unread.find('\r', from);
  searched_ = end < unread.size() ? end : unread.size();
  if (searched_ - begin > limits_.line_bytes) return fail("a line is longer than allowed");
  if (end == std::string_view::npos || end + 1 == unread.size()) return Status::more;
  if (unread[end + 1] != '\n') return fail("a line ends with CR alone");
  line = unread.substr(begin, end - begin);
  return Status::ready;
}

// ---- scalars ----

Parser::Status Parser::read_integer(std::string_view unread) {
  Line line;
  const Status status = read_number_line(unread, line);
  if (status != Status::ready) return status;
  push({.type = Type::integer, .scalar = static_cast<std::uint64_t>(line.number)});
  position_ = line.end;
  return Status::ready;
}

Parser::Status Parser::read_simple(std::string_view unread, Type type) {
  std::string_view line;
  const Status status = read_text_line(unread, line);
  if (status != Status::ready) return status;
  push({.type = type, .at = position_ + 1, .size = line.size()});
  position_ += 1 + line.size() + kLineEndBytes;
  return Status::ready;
}

// `_` alone, `#t` and `#f`.
Parser::Status Parser::read_symbol(std::string_view unread, Type type) {
  std::string_view line;
  const Status status = read_text_line(unread, line);
  if (status != Status::ready) return status;
  const bool is_true = line == "t";
  if (type == Type::null && !line.empty()) return fail("a null holds something");
  if (type == Type::boolean && !is_true && line != "f") return fail("a boolean is neither t nor f");
  push({.type = type, .scalar = is_true ? 1U : 0U});
  position_ += 1 + line.size() + kLineEndBytes;
  return Status::ready;
}

Parser::Status Parser::read_number(std::string_view unread) {
  std::string_view line;
  const Status status = read_text_line(unread, line);
  if (status != Status::ready) return status;
  std::string_view digits = line;
  // from_chars knows no plus; and it takes nan(...), which is no RESP.
  if (digits.starts_with('+') && digits.size() > 1 && !is_sign(digits[1])) digits.remove_prefix(1);
  double number = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
  if (error == std::errc::result_out_of_range) return fail("a number is beyond a double's range");
  if (error != std::errc() || end != digits.data() + digits.size() || digits.ends_with(')')) {
    return fail("a number holds something else");
  }
  push({.type = Type::number,
        .at = position_ + 1,
        .size = line.size(),
        .scalar = std::bit_cast<std::uint64_t>(number)});
  position_ += 1 + line.size() + kLineEndBytes;
  return Status::ready;
}

Parser::Status Parser::read_big_number(std::string_view unread) {
  std::string_view line;
  const Status status = read_text_line(unread, line);
  if (status != Status::ready) return status;
  const std::size_t sign = !line.empty() && is_sign(line[0]) ? 1 : 0;
  const std::string_view digits = line.substr(sign);
  if (digits.empty() || digits.find_first_not_of("0123456789") != std::string_view::npos) {
    return fail("a number holds something else");
  }
  push({.type = Type::big_number, .at = position_ + 1, .size = line.size()});
  position_ += 1 + line.size() + kLineEndBytes;
  return Status::ready;
}

Parser::Status Parser::read_bulk(std::string_view unread, Type type, bool is_verbatim) {
  Line line;
  const Status status = read_number_line(unread, line);
  if (status != Status::ready) return status;
  if (line.number < 0) {
    if (line.number != -1 || unread[position_] != '$') return fail("a length is negative");
    push({.type = Type::null});
    position_ = line.end;
    return Status::ready;
  }
  const auto size = static_cast<std::size_t>(line.number);
  if (size > limits_.bulk_bytes) return fail("a bulk string is longer than allowed");
  if (is_verbatim && size < kFormatBytes) return fail("a verbatim string has no format");
  const std::string_view body = unread.substr(line.end);
  if (body.size() < size + kLineEndBytes) return Status::more;
  if (body[size] != '\r' || body[size + 1] != '\n') {
    return fail("a bulk string does not end where its length says");
  }
  const std::size_t prefix = is_verbatim ? kFormatBytes : 0;
  if (is_verbatim && body[kFormatBytes - 1] != ':') return fail("a verbatim string has no format");
  push({.type = type, .at = line.end + prefix, .size = size - prefix});
  position_ = line.end + size + kLineEndBytes;
  return Status::ready;
}

// ---- lists ----

Parser::Status Parser::read_list(std::string_view unread, Type type, bool is_attribute) {
  Line line;
  Status status = read_number_line(unread, line);
  if (status != Status::ready) return status;
  if (line.number >= 0) {
    status = open(type, is_attribute, static_cast<std::size_t>(line.number));
  } else if (line.number == -1 && unread[position_] == '*') {
    push({.type = Type::null});
  } else {
    return fail("a length is negative");
  }
  if (status == Status::ready) position_ = line.end;
  return status;
}

Parser::Status Parser::open(Type type, bool is_attribute, std::size_t count) {
  if (type == Type::push && !frames_.empty()) return fail("a push inside of a reply");
  if (frames_.size() == limits_.depth) return fail("lists are nested deeper than allowed");
  // An attribute counts as an element itself: a reply may begin with any number of empty ones.
  const std::size_t itself = is_attribute ? 1 : 0;
  const std::size_t factor = type == Type::map ? 2 : 1;
  const std::size_t room = limits_.elements - announced_;
  if (room < itself || count > (room - itself) / factor) {
    return fail("a reply has more elements than allowed");
  }
  announced_ += itself + count * factor;
  frames_.push_back({.type = type,
                     .is_attribute = is_attribute,
                     .missing = count * factor,
                     .stack_base = stack_.size(),
                     .nodes_base = nodes_.size()});
  return Status::ready;
}

// A complete value: an item of the innermost list, or the reply.
void Parser::push(const Node& node) {
  stack_.push_back(node);
  if (!frames_.empty()) --frames_.back().missing;
}

// Closes the lists that have all their items; true when nothing is open and there is a reply
// (behind an attribute there is none yet).
bool Parser::close_complete() {
  while (!frames_.empty()) {
    if (frames_.back().missing != 0) return false;
    close();
  }
  return !stack_.empty();
}

void Parser::close() {
  const Frame frame = frames_.back();
  frames_.pop_back();
  const auto items = stack_.begin() + static_cast<std::ptrdiff_t>(frame.stack_base);
  if (frame.is_attribute) {
    nodes_.resize(frame.nodes_base);
    stack_.erase(items, stack_.end());
    return;
  }
  const Node list{
      .type = frame.type, .at = nodes_.size(), .size = stack_.size() - frame.stack_base};
  nodes_.insert(nodes_.end(), items, stack_.end());
  stack_.erase(items, stack_.end());
  push(list);
}

// ---- the reply ----

inline Value Parser::view(const Node& node, std::string_view unread) const noexcept {
  if (node.type == Type::text) [[likely]] {
    return {.type = Type::text, .text = {unread.data() + node.at, node.size}};
  }
  switch (node.type) {
    case Type::null:
      return {};
    case Type::integer:
    case Type::boolean:
      return {.type = node.type, .integer = static_cast<std::int64_t>(node.scalar)};
    case Type::number:
      return {.type = node.type,
              .number = std::bit_cast<double>(node.scalar),
              .text = {unread.data() + node.at, node.size}};
    case Type::status:
    case Type::error:
    case Type::big_number:
    case Type::text:
      return {.type = node.type, .text = {unread.data() + node.at, node.size}};
    case Type::list:
    case Type::map:
    case Type::set:
    case Type::push:
      return {.type = node.type, .items = {values_.data() + node.at, node.size}};
  }
  return {};
}

void Parser::finish(std::string_view unread) {
  values_.clear();
  values_.reserve(nodes_.size());  // views of items point into it: it must not grow below
  for (const Node& node : nodes_) values_.push_back(view(node, unread));
  root_ = view(stack_.front(), unread);
  consumed_ = position_;
  const bool is_large = stack_.capacity() > kRetainedNodes || nodes_.capacity() > kRetainedNodes;
  state_ = is_large ? State::ended : State::fresh;
}

}  // namespace larder::resp
