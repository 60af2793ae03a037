// Conversations with a Link in memory: a server of canned answers on the other side, a clock moved
// by hand, and a log of all that happened. Used by the tests of the Link.
//
// Thread safety: one thread.
#pragma once

#include <algorithm>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "redis/link.h"
#include "resp/writer.h"

namespace larder::redis {

using Log = std::vector<std::string>;

// Text of a value, for logs.
inline std::string show(const resp::Value& value) {
  switch (value.type) {
    case resp::Type::null:
      return "null";
    case resp::Type::integer:
      return std::to_string(value.integer);
    case resp::Type::error:
      return "error(" + std::string(value.text) + ")";
    case resp::Type::list:
    case resp::Type::map:
    case resp::Type::set:
    case resp::Type::push: {
      std::string all = "[";
      for (const resp::Value& item : value.items) all += show(item) + " ";
      return all + "]";
    }
    default:
      return std::string(value.text);
  }
}

inline std::string command(std::initializer_list<std::string_view> arguments) {
  std::string out;
  resp::Writer writer(out);
  writer.begin(arguments.size());
  for (const std::string_view argument : arguments) writer.add(argument);
  return out;
}

// A request that writes its name and what happens to it into a log.
class Logged final : public Request {
 public:
  Logged(Log& log, std::string name, std::string bytes, std::uint32_t count)
      : log_(log), name_(std::move(name)) {
    wire = std::move(bytes);
    replies = count;
  }

  void on_reply(std::uint32_t which, const resp::Value& reply) noexcept override {
    log_.push_back(name_ + "." + std::to_string(which) + " " + show(reply));
  }
  void on_end(std::optional<Error> error) noexcept override {
    std::string line = name_ + " ended";
    if (error) {
      line += " " + std::string(to_string(error->code()));
      if (error->effect() == Effect::unknown) line += " unknown";
    }
    log_.push_back(line);
    last_error = std::move(error);
  }

  std::optional<Error> last_error;

 private:
  ~Logged() override { log_.push_back(name_ + " gone"); }

  Log& log_;
  std::string name_;
};

// A Link and the test that drives it.
class Talk final : public LinkListener {
 public:
  static constexpr std::int64_t kMs = 1'000'000;

  static LinkOptions options() {
    LinkOptions options;
    options.server = "server:1";
    return options;
  }

  explicit Talk(LinkOptions with = options()) : link(std::move(with), *this) {}

  void on_ready() noexcept override { log.push_back("ready"); }
  void on_lost(const Error& cause) noexcept override {
    log.push_back("lost");
    cause_text = cause.message();
    cause_code = cause.code();
  }
  void on_push(const resp::Value& push) noexcept override { log.push_back("push " + show(push)); }

  // Sends a request whose maker keeps no share.
  void send(std::string name, std::string bytes, std::uint32_t replies = 1,
            std::int64_t deadline_ns = Request::kNoDeadlineNs) {
    auto* request = new Logged(log, std::move(name), std::move(bytes), replies);
    request->deadline_ns = deadline_ns;
    submit(*request);
    request->unshare();
  }
  void get(const std::string& name) { send(name, command({"GET", name})); }

  void submit(Request& request) {
    request.share();
    request.mark_sent();
    link.submit(request, now);
  }

  // Everything the Link wants to send, taken in pieces of `piece` bytes.
  std::string taken(std::size_t piece = std::string::npos) {
    std::string all;
    while (true) {
      const std::string_view bytes = link.to_send(now).substr(0, piece);
      if (bytes.empty()) return all;
      all += bytes;
      link.sent(bytes.size(), now);
    }
  }

  void hear(std::string_view bytes) {
    while (!bytes.empty()) {
      const std::span<char> space = link.space();
      const std::size_t size = std::min(bytes.size(), space.size());
      std::ranges::copy(bytes.substr(0, size), space.begin());
      bytes.remove_prefix(size);
      link.received(size, now);
    }
  }

  void pass(std::int64_t ns) {
    now.steady_ns += ns;
    now.clock_ns += ns;
    link.tick(now);
  }

  void fail(std::string_view reason = "reset") {
    link.failed(Error(Errc::unavailable, std::string(reason)), now);
  }

  // From start to ready, by a server that speaks RESP3.
  void greet() {
    link.start(now);
    greet_again();
  }
  void greet_again() {
    link.connected(now);
    taken();
    hear(kHelloReply);
    taken();
    hear("+PONG\r\n");
  }

  static constexpr std::string_view kHelloReply =
      "%3\r\n$6\r\nserver\r\n$5\r\nredis\r\n$5\r\nproto\r\n:3\r\n$4\r\nrole\r\n$6\r\nmaster\r\n";

  Log log;
  std::string cause_text;
  Errc cause_code = Errc::closed;
  Instant now{1'000'000 * kMs, 5'000'000 * kMs};
  Link link;
};

}  // namespace larder::redis
