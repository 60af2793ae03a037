// Link: everything one connection to a Redis server does, but for the I/O and the time: it is told
// what happened, and says what to send and when to be asked again. Used by the connections of
// engine/, and by tests as a conversation.
//
// Thread safety: a Link belongs to one thread at a time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/prng.h"
#include "larder/error.h"
#include "redis/byte_buffer.h"
#include "redis/greeting.h"
#include "redis/request.h"
#include "redis/request_list.h"
#include "resp/parser.h"

namespace larder::redis {

// One moment on two clocks: the connection's own limits run on the steady one of the machine, the
// deadlines of requests on the one that their cache was given.
struct Instant {
  std::int64_t steady_ns = 0;
  std::int64_t clock_ns = 0;
};

struct LinkOptions {
  GreetingOptions greeting;
  std::string server;  // for messages: "host:port"
  std::int64_t connect_timeout_ns = 2'000'000'000;
  std::int64_t backoff_first_ns = 50'000'000;
  std::int64_t backoff_most_ns = 800'000'000;
  std::int64_t silence_limit_ns = 5'000'000'000;
  std::int64_t idle_limit_ns = 10'000'000'000;
  std::size_t max_in_flight = 65'536;                // requests written and not answered
  std::size_t write_bytes = std::size_t{256} << 10;  // a write takes requests up to here
  std::size_t least_read_bytes = 512;                // see Link::space()
  std::size_t most_read_bytes = std::size_t{256} << 10;
  bool secure_wipe = false;
  std::uint64_t seed = 0;  // of the jitter
};

// Counts since the Link was made, but for the first three.
struct LinkCounters {
  std::size_t queued = 0;
  std::size_t in_flight = 0;
  std::int64_t latency_ns = 0;  // from write to last reply: a moving mean over about 64 requests
  std::uint64_t replies = 0;    // to requests
  std::uint64_t pushes = 0;
  std::uint64_t writes = 0;  // batches of requests
  std::uint64_t largest_write = 0;
  std::uint64_t reads = 0;
  std::uint64_t bytes_written = 0;
  std::uint64_t bytes_read = 0;
  std::uint64_t connects = 0;
  std::uint64_t failed_connects = 0;
  std::uint64_t losses = 0;
  std::uint64_t expired = 0;
  std::uint64_t unavailable = 0;
};

// Hears what the Link does of itself, from within its inputs; must not call it.
class LinkListener {
 public:
  virtual void on_ready() noexcept = 0;
  virtual void on_lost(const Error& cause) noexcept = 0;  // also of an attempt that failed
  virtual void on_push(const resp::Value& push) noexcept = 0;

 protected:
  ~LinkListener() = default;
};

// States:
//   kIdle --start--> kConnecting        whoever drives the Link opens a stream in kConnecting ...
//   kConnecting --connected--> kGreeting --the server's answers--> kReady
//   kReady --READONLY in a reply--> kDraining   takes no requests to the wire; what is written is
//                                               answered first, then another connection is looked
//                                               for, since this server is the primary no more
//   kConnecting, kGreeting, kReady, kDraining --failed, broken reply, time out--> kLost
//   kLost --pause over--> kConnecting   ... and closes it in kLost and kClosed
//   any --close--> kClosed
//
// A request is in `queue_` until its bytes go to `output_`; from then on it is in `in_flight_`, and
// its effect is unknown until it is answered. So a loss ends those in flight, while those queued
// wait for the next connection: up to their deadlines, and until the outage has lasted for
// connect_timeout_ns, from when on requests end at once.
//
// Bounds: in_flight_ by max_in_flight; queue_ by whoever submits; output_ by write_bytes and one
// request; input_ by twice the largest reply or most_read_bytes.
class Link {
 public:
  enum class State : std::uint8_t {
    kIdle,
    kConnecting,
    kGreeting,
    kReady,
    kDraining,
    kLost,
    kClosed
  };
  static constexpr std::int64_t kNever = std::numeric_limits<std::int64_t>::max();
  // A connection that lived for so long may be replaced at once.
  static constexpr std::int64_t kStableNs = 1'000'000'000;

  Link(LinkOptions options, LinkListener& listener);
  ~Link();
  Link(const Link&) = delete;
  Link& operator=(const Link&) = delete;

  // ---- inputs; callbacks of requests run inside them, and may call submit()

