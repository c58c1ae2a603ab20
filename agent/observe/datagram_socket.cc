#include "agent/observe/datagram_socket.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <cstring>
#include <utility>

namespace levada::agent {
namespace {

// False where the address is too long.
bool fill(sockaddr_un& to, socklen_t& size, const std::string& address) {
  if (address.empty() || address.size() >= sizeof to.sun_path) return false;
  to.sun_family = AF_UNIX;
  std::memcpy(to.sun_path, address.data(), address.size());
  if (address[0] == '@') to.sun_path[0] = '\0';
  size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + address.size());
  return true;
}

bool send_message(int socket, const std::string& address, msghdr& message) {
  sockaddr_un to{};
  if (!fill(to, message.msg_namelen, address)) return false;
  message.msg_name = &to;
  ssize_t sent;
  do sent = ::sendmsg(socket, &message, MSG_NOSIGNAL);
  while (sent < 0 && errno == EINTR);
  return sent >= 0;
}

}  // namespace

DatagramSocket::DatagramSocket(std::string address)
    : address_(std::move(address)), socket_(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0)) {
  const timeval longest{1, 0};
  ::setsockopt(socket_, SOL_SOCKET, SO_SNDTIMEO, &longest, sizeof longest);
}

DatagramSocket::~DatagramSocket() {
  if (socket_ >= 0) ::close(socket_);
}

bool DatagramSocket::send(std::string_view text) const {
  iovec part{const_cast<char*>(text.data()), text.size()};
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  if (send_message(socket_, address_, message)) return true;
  return errno == EMSGSIZE && send_as_file(text);
}

bool DatagramSocket::send_as_file(std::string_view text) const {
  const int file = ::memfd_create("levada-log", MFD_CLOEXEC | MFD_ALLOW_SEALING);
  if (file < 0) return false;
  bool good = true;
  while (good && !text.empty()) {
    const ssize_t written = ::write(file, text.data(), text.size());
    good = written > 0;
    if (good) text.remove_prefix(static_cast<size_t>(written));
  }
  good = good && ::fcntl(file, F_ADD_SEALS, F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE) == 0;
  alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int))] = {};
  msghdr message{};
  message.msg_control = control;
  message.msg_controllen = sizeof control;
  cmsghdr* header = CMSG_FIRSTHDR(&message);
  header->cmsg_level = SOL_SOCKET;
  header->cmsg_type = SCM_RIGHTS;
  header->cmsg_len = CMSG_LEN(sizeof file);
  std::memcpy(CMSG_DATA(header), &file, sizeof file);
  good = good && send_message(socket_, address_, message);
  ::close(file);
  return good;
}

}  // namespace levada::agent
