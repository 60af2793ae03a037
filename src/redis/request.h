// Request: commands on their way to a server, and what is told of their replies. Engines derive it;
// the Link writes it and answers it.
//
// Thread safety: a Request belongs to its maker until it is sent, then to the connection's thread
// until on_end() has been called; share() and unshare() may be called from any thread at any time.
#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <string>

#include "base/atomic.h"
#include "larder/error.h"
#include "resp/value.h"

namespace larder::redis {

// Commands that travel together, in order, with nothing of others in between. Its life: made with
// one share, the maker's; sent (the client takes a share of its own), answered, ended; it is free
// again from the call of on_end() on, which may send it anew. A caller who gives up drops its
// share: the replies are still consumed, and on_end() still comes. Neither callback may block or
// throw; no lock of the library is held; both may send requests.
//
// States of `stage_` (whoever changes it first decides whether the commands are written):
//   kFree --send--> kQueued --the connection writes--> kWritten --on_end--> kFree
//                   kQueued --withdraw--> kWithdrawn --on_end--> kFree
class Request {
 public:
  static constexpr std::int64_t kNoDeadlineNs = std::numeric_limits<std::int64_t>::max();

  Request() = default;
  Request(const Request&) = delete;
  Request& operator=(const Request&) = delete;

  // the maker's; constant from sending to on_end()
  std::string wire;           // the commands as bytes, at least one (resp/writer.h)
  std::uint32_t replies = 1;  // how many they have; 0 for those answered by pushes alone (RESP3)
  // On the client's clock. A request that is not written by then ends with `deadline_exceeded`
  // and without effect; one that is written waits for its replies however long they take.
  std::int64_t deadline_ns = kNoDeadlineNs;

  // Reply number `which`, from 0, in the order of the commands; an error reply is one too. Views
  // of `reply` are valid during the call only. On the connection's thread.
  virtual void on_reply(std::uint32_t which, const resp::Value& reply) noexcept = 0;

  // Once per sending, last. Nothing: all replies came. An error otherwise: its effect is `no` when
  // no byte was written, `unknown` when some may have been. On the connection's thread; on the
  // sender's, before send() returns, when it is refused.
  virtual void on_end(std::optional<Error> error) noexcept = 0;

  // Of a caller who gives up on a request that it sent. True: not a byte was written or will be;
  // on_end() comes later, with `cancelled` unless something else ended it first. False: it was
  // written, at least in part, or has ended.
  bool withdraw() noexcept {
    std::uint8_t expected = kQueued;
    return stage_.cas_strong_relaxed(expected, kWithdrawn);
  }

  // Of the client, with a share of its own, before the request goes to a connection.
  void mark_sent() noexcept { stage_.store_relaxed(kQueued); }

  void share() noexcept { shares_.add_relaxed(1); }
  void unshare() noexcept {
    // pairs with itself: the last one out sees all that the others did with the request
    if (shares_.sub_acq_rel(1) == 1) dispose();
  }

 protected:
  virtual ~Request() = default;
  // The last share is gone. Objects that are not of the heap override it.
  virtual void dispose() noexcept { delete this; }

 private:
  friend class RequestList;
  friend class Link;

  static constexpr std::uint8_t kFree = 0, kQueued = 1, kWritten = 2, kWithdrawn = 3;

  // atomics
  base::Atomic<std::uint32_t> shares_{1};    // role: counts the owners; the last one disposes
  base::Atomic<std::uint8_t> stage_{kFree};  // role: the states above; publishes nothing
  // the connection's, from sending to on_end()
  Request* next_ = nullptr;      // in the list that it is in
  std::uint32_t answered_ = 0;   // replies that came
  std::int64_t written_ns_ = 0;  // steady time
};

}  // namespace larder::redis