  void start(Instant now) noexcept;
  // Takes over one share of the request; on_end() may run before this returns.
  void submit(Request& request, Instant now) noexcept;
  // The stream is open.
  void connected(Instant now) noexcept;
  // `size` bytes lie at the beginning of what space() returned last.
  void received(std::size_t size, Instant now) noexcept;
  // The stream took the first `size` bytes of what to_send() returned last.
  void sent(std::size_t size, Instant now) noexcept;
  // The stream could not be opened, or has ended. No effect in states without a stream.
  void failed(const Error& reason, Instant now) noexcept;
  // Time has passed; at the latest when wake() says so.
  void tick(Instant now) noexcept;
  // Ends everything with `closed`. Final.
  void close() noexcept;

  // ---- outputs

  [[nodiscard]] State state() const noexcept { return state_; }
  // Which attempt to connect this is, from 1: a new number is a new stream.
  [[nodiscard]] std::uint64_t attempt() const noexcept { return attempt_; }
  // Bytes to send, once an earlier answer is sent whole: as many requests as one write may take.
  // Valid until sent() has taken them or the state has no stream.
  std::string_view to_send(Instant now) noexcept;
  // Where received bytes go: room for about kRepliesPerRead replies, so that reading, answering
  // and writing overlap with the server's work; more where a reply is larger.
  std::span<char> space();
  // When tick() has something to do; kNever: not before another input.
  [[nodiscard]] Instant wake() const noexcept;
  [[nodiscard]] const LinkCounters& counters() const noexcept;
  [[nodiscard]] unsigned protocol() const noexcept { return greeting_.protocol(); }
  // Requests that ended since this was last asked, and the bytes of their commands.
  struct Ended {
    std::size_t requests = 0;
    std::size_t bytes = 0;
  };
  Ended take_ended() noexcept;

 private:
  static constexpr std::size_t kRepliesPerRead = 64;

  // Tries an idle connection. Part of the Link: nobody owns a share but the list that it is in.
  class Ping final : public Request {
   public:
    Ping();
    void on_reply(std::uint32_t which, const resp::Value& reply) noexcept override;
    void on_end(std::optional<Error> error) noexcept override;

   private:
    void dispose() noexcept override {}
  };

  [[nodiscard]] bool has_stream() const noexcept {
    return state_ >= State::kConnecting && state_ <= State::kDraining;
  }
  void connect(Instant now) noexcept;
  void parse(Instant now) noexcept;
  void take_reply(const resp::Value& reply, Instant now) noexcept;
  void greet(const resp::Value& reply, Instant now) noexcept;
  void answer(const resp::Value& reply, Instant now) noexcept;
  void forget_words() noexcept;
  void hand_over(Instant now) noexcept;
  bool write(Request& request, Instant now) noexcept;
  void lose(const Error& cause, Instant now) noexcept;
  void end(Request& request, std::optional<Error> error) noexcept;
  void end_all(RequestList requests, const Error& error) noexcept;
  void end_queue(Instant now) noexcept;
  void end_expired(Instant now) noexcept;
  [[nodiscard]] bool gave_up(Instant now) const noexcept;
  [[nodiscard]] Error why_unavailable() const;
  std::int64_t next_pause_ns() noexcept;

  // constant after construction
  const LinkOptions options_;
  LinkListener& listener_;

  State state_ = State::kIdle;
  base::Prng random_;
  resp::Parser parser_;
  Greeting greeting_;
  ByteBuffer input_;
  ByteBuffer output_;
  std::string words_;  // of the greeting: go to output_ once that is empty, for it must not move
  RequestList queue_;
  RequestList in_flight_;
  Ping ping_;
  bool sends_secret_ = false;   // output_ holds credentials
  std::optional<Error> cause_;  // of the last loss, until the next greeting has succeeded
  std::uint64_t attempt_ = 0;
  std::uint32_t failures_ = 0;         // in a row; short lives are failures too
  std::int64_t away_since_ns_ = 0;     // steady: the outage's begin; of no meaning in kReady
  std::int64_t attempt_since_ns_ = 0;  // steady
  std::int64_t ready_since_ns_ = 0;    // steady
  std::int64_t heard_ns_ = 0;          // steady: when bytes last moved, or debts began
  std::int64_t retry_ns_ = 0;          // steady: the end of the pause, in kLost
  std::int64_t earliest_deadline_ns_ = kNever;  // no request of the queue has an earlier one
  std::size_t reply_bytes_ = 64;                // a moving mean
  Ended ended_;
  mutable LinkCounters counters_;
};

}  // namespace larder::redis
