// The conversation that opens a connection, and what each error in it means.
#include "redis/greeting.h"

#include <utility>

#include "resp/writer.h"

namespace larder::redis {
namespace {

using resp::append_command;
using resp::Type;
using resp::Value;

bool is_error(const Value& reply, std::string_view code) noexcept {
  return reply.type == Type::error && reply.text.starts_with(code) &&
         (reply.text.size() == code.size() || reply.text[code.size()] == ' ');
}

// Codes that speak of the credentials or of what they allow.
bool is_refusal(const Value& reply) noexcept {
  return is_error(reply, "WRONGPASS") || is_error(reply, "NOAUTH") || is_error(reply, "NOPERM") ||
         is_error(reply, "DENIED");
}

// Codes of a server that will serve later.
bool will_pass(const Value& reply) noexcept {
  return is_error(reply, "LOADING") || is_error(reply, "MASTERDOWN") ||
         reply.text.find("max number of clients") != std::string_view::npos;
}

bool knows_no_hello(const Value& reply) noexcept {
  return is_error(reply, "NOPROTO") || reply.text.find("unknown command") != std::string_view::npos;
}

}  // namespace

void Greeting::start(std::string& out) {
  fault_.reset();
  protocol_ = options_.protocol;
  if (options_.protocol == 3) return ask_hello(out);
  options_.password.empty() ? ask_setup(out) : ask_auth(out);
}

void Greeting::ask_hello(std::string& out) {
  state_ = State::kHello;
  if (options_.password.empty()) return append_command(out, "HELLO", 3);
  const std::string_view user = options_.user.empty() ? "default" : options_.user.view();
  append_command(out, "HELLO", 3, "AUTH", user, options_.password.view());
}

void Greeting::ask_auth(std::string& out) {
  state_ = State::kAuth;
  if (options_.user.empty()) return append_command(out, "AUTH", options_.password.view());
  append_command(out, "AUTH", options_.user.view(), options_.password.view());
}

void Greeting::ask_setup(std::string& out) {
  state_ = State::kSetup;
  awaits_name_ = !options_.client_name.empty();
  awaits_database_ = options_.database != 0;
  if (awaits_name_) append_command(out, "CLIENT", "SETNAME", options_.client_name);
  if (awaits_database_) append_command(out, "SELECT", options_.database);
  append_command(out, "PING");
}

Greeting::Step Greeting::on_reply(const Value& reply, std::string& out) {
  switch (state_) {
    case State::kHello:
      return on_hello(reply, out);
    case State::kAuth:
      if (reply.type == Type::error) return fail_by("authentication", reply, Errc::auth_failed);
      ask_setup(out);
      return Step::more;
    case State::kSetup:
      return on_setup(reply);
    case State::kDone:
    case State::kFailed:
      break;
  }
  return fail(Errc::unavailable, "a reply that nobody asked for", reply);
}

Greeting::Step Greeting::on_hello(const Value& reply, std::string& out) {
  if (reply.type == Type::error) {
    if (!knows_no_hello(reply)) return fail_by("HELLO", reply, Errc::server_error);
    protocol_ = 2;
    options_.password.empty() ? ask_setup(out) : ask_auth(out);
    return Step::more;
  }
  const Value* protocol = reply.find("proto");
  if (protocol == nullptr || protocol->integer != 3) {
    return fail(Errc::server_error, "HELLO: not answered as by a Redis server", reply);
  }
  ask_setup(out);
  return Step::more;
}

Greeting::Step Greeting::on_setup(const Value& reply) {
  if (std::exchange(awaits_name_, false)) {
    // A connection without a name serves as well.
    return is_error(reply, "NOAUTH") ? fail_by("authentication", reply, Errc::auth_failed)
                                     : Step::more;
  }
  if (std::exchange(awaits_database_, false)) {
    if (reply.type != Type::error) return Step::more;
    return fail_by("SELECT", reply, Errc::invalid_config);
  }
  // Other errors, such as NOPERM and MISCONF, do not speak of all requests.
  if (is_error(reply, "NOAUTH") || will_pass(reply)) {
    return fail_by("PING", reply, Errc::unavailable);
  }
  state_ = State::kDone;
  return Step::done;
}

Greeting::Step Greeting::fail_by(std::string_view what, const Value& reply, Errc otherwise) {
  const Errc code = will_pass(reply)    ? Errc::unavailable
                    : is_refusal(reply) ? Errc::auth_failed
                                        : otherwise;
  return fail(code, what, reply);
}

Greeting::Step Greeting::fail(Errc code, std::string_view what, const Value& reply) {
  state_ = State::kFailed;
  Error error(code, "the server refuses the connection: " + std::string(what));
  // A server may repeat the arguments of a command that it does not know.
  const bool tells_secret = !options_.password.empty() &&
                            reply.text.find(options_.password.view()) != std::string_view::npos;
  if (reply.type == Type::error && !tells_secret) {
    error = Error(code, std::string(error.message()) + ": " + std::string(reply.text))
                .with_server_message(std::string(reply.text));
  }
  fault_ = std::move(error);
  return Step::failed;
}

}  // namespace larder::redis
