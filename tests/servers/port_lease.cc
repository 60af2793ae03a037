// The claim of a port, and the look whether somebody outside listens there.
#include "servers/port_lease.h"

#include <cstddef>
#include <cstring>
#include <random>
#include <string>

#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "servers/server_error.h"

namespace larder::servers {
namespace {

constexpr int kFirstPort = 12'000;  // the system's own range begins at 32,768
constexpr int kLastPort = 31'999;
constexpr int kMostTries = 1'000;

FileHandle claim(int port) {
  FileHandle socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_un name{};
  name.sun_family = AF_UNIX;
  const std::string text = "larder-port-" + std::to_string(port);
  std::memcpy(name.sun_path + 1, text.data(), text.size());  // a leading zero: no file
  const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + 1 + text.size());
  const auto* const address = reinterpret_cast<const sockaddr*>(&name);
  return ::bind(socket.get(), address, size) == 0 ? std::move(socket) : FileHandle();
}

bool is_free(int port) {
  const FileHandle socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const int on = 1;
  ::setsockopt(socket.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  sockaddr_in name{};
  name.sin_family = AF_INET;
  name.sin_port = htons(static_cast<std::uint16_t>(port));
  name.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return ::bind(socket.get(), reinterpret_cast<const sockaddr*>(&name), sizeof name) == 0;
}

}  // namespace

PortLease::PortLease() {
  std::random_device random;
  std::uniform_int_distribution<int> ports(kFirstPort, kLastPort);
  for (int i = 0; i < kMostTries; ++i) {
    const int port = ports(random);
    claim_ = claim(port);
    if (!claim_ || !is_free(port)) continue;
    port_ = static_cast<std::uint16_t>(port);
    return;
  }
  throw ServerError("no free loopback port");
}

}  // namespace larder::servers
