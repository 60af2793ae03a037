// Commands are appended argument by argument, each with one growth of the string.
#include "resp/writer.h"

#include <algorithm>
#include <charconv>
#include <exception>

#include "base/check.h"

namespace larder::resp {
namespace {

// Room for a sign and the digits of any 64-bit number.
constexpr std::size_t kNumberBytes = 20;

constexpr std::string_view kLineEnd = "\r\n";

char* copy(char* to, std::string_view bytes) noexcept {
  return std::copy(bytes.begin(), bytes.end(), to);
}

// `mark`, the digits of `length` and the end of the line.
char* copy_header(char* to, char mark, std::size_t length) noexcept {
  *to++ = mark;
  to = std::to_chars(to, to + kNumberBytes, length).ptr;
  return copy(to, kLineEnd);
}

// Appends what `write` puts at the pointer it gets, at most `bound` bytes; it returns their end.
template <class Write>
void append_at_most(std::string& out, std::size_t bound, Write write) {
  const std::size_t before = out.size();
  out.resize_and_overwrite(before + bound, [&](char* bytes, std::size_t) noexcept {
    return static_cast<std::size_t>(write(bytes + before) - bytes);
  });
}

template <class N>
std::string_view digits(char (&buffer)[kNumberBytes], N number) noexcept {
  return {buffer, std::to_chars(buffer, buffer + kNumberBytes, number).ptr};
}

}  // namespace

Writer::~Writer() {
  // A string that could not grow leaves its command unfinished; whoever catches that drops it.
  DCHECK(missing_ == 0 || std::uncaught_exceptions() > 0);
}

void Writer::begin(std::size_t arguments) {
  CHECK_EQ(missing_, 0U);
  CHECK_GT(arguments, 0U);
  append_at_most(out_, 1 + kNumberBytes + kLineEnd.size(),
                 [&](char* to) noexcept { return copy_header(to, '*', arguments); });
  missing_ = arguments;
}

void Writer::add(std::string_view argument) {
  CHECK_GT(missing_, 0U);
  append_at_most(out_, 1 + kNumberBytes + kLineEnd.size() + argument.size() + kLineEnd.size(),
                 [&](char* to) noexcept {
                   to = copy_header(to, '$', argument.size());
                   return copy(copy(to, argument), kLineEnd);
                 });
  --missing_;
}

void Writer::add_signed(std::int64_t argument) {
  char buffer[kNumberBytes];
  add(digits(buffer, argument));
}

void Writer::add_unsigned(std::uint64_t argument) {
  char buffer[kNumberBytes];
  add(digits(buffer, argument));
}

}  // namespace larder::resp
