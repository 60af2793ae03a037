// Fuzz target of the parser: any bytes, as one piece and as several that move in memory. Replies,
// faults and lengths must be the same, and so must a copy of each reply.
//
// Thread safety: one call at a time.
#include "resp/parser.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/check.h"
#include "base/hash.h"
#include "base/prng.h"
#include "resp/reply.h"
#include "resp/show_test.h"

namespace larder::resp {
namespace {

// Small, so that inputs of a fuzzer's size reach them.
constexpr ParserLimits kLimits = {
    .depth = 4, .elements = 1'000, .bulk_bytes = 4'000, .line_bytes = 200};

std::size_t depth(const Value& value) {
  std::size_t below = 0;
  for (const Value& item : value.items) below = std::max(below, depth(item));
  return value.items.empty() ? 0 : below + 1;
}

void check_reply(const Value& value) {
  CHECK_LE(depth(value), kLimits.depth);
  Reply first(value);
  const Reply copy = std::move(first);
  CHECK(first.value().is_null());
  CHECK_EQ(show(copy.value()), show(value));
}

// A line for each reply, then how it ended.
std::string transcript_of_whole(std::string_view bytes) {
  Parser parser(kLimits);
  std::string transcript;
  for (;;) {
    const Parser::Status status = parser.parse(bytes);
    if (status == Parser::Status::more) return transcript + "more";
    if (status == Parser::Status::broken) return transcript + std::string(parser.fault());
    CHECK_GT(parser.consumed(), 0U);
    CHECK_LE(parser.consumed(), bytes.size());
    check_reply(parser.value());
    transcript += std::to_string(parser.consumed()) + " " + show(parser.value()) + "\n";
    bytes.remove_prefix(parser.consumed());
  }
}

// The same, each call with a few more bytes, in memory of just their size that goes after it.
std::string transcript_of_pieces(std::string_view bytes, std::size_t most_bytes, base::Prng& prng) {
  Parser parser(kLimits);
  std::string transcript;
  std::size_t received = 0;
  for (;;) {
    const auto buffer = std::make_unique_for_overwrite<char[]>(received);
    std::copy_n(bytes.data(), received, buffer.get());
    const Parser::Status status = parser.parse({buffer.get(), received});
    if (status == Parser::Status::broken) {
      CHECK(parser.parse({buffer.get(), received}) == Parser::Status::broken);
      return transcript + std::string(parser.fault());
    }
    if (status == Parser::Status::ready) {
      transcript += std::to_string(parser.consumed()) + " " + show(parser.value()) + "\n";
      bytes.remove_prefix(parser.consumed());
      received -= parser.consumed();
    } else if (received == bytes.size()) {
      return transcript + "more";
    } else {
      received = std::min(bytes.size(), received + 1 + prng.below(most_bytes));
    }
  }
}

}  // namespace
}  // namespace larder::resp

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  larder::base::Prng prng(larder::base::hash_bytes(bytes, 0));
  const std::string whole = larder::resp::transcript_of_whole(bytes);
  for (const std::size_t most_bytes : {std::size_t{7}, size / 2 + 1}) {
    CHECK_EQ(larder::resp::transcript_of_pieces(bytes, most_bytes, prng), whole);
  }
  return 0;
}
