// A socket of the test's own, in place of that of systemd.
#pragma once

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace levada::agent::testing {

class ListeningSocket {
 public:
  ListeningSocket() {
    std::string folder = (std::filesystem::temp_directory_path() / "levada-socket-XXXXXX").string();
    if (::mkdtemp(folder.data()) == nullptr) throw std::runtime_error("mkdtemp " + folder);
    folder_ = folder;
    sockaddr_un at{};
    at.sun_family = AF_UNIX;
    std::strncpy(at.sun_path, path().c_str(), sizeof at.sun_path - 1);
    socket_ = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (::bind(socket_, reinterpret_cast<sockaddr*>(&at), sizeof at) != 0) throw std::runtime_error("bind " + path());
  }
  ~ListeningSocket() {
    ::close(socket_);
    std::filesystem::remove_all(folder_);
  }
  ListeningSocket(const ListeningSocket&) = delete;
  ListeningSocket& operator=(const ListeningSocket&) = delete;

  std::string path() const { return folder_ + "/socket"; }

  // What has come since the last call, a datagram each; of one that came as a file, its text.
  std::vector<std::string> take() const {
    std::vector<std::string> all;
    while (auto next = receive()) all.push_back(*std::move(next));
    return all;
  }

 private:
  std::optional<std::string> receive() const {
    std::string text(1 << 16, '\0');
    iovec part{text.data(), text.size()};
    alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int))] = {};
    msghdr message{};
    message.msg_iov = &part;
    message.msg_iovlen = 1;
    message.msg_control = control;
    message.msg_controllen = sizeof control;
    const ssize_t size = ::recvmsg(socket_, &message, MSG_CMSG_CLOEXEC);
    if (size < 0) return std::nullopt;
    text.resize(static_cast<size_t>(size));
    if (const cmsghdr* header = CMSG_FIRSTHDR(&message)) {
      int file;
      std::memcpy(&file, CMSG_DATA(header), sizeof file);
      text.resize(static_cast<size_t>(::lseek(file, 0, SEEK_END)));
      if (::pread(file, text.data(), text.size(), 0) != static_cast<ssize_t>(text.size())) text.clear();
      ::close(file);
    }
    return text;
  }

  std::string folder_;
  int socket_ = -1;
};

// A variable of the environment, until the end of the scope.
class ScopedVariable {
 public:
  ScopedVariable(const char* name, const std::string& value) : name_(name) { ::setenv(name, value.c_str(), 1); }
  ~ScopedVariable() { ::unsetenv(name_); }
  ScopedVariable(const ScopedVariable&) = delete;
  ScopedVariable& operator=(const ScopedVariable&) = delete;

 private:
  const char* const name_;
};

}  // namespace levada::agent::testing
