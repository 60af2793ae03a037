// Stream: bytes to a server and back, over TCP, a unix socket or TLS. Used by the connections of
// engine/.
//
// Thread safety: belongs to its loop's thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "larder/error.h"
#include "net/loop.h"
#include "net/tls.h"

namespace larder::net {

// A name or an address with a port, or the path of a unix socket.
struct Address {
  std::string host{};
  std::uint16_t port = 0;
  std::string path{};  // not empty: a unix socket
};

// Hears what came of the calls of its stream; never from within one of them.
class StreamOwner {
 public:
  virtual void on_open() noexcept = 0;
  virtual void on_received(std::size_t size) noexcept = 0;  // at least one byte
  virtual void on_sent(std::size_t size) noexcept = 0;      // at least one byte
  // The last call for this open(): `unavailable`, in words.
  virtual void on_failed(const Error& reason) noexcept = 0;

 protected:
  ~StreamOwner() = default;
};

// States: closed --open--> opening --on_open--> open; on_failed or close() --> closed, after which
// it can be opened again. Deadlines are the owner's.
class Stream {
 public:
  Stream(Loop& loop, StreamOwner& owner);
  ~Stream();  // closes
  Stream(const Stream&) = delete;
  Stream& operator=(const Stream&) = delete;

  // Needs state closed. The name is resolved anew each time; its addresses are tried one after the
  // other, beginning with another one for each `attempt`. Null: without TLS.
  void open(const Address& address, std::shared_ptr<const TlsContext> tls, std::uint64_t attempt);

  // Needs state open, and one of its kind at a time. The bytes must stay where they are until the
  // answer, or close().
  void receive(std::span<char> into);
  void send(std::string_view bytes);

  // No calls follow. Without effect where it is closed.
  void close() noexcept;

  [[nodiscard]] bool is_closed() const noexcept { return channel_ == nullptr; }

 private:
  class Channel;

  // constant after construction
  Loop& loop_;
  StreamOwner& owner_;

  std::shared_ptr<Channel> channel_;  // null: closed; shared with waiting handlers
};

}  // namespace larder::net
