// Sockets that do not block, and what their ends mean.
#include "servers/proxy_link.h"

#include <algorithm>
#include <cerrno>

#include <sys/socket.h>

namespace larder::servers {
namespace {

constexpr std::size_t kClient = 0;
constexpr std::size_t kServer = 1;
constexpr std::size_t kReceiveBytes = 65'536;

bool would_block() { return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR; }

}  // namespace

ProxyLink::ProxyLink(FileHandle client, FileHandle server, std::array<Faults, 2>& faults,
                     ProxyCounts& counts)
    : faults_(&faults),
      counts_(&counts),
      sides_{{{std::move(client), ProxyPipe(Way::to_server, faults[0], counts)},
              {std::move(server), ProxyPipe(Way::to_client, faults[1], counts)}}} {
  blocked_[kServer] = true;  // until it is connected
}

void ProxyLink::restart() noexcept {
  for (Side& side : sides_) side.out.restart();
}

void ProxyLink::prepare(std::vector<pollfd>& polled) const {
  for (const std::size_t i : {kClient, kServer}) {
    short events = 0;
    if (sides_[i].out.wants_bytes()) events |= POLLIN;
    if (blocked_[i]) events |= POLLOUT;
    // Without an event the socket is left out: its end would be told again and again.
    polled.push_back(
        {.fd = events != 0 ? sides_[i].socket.get() : -1, .events = events, .revents = 0});
  }
}

bool ProxyLink::proceed(const pollfd* polled, Instant now) {
  for (const std::size_t i : {kClient, kServer}) {
    const short events = polled[i].revents;
    if ((events & POLLOUT) != 0) blocked_[i] = false;
    if ((events & (POLLIN | POLLHUP | POLLERR)) != 0 && sides_[i].out.wants_bytes() &&
        !receive(sides_[i], now)) {
      close(true);
      return false;
    }
  }
  for (const std::size_t i : {kClient, kServer}) {
    if (!send(i, now)) {
      close(true);
      return false;
    }
  }
  for (const std::size_t i : {kClient, kServer}) {
    if (sides_[i].out.is_cut() && sides_[i].out.is_drained()) {
      cut((*faults_)[i].reset);
      return false;
    }
  }
  if (!sides_[kClient].is_shut || !sides_[kServer].is_shut) return true;
  close(false);
  return false;
}

bool ProxyLink::receive(Side& side, Instant now) {
  std::array<char, kReceiveBytes> buffer;
  const ssize_t count = ::recv(side.socket.get(), buffer.data(), buffer.size(), 0);
  if (count < 0) return would_block();
  if (count == 0) {
    side.out.end();
  } else {
    side.out.take({buffer.data(), static_cast<std::size_t>(count)}, now);
  }
  return true;
}

bool ProxyLink::send(std::size_t to, Instant now) {
  ProxyPipe& pipe = into(to);
  const int socket = sides_[to].socket.get();
  while (!blocked_[to]) {  // bound: what waits; sliced, one write
    const std::string_view bytes = pipe.next(now);
    if (bytes.empty()) break;
    const ssize_t count = ::send(socket, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (count < 0 && !would_block()) return false;
    blocked_[to] = count < 0;
    if (count > 0) pipe.sent(static_cast<std::size_t>(count));
    if (pipe.is_sliced()) break;
  }
  Side& from = sides_[1 - to];
  if (!from.is_shut && !blocked_[to] && pipe.is_over()) {
    ::shutdown(socket, SHUT_WR);
    from.is_shut = true;
  }
  return true;
}

std::optional<Instant> ProxyLink::due() const noexcept {
  std::optional<Instant> first;
  for (const std::size_t i : {kClient, kServer}) {
    const auto due = into(i).due();
    if (due && !blocked_[i]) first = std::min(first.value_or(*due), *due);
  }
  return first;
}

void ProxyLink::cut(bool reset) {
  ++counts_->cuts;
  close(reset);
}

void ProxyLink::close(bool reset) {
  const linger at_once{.l_onoff = 1, .l_linger = 0};
  for (Side& side : sides_) {
    if (reset) ::setsockopt(side.socket.get(), SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    side.socket.reset();
  }
}

}  // namespace larder::servers
