// Tests of the parser on generated replies: trees of all types, written by a writer of their own,
// must be read back as they are, in whatever pieces they come.
//
// Thread safety: a test program.
#include <algorithm>
#include <bit>
#include <cstdint>
#include <cstdio>
#include <memory>
#include <rapidcheck.h>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "resp/parser.h"
#include "resp/reply.h"
#include "resp/show_test.h"

namespace larder::resp {
namespace {

// A reply in both forms: as a server writes it, and as show() prints it.
struct Tree {
  std::string wire;
  std::string shown;
};

constexpr int kMostItems = 5;

std::string bulk(char mark, const std::string& bytes) {
  return mark + std::to_string(bytes.size()) + "\r\n" + bytes + "\r\n";
}

std::string any_bytes() {
  // Line ends, marks and digits are what could be mistaken for structure.
  return *rc::gen::resize(12, rc::gen::container<std::string>(rc::gen::elementOf(
                                  std::string("\r\n$*+-:0123456789_|ab\0\xff", 23))));
}

std::string any_line() {
  return *rc::gen::resize(12, rc::gen::container<std::string>(
                                  rc::gen::elementOf(std::string("$*:,_|%0123abc \0\xff", 17))));
}

Tree quoted(const std::string& type, const std::string& wire, const std::string& text) {
  return {wire, text.empty() ? type : type + " '" + text + "'"};
}

Tree any_number() {
  const double number = *rc::gen::arbitrary<double>();
  char digits[40];
  std::snprintf(digits, sizeof digits, "%.17g", number);
  const auto bits = std::bit_cast<std::uint64_t>(number);
  const std::string shown = bits == 0 ? "number" : "number bits " + std::to_string(bits);
  return {"," + std::string(digits) + "\r\n", shown + " '" + digits + "'"};
}

Tree any_integer() {
  const auto number = *rc::gen::arbitrary<std::int64_t>();
  const std::string digits = std::to_string(number);
  return {":" + digits + "\r\n", number == 0 ? "integer" : "integer " + digits};
}

Tree any_big_number() {
  const std::string digits = std::to_string(*rc::gen::arbitrary<std::uint64_t>()) +
                             std::to_string(*rc::gen::arbitrary<std::uint64_t>());
  return quoted("big_number", "(" + digits + "\r\n", digits);
}

Tree any_scalar() {
  switch (*rc::gen::inRange(0, 11)) {
    case 0:
      return {*rc::gen::element<std::string>("_\r\n", "$-1\r\n", "*-1\r\n"), "null"};
    case 1: {
      const std::string line = any_line();
      return quoted("status", "+" + line + "\r\n", line);
    }
    case 2: {
      const std::string line = any_line();
      return quoted("error", "-" + line + "\r\n", line);
    }
    case 3: {
      const std::string bytes = any_bytes();
      return quoted("error", bulk('!', bytes), bytes);
    }
    case 4:
      return any_integer();
    case 5:
      return *rc::gen::arbitrary<bool>() ? Tree{"#t\r\n", "boolean 1"} : Tree{"#f\r\n", "boolean"};
    case 6:
      return any_number();
    case 7:
      return any_big_number();
    case 8: {
      const std::string bytes = any_bytes();
      return quoted("text", bulk('=', "txt:" + bytes), bytes);
    }
    default: {
      const std::string bytes = any_bytes();
      return quoted("text", bulk('$', bytes), bytes);
    }
  }
}

Tree any_value(int depth);

Tree any_list(const std::string& type, char mark, int depth) {
  const int count = *rc::gen::inRange(0, kMostItems);
  const int items = mark == '%' || mark == '|' ? 2 * count : count;
  Tree tree{mark + std::to_string(count) + "\r\n", type};
  if (items != 0) tree.shown += " [";
  for (int i = 0; i < items; ++i) {
    const Tree item = any_value(depth - 1);
    tree.wire += item.wire;
    tree.shown += item.shown + ";";
  }
  if (items != 0) tree.shown += "]";
  return tree;
}

// A value of at most so many lists inside each other, now and then behind an attribute.
Tree any_value(int depth) {
  std::string attribute;
  if (depth > 0 && *rc::gen::inRange(0, 8) == 0) attribute = any_list("", '|', depth).wire;
  Tree tree;
  switch (depth == 0 ? 9 : *rc::gen::inRange(0, 6)) {
    case 0:
      tree = any_list("list", '*', depth);
      break;
    case 1:
      tree = any_list("map", '%', depth);
      break;
    case 2:
      tree = any_list("set", '~', depth);
      break;
    default:
      tree = any_scalar();
  }
  return {attribute + tree.wire, tree.shown};
}

Tree any_reply() {
  const int depth = *rc::gen::inRange(0, 5);
  return *rc::gen::inRange(0, 6) == 0 ? any_list("push", '>', depth + 1) : any_value(depth);
}

RC_GTEST_PROP(ParserTree, ReadsWhatWasWritten, ()) {
  std::vector<Tree> replies;
  std::string stream;
  for (int count = *rc::gen::inRange(1, 6); count > 0; --count) {
    replies.push_back(any_reply());
    stream += replies.back().wire;
  }
  Parser parser;
  std::string_view unread = stream;
  for (const Tree& reply : replies) {
    RC_ASSERT(parser.parse(unread) == Parser::Status::ready);
    RC_ASSERT(parser.consumed() == reply.wire.size());
    RC_ASSERT(show(parser.value()) == reply.shown);
    RC_ASSERT(show(Reply(parser.value()).value()) == reply.shown);
    unread.remove_prefix(parser.consumed());
  }
  RC_ASSERT(unread.empty());
}

RC_GTEST_PROP(ParserTree, ReadsItInPieces, ()) {
  std::vector<Tree> replies;
  std::string stream;
  for (int count = *rc::gen::inRange(1, 4); count > 0; --count) {
    replies.push_back(any_reply());
    stream += replies.back().wire;
  }
  const auto most_bytes = *rc::gen::element<std::size_t>(1, 3, 20, 200);
  Parser parser;
  std::size_t consumed = 0;
  std::size_t received = 0;
  for (const Tree& reply : replies) {
    for (;;) {
      // A new place at each call; the old one is gone.
      const auto buffer = std::make_unique_for_overwrite<char[]>(received);
      stream.copy(buffer.get(), received, consumed);
      const Parser::Status status = parser.parse({buffer.get(), received});
      RC_ASSERT(status != Parser::Status::broken);
      if (status == Parser::Status::ready) {
        RC_ASSERT(parser.consumed() == reply.wire.size());
        RC_ASSERT(show(parser.value()) == reply.shown);
        break;
      }
      RC_ASSERT(received < reply.wire.size());
      received = std::min(stream.size() - consumed,
                          received + *rc::gen::inRange<std::size_t>(1, most_bytes + 1));
    }
    consumed += parser.consumed();
    received -= parser.consumed();
  }
  RC_ASSERT(consumed == stream.size());
}

}  // namespace
}  // namespace larder::resp
