// Greeting: the first words on a connection, until it may carry requests. Used by the Link.
//
// Thread safety: an object belongs to one thread at a time.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "base/wiped_text.h"
#include "larder/error.h"
#include "resp/value.h"

namespace larder::redis {

struct GreetingOptions {
  base::WipedText user{};      // empty: `default`
  base::WipedText password{};  // empty: no authentication
  std::uint32_t database = 0;
  unsigned protocol = 3;      // 3: RESP3, or else RESP2; 2: RESP2
  std::string client_name{};  // empty: none
};

// States and what is on its way in each:
//   kHello   HELLO 3 [AUTH user password]
//            a map: -> kSetup; an error that says that the server knows no HELLO 3: -> kAuth, or
//            kSetup without a password (RESP2)
//   kAuth    AUTH [user] password
//   kSetup   CLIENT SETNAME, SELECT where they are wanted, then PING, written together. The PING
//            finds out whether the server serves: one that loads its data set, or lost its primary,
//            greets like any other
//   kDone, kFailed
// An error to a credential is `auth_failed`, one that will pass is `unavailable`.
class Greeting {
 public:
  explicit Greeting(GreetingOptions options) : options_(std::move(options)) {}

  // Begins anew, on another connection. Appends commands to `out`, which the caller wipes: they
  // hold the password.
  void start(std::string& out);

  enum class Step : std::uint8_t {
    more,  // waits for a reply (what `out` got is to be written first)
    done,
    failed,  // fault() tells
  };
  Step on_reply(const resp::Value& reply, std::string& out);

  [[nodiscard]] const Error& fault() const noexcept { return *fault_; }  // after `failed`
  [[nodiscard]] unsigned protocol() const noexcept { return protocol_; }

 private:
  enum class State : std::uint8_t { kHello, kAuth, kSetup, kDone, kFailed };

  void ask_hello(std::string& out);
  void ask_auth(std::string& out);
  void ask_setup(std::string& out);
  Step on_hello(const resp::Value& reply, std::string& out);
  Step on_setup(const resp::Value& reply);
  Step fail(Errc code, std::string_view what, const resp::Value& reply);
  Step fail_by(std::string_view what, const resp::Value& reply, Errc otherwise);

  // constant after construction
  const GreetingOptions options_;

  State state_ = State::kFailed;
  unsigned protocol_ = 0;
  bool awaits_name_ = false;      // kSetup: its reply is to come
  bool awaits_database_ = false;  // kSetup: its reply is to come
  std::optional<Error> fault_;
};

}  // namespace larder::redis
