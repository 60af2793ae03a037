// RedisCall: one round trip of a Redis engine: commands on their way, and their replies kept for
// whoever asked.
//
// Thread safety: built and read by the one who asks; in between it belongs to the connection.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "larder/result.h"
#include "redis/request.h"
#include "redis/script.h"
#include "resp/reply.h"
#include "resp/writer.h"
#include "sync/event.h"

namespace larder::engine {

// What goes on when a round trip has ended.
class RedisContinuation {
 public:
  // On the connection's thread; must not block.
  virtual void on_round_trip() noexcept = 0;

 protected:
  ~RedisContinuation() = default;
};

// States: made; sent; ended (all replies came, or an error says why not). Who asked either waits
// for `over`, or leaves a continuation; who gives up drops the share that it has.
class RedisCall final : public redis::Request {
 public:
  // A holder of one share.
  struct Drop {
    void operator()(RedisCall* call) const noexcept { call->unshare(); }
  };
  using Ptr = std::unique_ptr<RedisCall, Drop>;
  static Ptr make() { return Ptr(new RedisCall); }

  // One more command.
  template <class... A>
  void add(const A&... arguments) {
    resp::append_command(wire, arguments...);
    replies = ++commands_;
  }
  void add_list(std::string_view command, std::span<const std::string> arguments);
  // The only command: a script. It is sent by its name; see whole().
  void run(const redis::Script& script, std::span<const std::string> keys,
           std::span<const std::string_view> arguments);
  // Where the server did not know the script by its name: the same call with its text. Else null.
  [[nodiscard]] Ptr whole() const;

  void on_reply(std::uint32_t which, const resp::Value& reply) noexcept override;
  void on_end(std::optional<Error> error) noexcept override;

  // once ended
  [[nodiscard]] const resp::Value& answer(std::size_t which = 0) const noexcept {
    return answers_[which].value();
  }
  [[nodiscard]] const std::optional<Error>& error() const noexcept { return error_; }
  // pairs with on_end()
  [[nodiscard]] bool has_ended() const noexcept { return ended_.load_acquire(); }

  sync::Event over;  // set at the end, or by who wants the waiter to leave
  // Kept alive until the end; null: somebody waits for `over`.
  std::shared_ptr<RedisContinuation> continuation;

 private:
  RedisCall() = default;
  ~RedisCall() override;

  std::uint32_t commands_ = 0;
  const redis::Script* script_ = nullptr;  // sent by name, until it is sent whole
  std::vector<resp::Reply> answers_;
  std::optional<Error> error_;
  base::Atomic<bool> ended_{false};  // role: publishes the replies to a waiter that was let go
};

// The error that an error reply means to the caller of an operation: the server's words included.
Error server_error(std::string_view words);

}  // namespace larder::engine
