// The life of a connection.
#include "service/connection.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <utility>

#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/http.hpp>

#include "service/errors.h"

namespace larder::service {
namespace {

namespace asio = boost::asio;
namespace http = boost::beast::http;
using std::chrono::milliseconds;

constexpr std::size_t kFirstReadBytes = 2048;
constexpr milliseconds kLongestTick{1000};
constexpr milliseconds kShortestTick{5};

// Awaits an operation whose failure goes to `failure`.
auto into(boost::beast::error_code& failure) {
  return asio::redirect_error(asio::use_awaitable, failure);
}

milliseconds tick_of(const ServerOptions& options) {
  const milliseconds shortest =
      std::min({options.exchange_timeout, options.idle_timeout, options.linger_timeout});
  return std::clamp(shortest / 4, kShortestTick, kLongestTick);
}

Request to_request(http::request<http::string_body>&& message, bool draining) {
  return {.method = std::string(message.method_string()),
          .target = std::string(message.target()),
          .body = std::move(message.body()),
          .draining = draining};
}

// What is wrong with bytes that are no request that is accepted.
ApiError describe(boost::beast::error_code failure, const ServerOptions& options) {
  if (failure == http::error::body_limit) {
    return {413, "body_too_large",
            "the body is longer than " + std::to_string(options.max_body_bytes) + " bytes"};
  }
  if (failure == http::error::header_limit || failure == http::error::buffer_overflow) {
    return {431, "headers_too_large",
            "the header is longer than " + std::to_string(options.max_header_bytes) + " bytes"};
  }
  return {400, "malformed_request", "this is no HTTP request: " + failure.message()};
}

template <class Body>
http::response<Body> head_of(const Response& response, unsigned version, bool keep_alive) {
  http::response<Body> message{static_cast<http::status>(response.status), version};
  message.set(http::field::server, "larder");
  message.set(http::field::cache_control, "no-store");
  if (!response.body.empty()) message.set(http::field::content_type, response.content_type);
  if (!response.allow.empty()) message.set(http::field::allow, response.allow);
  message.keep_alive(keep_alive);
  return message;
}

}  // namespace

Connection::Connection(asio::ip::tcp::socket socket, ServerParts& parts)
    : executor_(socket.get_executor()),
      parts_(parts),
      tick_(tick_of(parts.options)),
      socket_(std::move(socket)),
      watchdog_(socket_.get_executor()),
      buffer_(parts.options.max_header_bytes + parts.options.max_body_bytes) {}

asio::awaitable<void> Connection::run() {
  enter(parts_.options.idle_timeout);
  watch();
  Next next = Next::request;
  while (next == Next::request) next = co_await exchange();
  if (next == Next::linger) co_await linger();
  abort();
}

void Connection::drain() {
  draining_ = true;
  if (!idle_) return;
  deadline_ = std::min(deadline_, Clock::now() + parts_.options.drain_idle);
  watchdog_.cancel();  // looks at the nearer deadline
}

void Connection::abort() {
  ErrorCode ignored;
  closed_ = true;
  watchdog_.cancel();
  socket_.close(ignored);
}

// ---- one exchange

asio::awaitable<bool> Connection::await_request() {
  if (buffer_.size() > 0) co_return !closed_;
  enter(draining_ ? parts_.options.drain_idle : parts_.options.idle_timeout);
  idle_ = true;
  ErrorCode failure;
  const std::size_t size =
      co_await socket_.async_read_some(buffer_.prepare(kFirstReadBytes), into(failure));
  buffer_.commit(size);
  idle_ = false;
  co_return !failure && !closed_;
}

asio::awaitable<Connection::Next> Connection::exchange() {
  if (!co_await await_request()) co_return expired_ ? Next::linger : Next::close;
  enter(parts_.options.exchange_timeout);
  Parser parser;
  parser.header_limit(parts_.options.max_header_bytes);
  parser.body_limit(parts_.options.max_body_bytes);
  if (const ErrorCode failure = co_await read(parser)) co_return co_await refuse(failure);

  const Clock::time_point began = Clock::now();
  const bool wants_more = parser.keep_alive();
  const bool head = parser.get().method() == http::verb::head;
  const unsigned version = parser.get().version();
  const Request request = to_request(parser.release(), draining_);
  const Response response = co_await parts_.handler(request);
  const bool keep_alive = wants_more && (!draining_ || has_more());
  const bool written = co_await write(response, version, head, keep_alive);
  record(request, response, began);
  if (!written) co_return Next::close;
  co_return keep_alive ? Next::request : Next::linger;
}

asio::awaitable<Connection::ErrorCode> Connection::read(Parser& parser) {
  ErrorCode failure;
  co_await http::async_read_header(socket_, buffer_, parser, into(failure));
  if (failure) co_return failure;
  if (boost::beast::iequals(parser.get()[http::field::expect], "100-continue")) {
    constexpr std::string_view kGoOn = "HTTP/1.1 100 Continue\r\n\r\n";
    co_await asio::async_write(socket_, asio::buffer(kGoOn), into(failure));
    if (failure) co_return failure;
  }
  co_await http::async_read(socket_, buffer_, parser, into(failure));
  co_return failure;
}

// Answers what is no request, as far as the client can still be reached.
asio::awaitable<Connection::Next> Connection::refuse(ErrorCode failure) {
  const bool timed_out = failure == asio::error::operation_aborted && expired_;
  const bool malformed = failure.category() == make_error_code(http::error::bad_target).category();
  if (closed_ || (!timed_out && !malformed)) co_return Next::close;
  const Response response =
      to_response(timed_out ? ApiError{408, "request_timeout", "the request took too long to come"}
                            : describe(failure, parts_.options));
  enter(parts_.options.linger_timeout);
  const bool written = co_await write(response, 11, false, false);
  record({}, response, Clock::now());
  co_return written ? Next::linger : Next::close;
}

asio::awaitable<bool> Connection::write(const Response& response, unsigned version, bool head,
                                        bool keep_alive) {
  ErrorCode failure;
  if (head || response.status == 204) {  // 204 has neither a body nor a length
    auto message = head_of<http::empty_body>(response, version, keep_alive);
    if (response.status != 204) message.content_length(response.body.size());
    co_await http::async_write(socket_, message, into(failure));
  } else {
    auto message = head_of<http::string_body>(response, version, keep_alive);
    message.body() = response.body;
    message.prepare_payload();
    co_await http::async_write(socket_, message, into(failure));
  }
  co_return !failure;
}

// Says that nothing more comes, and reads on until the client closes too: a close before that
// could reset the connection and take the last response with it.
asio::awaitable<void> Connection::linger() {
  enter(parts_.options.linger_timeout);
  ErrorCode failure;
  socket_.shutdown(asio::ip::tcp::socket::shutdown_send, failure);
  std::array<char, 4096> scratch;
  for (std::size_t total = 0; !failure && total < parts_.options.max_linger_bytes;) {
    total += co_await socket_.async_read_some(asio::buffer(scratch), into(failure));
  }
}

bool Connection::has_more() const {
  ErrorCode failure;
  return buffer_.size() > 0 || (socket_.available(failure) > 0 && !failure);
}

void Connection::record(const Request& request, const Response& response, Clock::time_point began) {
  const auto duration = Clock::now() - began;
  parts_.metrics.answered(response.route, response.status, duration);
  const auto level = response.status >= 500 ? spdlog::level::warn : spdlog::level::debug;
  if (!parts_.log.takes(level)) return;
  // What clients name their methods is their affair: only the known ones are logged.
  const auto method = http::to_string(http::string_to_verb(request.method));
  parts_.log.event(
      level, "request",
      {{"method", std::string_view(method.data(), method.size())},
       {"route", response.route},
       {"status", response.status},
       {"microseconds", std::chrono::duration_cast<std::chrono::microseconds>(duration).count()},
       {"session", response.session_id}});
}

// ---- deadlines

void Connection::enter(milliseconds timeout) {
  expired_ = false;
  deadline_ = Clock::now() + timeout;
}

void Connection::watch() {
  const Clock::time_point now = Clock::now();
  watchdog_.expires_at(std::clamp<Clock::time_point>(deadline_, now + kShortestTick, now + tick_));
  watchdog_.async_wait([self = shared_from_this()](ErrorCode) { self->on_tick(); });
}

void Connection::on_tick() {
  if (closed_) return;
  if (Clock::now() >= deadline_) {
    ErrorCode ignored;
    expired_ = true;
    socket_.cancel(ignored);
  }
  watch();
}

}  // namespace larder::service
