// Blocking sockets with a time limit, and a reader by recursive descent.
#include "servers/resp_client.h"

#include <array>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <ostream>

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "servers/server_error.h"

namespace larder::servers {
namespace {

constexpr int kMostDepth = 32;
constexpr std::size_t kReadBytes = 65'536;

[[noreturn]] void fail(const std::string& what) {
  throw ServerError(what + ": " + std::strerror(errno));
}

void set_patience(int socket, std::chrono::milliseconds patience) {
  timeval span{};
  span.tv_sec = patience.count() / 1'000;
  span.tv_usec = (patience.count() % 1'000) * 1'000;
  ::setsockopt(socket, SOL_SOCKET, SO_RCVTIMEO, &span, sizeof span);
  ::setsockopt(socket, SOL_SOCKET, SO_SNDTIMEO, &span, sizeof span);
}

std::int64_t to_number(const std::string& text) {
  std::int64_t number = 0;
  const auto end = std::from_chars(text.data(), text.data() + text.size(), number);
  if (end.ec != std::errc{} || end.ptr != text.data() + text.size()) {
    throw ServerError("the server sent `" + text + "` for a number");
  }
  return number;
}

Reply of_text(Reply::Kind kind, std::string text) {
  return {.kind = kind, .text = std::move(text)};
}

Reply of_number(std::int64_t number) { return {.kind = Reply::Kind::integer, .integer = number}; }

std::string join(const std::vector<Reply>& items) {
  std::string text = "[";
  for (const Reply& item : items) text += (text.size() > 1 ? ", " : "") + item.to_string();
  return text + "]";
}

}  // namespace

std::string Reply::to_string() const {
  switch (kind) {
    case Kind::null:
      return "(null)";
    case Kind::integer:
      return std::to_string(integer);
    case Kind::list:
    case Kind::map:
    case Kind::push:
      return join(items);
    case Kind::status:
    case Kind::error:
    case Kind::text:
      break;
  }
  return text;
}

std::ostream& operator<<(std::ostream& out, const Reply& reply) { return out << reply.to_string(); }

std::string to_wire(std::span<const std::string> arguments) {
  std::string wire = "*" + std::to_string(arguments.size()) + "\r\n";
  for (const std::string& argument : arguments) {
    wire += "$" + std::to_string(argument.size()) + "\r\n" + argument + "\r\n";
  }
  return wire;
}

RespClient::RespClient(FileHandle socket, std::chrono::milliseconds patience)
    : socket_(std::move(socket)) {
  set_patience(socket_.get(), patience);
}

RespClient RespClient::to_port(std::uint16_t port, std::chrono::milliseconds patience) {
  RespClient client(FileHandle(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)), patience);
  sockaddr_in name{};
  name.sin_family = AF_INET;
  name.sin_port = htons(port);
  name.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const int socket = client.socket_.get();
  const int on = 1;
  ::setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  if (::connect(socket, reinterpret_cast<const sockaddr*>(&name), sizeof name) != 0) {
    fail("connecting to port " + std::to_string(port));
  }
  return client;
}

RespClient RespClient::to_socket(const std::string& path, std::chrono::milliseconds patience) {
  RespClient client(FileHandle(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)), patience);
  sockaddr_un name{};
  name.sun_family = AF_UNIX;
  if (path.size() >= sizeof name.sun_path) throw ServerError("too long for a socket: " + path);
  std::memcpy(name.sun_path, path.data(), path.size());
  const auto* const address = reinterpret_cast<const sockaddr*>(&name);
  if (::connect(client.socket_.get(), address, sizeof name) != 0) fail("connecting to " + path);
  return client;
}

Reply RespClient::call(std::span<const std::string> arguments) {
  send(arguments);
  return read();
}

void RespClient::send(std::span<const std::string> arguments) { send_bytes(to_wire(arguments)); }

void RespClient::send_bytes(std::string_view bytes) {
  while (!bytes.empty()) {  // one turn for each part that the system takes
    const ssize_t count = ::send(socket_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (count <= 0) fail("sending");
    bytes.remove_prefix(static_cast<std::size_t>(count));
  }
}

Reply RespClient::read() {
  Reply reply = take_reply(0);
  received_.erase(0, position_);
  position_ = 0;
  return reply;
}

char RespClient::next_byte() {
  if (position_ == received_.size()) {
    std::array<char, kReadBytes> buffer;
    const ssize_t count = ::recv(socket_.get(), buffer.data(), buffer.size(), 0);
    if (count == 0) throw ServerError("the server closed the connection");
    if (count < 0) fail("receiving");
    received_.append(buffer.data(), static_cast<std::size_t>(count));
  }
  return received_[position_++];
}

std::string RespClient::take(std::size_t count) {
  std::string bytes;
  while (bytes.size() < count) bytes += next_byte();  // bound: count
  if (next_byte() != '\r' || next_byte() != '\n') throw ServerError("a text has no end of line");
  return bytes;
}

std::string RespClient::take_line() {
  std::string line;
  for (char byte = next_byte(); byte != '\r'; byte = next_byte()) line += byte;  // bound: the line
  if (next_byte() != '\n') throw ServerError("half an end of line");
  return line;
}

std::string RespClient::take_text(const std::string& length) {
  return take(static_cast<std::size_t>(to_number(length)));
}

void RespClient::take_items(Reply& reply, std::int64_t count, int depth) {
  for (std::int64_t i = 0; i < count; ++i) reply.items.push_back(take_reply(depth + 1));
}

Reply RespClient::take_reply(int depth) {
  if (depth > kMostDepth) throw ServerError("an answer is too deep");
  const char type = next_byte();
  const std::string line = take_line();
  using enum Reply::Kind;
  Reply reply{.kind = list};
  switch (type) {
    case '+':
      return of_text(status, line);
    case '-':
      return of_text(error, line);
    case ':':
      return of_number(to_number(line));
    case ',':
    case '(':
      return of_text(text, line);
    case '#':
      return of_number(line == "t" ? 1 : 0);
    case '_':
      return {};
    case '$':
      return line == "-1" ? Reply{} : of_text(text, take_text(line));
    case '!':
      return of_text(error, take_text(line));
    case '=':
      return of_text(text, take_text(line).substr(4));  // after `txt:`
    case '>':
      reply.kind = push;
      break;
    case '%':
      reply.kind = map;
      break;
    case '|':  // an attribute: the answer proper follows
      take_items(reply, 2 * to_number(line), depth);
      return take_reply(depth);
    case '*':
    case '~':
      if (line == "-1") return {};
      break;
    default:
      throw ServerError("an answer begins with `" + std::string(1, type) + line + "`");
  }
  take_items(reply, (type == '%' ? 2 : 1) * to_number(line), depth);
  return reply;
}

}  // namespace larder::servers
