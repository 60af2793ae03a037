// The proxy's thread: one poll() over all connections.
#include "servers/fault_proxy.h"

#include <algorithm>
#include <cerrno>

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/eventfd.h>
#include <sys/socket.h>

#include "servers/server_error.h"

namespace larder::servers {
namespace {

constexpr int kBacklog = 1'024;
constexpr std::size_t kFirstLink = 2;  // in the polled: after the bell and the listener
constexpr std::chrono::nanoseconds kForever = std::chrono::hours(1);  // then it looks again

sockaddr_in loopback(std::uint16_t port) {
  sockaddr_in name{};
  name.sin_family = AF_INET;
  name.sin_port = htons(port);
  name.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return name;
}

FileHandle make_socket() {
  return FileHandle(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
}

void send_at_once(int socket) {
  const int on = 1;
  ::setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}

// Under way when it returns; a refusal shows at the first use.
FileHandle connect_to(std::uint16_t port) {
  FileHandle socket = make_socket();
  const sockaddr_in name = loopback(port);
  const int status = ::connect(socket.get(), reinterpret_cast<const sockaddr*>(&name), sizeof name);
  if (status != 0 && errno != EINPROGRESS) return {};
  send_at_once(socket.get());
  return socket;
}

void wait_for_events(std::vector<pollfd>& polled, std::chrono::nanoseconds most) {
  const auto seconds = std::chrono::floor<std::chrono::seconds>(most);
  const timespec wait{.tv_sec = seconds.count(), .tv_nsec = (most - seconds).count()};
  ::ppoll(polled.data(), polled.size(), &wait, nullptr);
}

}  // namespace

FaultProxy::FaultProxy(std::uint16_t target_port)
    : bell_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)), target_(target_port) {
  listen();
  thread_ = std::jthread([this] { run(); });
}

FaultProxy::~FaultProxy() {
  const std::lock_guard lock(mutex_);
  ends_ = true;
  changed_locked();
}

void FaultProxy::listen() {
  FileHandle socket = make_socket();
  const int on = 1;
  ::setsockopt(socket.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  const sockaddr_in name = loopback(port());
  if (::bind(socket.get(), reinterpret_cast<const sockaddr*>(&name), sizeof name) != 0 ||
      ::listen(socket.get(), kBacklog) != 0) {
    throw ServerError("cannot listen on port " + std::to_string(port()));
  }
  listener_ = std::move(socket);
}

void FaultProxy::set(Way way, const Faults& faults) {
  const std::lock_guard lock(mutex_);
  faults_[static_cast<std::size_t>(way)] = faults;
  for (ProxyLink& link : links_) link.restart();
  changed_locked();
}

void FaultProxy::clear() {
  const std::lock_guard lock(mutex_);
  faults_ = {};
  for (ProxyLink& link : links_) link.restart();
  changed_locked();
}

void FaultProxy::refuse(bool refused) {
  const std::lock_guard lock(mutex_);
  if (refused) {
    // While the thread polls it, closing alone would leave it open.
    ::shutdown(listener_.get(), SHUT_RDWR);
    listener_.reset();
  } else if (!listener_) {
    listen();
  }
  changed_locked();
}

void FaultProxy::cut_all(bool reset) {
  const std::lock_guard lock(mutex_);
  for (ProxyLink& link : links_) link.cut(reset);
  links_.clear();
  counts_.open = 0;
  changed_locked();
}

void FaultProxy::set_target(std::uint16_t port) {
  const std::lock_guard lock(mutex_);
  target_ = port;
}

ProxyCounts FaultProxy::counts() const {
  const std::lock_guard lock(mutex_);
  return counts_;
}

bool FaultProxy::wait_for(const std::function<bool(const ProxyCounts&)>& holds,
                          std::chrono::milliseconds most) const {
  std::unique_lock lock(mutex_);
  return changed_.wait_for(lock, most, [&] { return holds(counts_); });
}

void FaultProxy::changed_locked() {
  ++changes_;
  const std::uint64_t one = 1;
  [[maybe_unused]] const ssize_t written = ::write(bell_.get(), &one, sizeof one);
}

void FaultProxy::run() {
  std::vector<pollfd> polled;
  std::uint64_t known_changes = 0;
  std::unique_lock lock(mutex_);
  while (!ends_) {  // one turn for each moment in which something is to be done
    const auto wait = prepare(polled, std::chrono::steady_clock::now());
    // After a change everybody proceeds: what was held may flow, what was to come may be void.
    const bool at_once = known_changes != changes_;
    known_changes = changes_;
    lock.unlock();
    wait_for_events(polled, at_once ? std::chrono::nanoseconds(0) : wait);
    lock.lock();
    if (known_changes == changes_) proceed(polled, std::chrono::steady_clock::now());
    changed_.notify_all();
  }
}

std::chrono::nanoseconds FaultProxy::prepare(std::vector<pollfd>& polled, Instant now) const {
  polled.assign({{.fd = bell_.get(), .events = POLLIN, .revents = 0},
                 {.fd = listener_.get(), .events = POLLIN, .revents = 0}});
  auto wait = kForever;
  for (const ProxyLink& link : links_) {
    link.prepare(polled);
    const auto due = link.due();
    if (due) wait = std::min<std::chrono::nanoseconds>(wait, std::max(*due, now) - now);
  }
  return wait;
}

void FaultProxy::proceed(const std::vector<pollfd>& polled, Instant now) {
  std::uint64_t rings = 0;
  [[maybe_unused]] const ssize_t read = ::read(bell_.get(), &rings, sizeof rings);
  std::size_t at = kFirstLink;
  for (auto link = links_.begin(); link != links_.end(); at += 2) {
    link = link->proceed(&polled[at], now) ? std::next(link) : links_.erase(link);
  }
  if ((polled[1].revents & POLLIN) != 0) accept_all();
  counts_.open = links_.size();
}

void FaultProxy::accept_all() {
  for (int i = 0; i < kBacklog && listener_; ++i) {
    FileHandle client(::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
    if (!client) return;
    send_at_once(client.get());
    ++counts_.accepted;
    FileHandle server = connect_to(target_);
    if (server) links_.emplace_back(std::move(client), std::move(server), faults_, counts_);
  }
}

}  // namespace larder::servers
