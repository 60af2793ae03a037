// The transitions of a Link. Whatever ends requests first leaves the state as it will be, for their
// callbacks may submit others.
#include "redis/link.h"

#include <algorithm>
#include <utility>

#include "base/secure.h"
#include "resp/writer.h"
#include "sync/lock_checks.h"

namespace larder::redis {

Link::Ping::Ping() { resp::append_command(wire, "PING"); }

void Link::Ping::on_reply(std::uint32_t, const resp::Value&) noexcept {}

void Link::Ping::on_end(std::optional<Error>) noexcept {}

Link::Link(LinkOptions options, LinkListener& listener)
    : options_(std::move(options)),
      listener_(listener),
      random_(options_.seed),
      greeting_(options_.greeting) {}

Link::~Link() { close(); }

void Link::start(Instant now) noexcept {
  if (state_ != State::kIdle) return;
  away_since_ns_ = now.steady_ns;
  connect(now);
}

void Link::connect(Instant now) noexcept {
  state_ = State::kConnecting;
  ++attempt_;
  attempt_since_ns_ = now.steady_ns;
}

void Link::submit(Request& request, Instant now) noexcept {
  if (state_ == State::kClosed) {
    return end(request, Error(Errc::closed, "the connection to Redis is closed"));
  }
  if (gave_up(now)) {
    ++counters_.unavailable;
    return end(request, why_unavailable());
  }
  earliest_deadline_ns_ = std::min(earliest_deadline_ns_, request.deadline_ns);
  queue_.push(request);
}

void Link::connected(Instant now) noexcept {
  if (state_ != State::kConnecting) return;
  state_ = State::kGreeting;
  heard_ns_ = now.steady_ns;
  greeting_.start(words_);
}

std::span<char> Link::space() {
  const std::size_t wanted = std::clamp(reply_bytes_ * kRepliesPerRead, options_.least_read_bytes,
                                        options_.most_read_bytes);
  // The rest of a large reply: as much again as is there, so that it takes few calls.
  return input_.space(std::max(wanted, std::min(input_.size(), options_.most_read_bytes)));
}

void Link::received(std::size_t size, Instant now) noexcept {
  if (!has_stream()) return;
  input_.commit(size);
  ++counters_.reads;
  counters_.bytes_read += size;
  heard_ns_ = now.steady_ns;
  parse(now);
}

void Link::parse(Instant now) noexcept {
  while (has_stream() && !input_.empty()) {  // one turn for each reply in the buffer
    const auto status = parser_.parse(input_.unread());
    if (status == resp::Parser::Status::more) return;
    if (status == resp::Parser::Status::broken) {
      return lose(Error(Errc::unavailable, "an answer of " + options_.server +
                                               " is no RESP: " + std::string(parser_.fault())),
                  now);
    }
    const std::size_t size = parser_.consumed();
    reply_bytes_ += (static_cast<std::ptrdiff_t>(size - reply_bytes_)) / 8;
    take_reply(parser_.value(), now);
    if (has_stream()) input_.consume(size, options_.secure_wipe);
  }
}

void Link::take_reply(const resp::Value& reply, Instant now) noexcept {
  if (reply.type == resp::Type::push) {
    ++counters_.pushes;
    listener_.on_push(reply);
  } else if (state_ == State::kGreeting) {
    greet(reply, now);
  } else {
    answer(reply, now);
  }
}

void Link::greet(const resp::Value& reply, Instant now) noexcept {
  switch (greeting_.on_reply(reply, words_)) {
    case Greeting::Step::more:
      return;
    case Greeting::Step::failed:
      return lose(greeting_.fault(), now);
    case Greeting::Step::done:
      break;
  }
  state_ = State::kReady;
  ready_since_ns_ = now.steady_ns;
  cause_.reset();
  ++counters_.connects;
  listener_.on_ready();
}

void Link::answer(const resp::Value& reply, Instant now) noexcept {
  Request* const request = in_flight_.front();
  if (request == nullptr) {
    return lose(Error(Errc::unavailable, options_.server + " sent a reply that nobody asked for"),
                now);
  }
  if (reply.type == resp::Type::error && reply.text.starts_with("READONLY")) {
    state_ = State::kDraining;
  }
  // CALLBACK: no lock is held.
  sync::assert_no_locks_held();
  request->on_reply(request->answered_, reply);
  if (request != &ping_) ++counters_.replies;
  if (++request->answered_ == request->replies) {
    in_flight_.pop();
    counters_.latency_ns += (now.steady_ns - request->written_ns_ - counters_.latency_ns) / 64;
    end(*request, std::nullopt);
  }
  if (state_ == State::kDraining && in_flight_.empty()) {
    lose(Error(Errc::unavailable, options_.server + " accepts no writes: it is a replica"), now);
  }
}

std::string_view Link::to_send(Instant now) noexcept {
  if (state_ == State::kGreeting && output_.empty() && !words_.empty()) {
    sends_secret_ = true;  // they may hold the password
    output_.append(words_);
    forget_words();
  }
  if (state_ == State::kReady && output_.empty()) hand_over(now);
  return has_stream() ? output_.unread() : std::string_view();
}

void Link::forget_words() noexcept {
  base::secure_zero(words_.data(), words_.capacity());
  words_.clear();
}

void Link::hand_over(Instant now) noexcept {
  const bool owed = !in_flight_.empty();
  std::uint64_t batch = 0;
  while (!queue_.empty() && output_.size() < options_.write_bytes &&
         in_flight_.count() < options_.max_in_flight) {
    if (write(queue_.pop(), now)) ++batch;
  }
  if (queue_.empty()) earliest_deadline_ns_ = kNever;
  if (batch == 0) return;
  if (!owed) heard_ns_ = now.steady_ns;
  ++counters_.writes;
  counters_.largest_write = std::max(counters_.largest_write, batch);
}

// False: the request ended instead.
bool Link::write(Request& request, Instant now) noexcept {
  if (request.deadline_ns <= now.clock_ns) {
    ++counters_.expired;
    end(request, Error(Errc::deadline_exceeded, "the deadline passed before a command was sent"));
    return false;
  }
  std::uint8_t expected = Request::kQueued;
  if (!request.stage_.cas_strong_relaxed(expected, Request::kWritten)) {
    end(request, Error(Errc::cancelled, "the caller gave up before a command was sent"));
    return false;
  }
  output_.append(request.wire);
  request.written_ns_ = now.steady_ns;
  request.answered_ = 0;
  if (request.replies == 0) {
    end(request, std::nullopt);
  } else {
    in_flight_.push(request);
  }
  return true;
}

void Link::sent(std::size_t size, Instant now) noexcept {
  if (!has_stream()) return;
  counters_.bytes_written += size;
  output_.consume(size, options_.secure_wipe || sends_secret_);
  if (output_.empty()) {
    sends_secret_ = false;
  } else {
    // Only a full socket takes a part. Where the rest follows, the server reads; a write that is
    // taken whole says nothing of the other side.
    heard_ns_ = now.steady_ns;
  }
}

void Link::failed(const Error& reason, Instant now) noexcept {
  if (has_stream()) lose(reason, now);
}

void Link::lose(const Error& cause, Instant now) noexcept {
  const bool was_open = state_ == State::kReady || state_ == State::kDraining;
  ++(was_open ? counters_.losses : counters_.failed_connects);
  if (was_open) {
    away_since_ns_ = now.steady_ns;
    if (now.steady_ns - ready_since_ns_ >= kStableNs) failures_ = 0;
  }
  state_ = State::kLost;
  cause_ = cause;
  retry_ns_ = now.steady_ns + next_pause_ns();
  parser_.reset();
  input_.clear();
  output_.clear();
  forget_words();
  sends_secret_ = false;
  listener_.on_lost(cause);
  end_all(in_flight_.take_all(),
          Error(Errc::unavailable, "the connection to " + options_.server +
                                       " was lost: " + std::string(cause.message()))
              .with_server_message(std::string(cause.server_message()))
              .with_effect(Effect::unknown));
  end_queue(now);
}

// The first attempt after a good connection is made at once, the second after backoff_first_ns.
std::int64_t Link::next_pause_ns() noexcept {
  if (failures_++ == 0) return 0;
  const unsigned doublings = std::min(failures_ - 2, 40U);
  std::int64_t pause = options_.backoff_most_ns;
  if (options_.backoff_first_ns <= (pause >> doublings)) {
    pause = options_.backoff_first_ns << doublings;
  }
  return pause -
         static_cast<std::int64_t>(random_.below(static_cast<std::uint64_t>(pause / 2 + 1)));
}

void Link::tick(Instant now) noexcept {
  if (state_ == State::kLost && now.steady_ns >= retry_ns_) connect(now);
  const bool opening = state_ == State::kConnecting || state_ == State::kGreeting;
  if (opening && now.steady_ns - attempt_since_ns_ >= options_.connect_timeout_ns) {
    lose(Error(Errc::unavailable, options_.server + " did not answer in time"), now);
  }
  const std::int64_t silent_ns = now.steady_ns - heard_ns_;
  if (state_ == State::kReady || state_ == State::kDraining) {
    if (!in_flight_.empty() && silent_ns >= options_.silence_limit_ns) {
      lose(Error(Errc::unavailable, options_.server + " answers no more"), now);
    } else if (in_flight_.empty() && silent_ns >= options_.idle_limit_ns && queue_.empty()) {
      ping_.stage_.store_relaxed(Request::kQueued);
      queue_.push(ping_);
    }
  }
  end_queue(now);
}

// What waits in the queue and has waited for too long.
void Link::end_queue(Instant now) noexcept {
  if (gave_up(now) && !queue_.empty()) {
    earliest_deadline_ns_ = kNever;
    counters_.unavailable += queue_.count();
    end_all(queue_.take_all(), why_unavailable());
  } else if (now.clock_ns >= earliest_deadline_ns_) {
    end_expired(now);
  }
}

void Link::end_expired(Instant now) noexcept {
  RequestList rest = queue_.take_all();
  earliest_deadline_ns_ = kNever;
  while (!rest.empty()) {  // one turn for each request of the queue
    Request& request = rest.pop();
    if (request.deadline_ns <= now.clock_ns) {
      ++counters_.expired;
      end(request, Error(Errc::deadline_exceeded, "the deadline passed before a command was sent"));
    } else {
      earliest_deadline_ns_ = std::min(earliest_deadline_ns_, request.deadline_ns);
      queue_.push(request);
    }
  }
}

// Nobody who comes now is asked to wait. Refused credentials are not accepted a little later.
bool Link::gave_up(Instant now) const noexcept {
  const bool away =
      state_ == State::kConnecting || state_ == State::kGreeting || state_ == State::kLost;
  if (!away || !cause_) return false;
  return cause_->code() == Errc::auth_failed ||
         now.steady_ns - away_since_ns_ >= options_.connect_timeout_ns;
}

Error Link::why_unavailable() const {
  const Errc code = cause_->code() == Errc::auth_failed ? Errc::auth_failed : Errc::unavailable;
  return Error(code, "no connection to " + options_.server + ": " + std::string(cause_->message()))
      .with_server_message(std::string(cause_->server_message()));
}

void Link::close() noexcept {
  if (state_ == State::kClosed) return;
  state_ = State::kClosed;
  parser_.reset();
  input_.clear();
  output_.clear();
  forget_words();
  const Error error(Errc::closed, "the connection to Redis is closed");
  end_all(in_flight_.take_all(), error.with_effect(Effect::unknown));
  end_all(queue_.take_all(), error);
}

void Link::end_all(RequestList requests, const Error& error) noexcept {
  while (!requests.empty()) end(requests.pop(), error);
}

void Link::end(Request& request, std::optional<Error> error) noexcept {
  if (&request == &ping_) return;
  ++ended_.requests;
  ended_.bytes += request.wire.size();
  request.stage_.store_relaxed(Request::kFree);
  // CALLBACK: no lock is held.
  sync::assert_no_locks_held();
  request.on_end(std::move(error));
  request.unshare();
}

Instant Link::wake() const noexcept {
  Instant wake{kNever, earliest_deadline_ns_};
  switch (state_) {
    case State::kIdle:
    case State::kClosed:
      break;
    case State::kLost:
      wake.steady_ns = retry_ns_;
      break;
    case State::kConnecting:
    case State::kGreeting:
      wake.steady_ns = attempt_since_ns_ + options_.connect_timeout_ns;
      break;
    case State::kReady:
    case State::kDraining:
      wake.steady_ns =
          heard_ns_ + (in_flight_.empty() ? options_.idle_limit_ns : options_.silence_limit_ns);
      break;
  }
  const bool away =
      state_ == State::kConnecting || state_ == State::kGreeting || state_ == State::kLost;
  if (away && !queue_.empty()) {
    wake.steady_ns = std::min(wake.steady_ns, away_since_ns_ + options_.connect_timeout_ns);
  }
  return wake;
}

const LinkCounters& Link::counters() const noexcept {
  counters_.queued = queue_.count();
  counters_.in_flight = in_flight_.count();
  return counters_;
}

Link::Ended Link::take_ended() noexcept { return std::exchange(ended_, {}); }

}  // namespace larder::redis
