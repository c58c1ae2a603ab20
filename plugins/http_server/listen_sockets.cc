#include "http_server/listen_sockets.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <charconv>
#include <cstdlib>
#include <cstring>
#include <map>
#include <mutex>

#include "levada/listen_address.h"

namespace levada::http_server {
namespace {

constexpr int kFirstOfSystemd = 3;

struct Claimed {
  int claims = 0;
  int kept = -1;  // A descriptor; -1: none.
};

struct Claims {
  std::mutex mutex;
  std::map<std::string, Claimed> by_address;
};

Claims& claims() {
  static Claims all;
  return all;
}

int number_in_environment(const char* name) {
  const char* text = std::getenv(name);
  int number = 0;
  if (text) std::from_chars(text, text + std::strlen(text), number);
  return number;
}

// The address that a listening socket of TCP is bound to; empty for any other descriptor.
std::string address_of(int descriptor) {
  int listens = 0;
  socklen_t size = sizeof listens;
  if (::getsockopt(descriptor, SOL_SOCKET, SO_ACCEPTCONN, &listens, &size) < 0 || !listens) return {};
  sockaddr_storage bound{};
  size = sizeof bound;
  if (::getsockname(descriptor, reinterpret_cast<sockaddr*>(&bound), &size) < 0) return {};
  char text[INET6_ADDRSTRLEN] = "";
  ListenAddress address;
  if (bound.ss_family == AF_INET) {
    const auto& four = reinterpret_cast<const sockaddr_in&>(bound);
    ::inet_ntop(AF_INET, &four.sin_addr, text, sizeof text);
    address.port = ntohs(four.sin_port);
  } else if (bound.ss_family == AF_INET6) {
    const auto& six = reinterpret_cast<const sockaddr_in6&>(bound);
    ::inet_ntop(AF_INET6, &six.sin6_addr, text, sizeof text);
    address.port = ntohs(six.sin6_port);
  } else {
    return {};
  }
  address.address = text;
  return address.text();
}

// The descriptors of systemd stay open, so that a reload finds them again.
int take_of_systemd(const std::string& address) {
  if (number_in_environment("LISTEN_PID") != ::getpid()) return -1;
  const int end = kFirstOfSystemd + number_in_environment("LISTEN_FDS");
  for (int descriptor = kFirstOfSystemd; descriptor < end; ++descriptor) {
    (void)::fcntl(descriptor, F_SETFD, FD_CLOEXEC);
    if (address_of(descriptor) == address) return ::fcntl(descriptor, F_DUPFD_CLOEXEC, 0);
  }
  return -1;
}

}  // namespace

ListenClaim::ListenClaim(std::string address) : address_(std::move(address)) {
  const std::lock_guard lock(claims().mutex);
  ++claims().by_address[address_].claims;
}

ListenClaim::~ListenClaim() {
  const std::lock_guard lock(claims().mutex);
  const auto found = claims().by_address.find(address_);
  if (--found->second.claims > 0) return;
  if (found->second.kept >= 0) ::close(found->second.kept);
  claims().by_address.erase(found);
}

int ListenClaim::take() const {
  const std::lock_guard lock(claims().mutex);
  const int kept = std::exchange(claims().by_address[address_].kept, -1);
  return kept >= 0 ? kept : take_of_systemd(address_);
}

bool ListenClaim::leave(int descriptor) const {
  const std::lock_guard lock(claims().mutex);
  auto& claimed = claims().by_address[address_];
  if (claimed.claims < 2 || claimed.kept >= 0) return false;
  claimed.kept = descriptor;
  return true;
}

}  // namespace levada::http_server
