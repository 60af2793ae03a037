// Micro-benchmark of the parser: nanoseconds a reply, for a bulk string of 64 bytes and for lists
// of them, in a buffer of many replies as a pipeline leaves it. Where hiredis is installed, its
// reader of the same bytes is measured beside it, round by round, and the ratio is printed.
//
// Thread safety: a program of one thread.
#include "resp/parser.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <cstdio>
#include <string>
#include <string_view>
#include <vector>

#ifdef LARDER_BENCH_HIREDIS
#include <hiredis/hiredis.h>
#endif

#include "base/check.h"

namespace larder::resp {
namespace {

constexpr int kRounds = 15;
constexpr std::size_t kBytesPerRound = std::size_t{8} << 20;
constexpr std::size_t kBytesPerBuffer = std::size_t{16} << 10;  // what one receive brings at most

struct Workload {
  const char* name;
  std::string reply;
};

std::string bulk(std::size_t bytes) {
  return "$" + std::to_string(bytes) + "\r\n" + std::string(bytes, 'v') + "\r\n";
}

std::string list(std::size_t items, std::size_t bytes) {
  std::string reply = "*" + std::to_string(items) + "\r\n";
  for (std::size_t i = 0; i < items; ++i) reply += bulk(bytes);
  return reply;
}

// As many whole replies as one buffer holds, at least one.
std::string fill_buffer(const std::string& reply) {
  std::string buffer = reply;
  while (buffer.size() + reply.size() <= kBytesPerBuffer) buffer += reply;
  return buffer;
}

// A sum over a reply: what the measured loops hand on, so that nothing is optimised away.
std::size_t sum(const Value& value) {
  std::size_t result = value.text.size() + static_cast<std::size_t>(value.integer);
  for (const Value& item : value.items) result += item.text.size();
  return result;
}

std::size_t read_with_larder(Parser& parser, std::string_view buffer) {
  std::size_t result = 0;
  while (parser.parse(buffer) == Parser::Status::ready) {
    result += sum(parser.value());
    buffer.remove_prefix(parser.consumed());
  }
  CHECK(buffer.empty());
  return result;
}

#ifdef LARDER_BENCH_HIREDIS
std::size_t sum(const redisReply& reply) {
  std::size_t result = reply.len + static_cast<std::size_t>(reply.integer);
  for (std::size_t i = 0; i < reply.elements; ++i) result += reply.element[i]->len;
  return result;
}

// Its reader copies what it is fed, and makes an object of each value: both are part of its use.
std::size_t read_with_hiredis(redisReader* reader, std::string_view buffer) {
  std::size_t result = 0;
  CHECK_EQ(redisReaderFeed(reader, buffer.data(), buffer.size()), REDIS_OK);
  for (;;) {
    void* reply = nullptr;
    CHECK_EQ(redisReaderGetReply(reader, &reply), REDIS_OK);
    if (reply == nullptr) return result;
    result += sum(*static_cast<redisReply*>(reply));
    freeReplyObject(reply);
  }
}
#endif

// Nanoseconds a reply of `read`, over one round.
template <class Read>
double measure(const Workload& workload, const std::string& buffer, Read read) {
  using Clock = std::chrono::steady_clock;
  const std::size_t passes = std::max<std::size_t>(1, kBytesPerRound / buffer.size());
  const std::size_t replies = passes * (buffer.size() / workload.reply.size());
  std::size_t total = 0;
  const auto begin = Clock::now();
  for (std::size_t pass = 0; pass < passes; ++pass) total += read(buffer);
  const std::chrono::duration<double, std::nano> taken = Clock::now() - begin;
  CHECK_GT(total, 0U);
  CHECK_EQ(total % replies, 0U);
  return taken.count() / static_cast<double>(replies);
}

double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

void run(const Workload& workload) {
  const std::string buffer = fill_buffer(workload.reply);
  Parser parser;
  std::vector<double> larder;
  const auto with_larder = [&](std::string_view bytes) { return read_with_larder(parser, bytes); };
#ifdef LARDER_BENCH_HIREDIS
  redisReader* const reader = redisReaderCreate();
  std::vector<double> hiredis;
  std::vector<double> ratios;
  const auto with_hiredis = [&](std::string_view bytes) {
    return read_with_hiredis(reader, bytes);
  };
#endif
  for (int round = 0; round < kRounds; ++round) {
    larder.push_back(measure(workload, buffer, with_larder));
#ifdef LARDER_BENCH_HIREDIS
    hiredis.push_back(measure(workload, buffer, with_hiredis));
    ratios.push_back(hiredis.back() / larder.back());
#endif
  }
  std::printf("%-24s larder %9.1f ns", workload.name, median(larder));
#ifdef LARDER_BENCH_HIREDIS
  std::printf("   hiredis %9.1f ns   ratio %5.1f", median(hiredis), median(ratios));
  redisReaderFree(reader);
#endif
  std::printf("\n");
}

}  // namespace
}  // namespace larder::resp

int main() {
  using larder::resp::Workload;
  const std::array<Workload, 5> workloads = {{
      {"status", "+OK\r\n"},
      {"integer", ":1234\r\n"},
      {"bulk of 64 bytes", larder::resp::bulk(64)},
      {"bulk of 4096 bytes", larder::resp::bulk(4096)},
      {"list of 64 bulks of 64", larder::resp::list(64, 64)},
  }};
  for (const Workload& workload : workloads) larder::resp::run(workload);
}
