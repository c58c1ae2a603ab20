// Takes connections on loopback for a server in the hands of a test, each in a thread of its own.
#pragma once

#include <arpa/inet.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <cstdlib>
#include <functional>
#include <list>
#include <string>
#include <thread>
#include <utility>

namespace levada {

// The last member of the server: its threads use the others.
class TestListener {
 public:
  // Serves a connection until it is to end.
  using Serve = std::function<void(int socket)>;

  explicit TestListener(Serve serve) : serve_(std::move(serve)), listener_(socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    if (bind(listener_, reinterpret_cast<sockaddr*>(&address), size) != 0 || listen(listener_, 16) != 0 ||
        getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size) != 0)
      std::abort();
    port_ = ntohs(address.sin_port);
    acceptor_ = std::thread([this] { accept_all(); });
  }
  ~TestListener() {
    is_over_ = true;
    shutdown(listener_, SHUT_RDWR);
    acceptor_.join();
    close(listener_);
    for (auto& connection : connections_) {
      shutdown(connection.socket, SHUT_RDWR);
      connection.thread.join();
      close(connection.socket);
    }
  }
  TestListener(const TestListener&) = delete;
  TestListener& operator=(const TestListener&) = delete;

  std::string address() const { return "127.0.0.1:" + std::to_string(port_); }
  size_t connections() const { return accepted_; }

  // Reads what there is; false: the other side has hung up.
  static bool more(int socket, std::string& input) {
    char buffer[65536];
    const auto got = recv(socket, buffer, sizeof buffer, 0);
    if (got <= 0) return false;
    input.append(buffer, static_cast<size_t>(got));
    return true;
  }

 private:
  struct Connection {
    int socket;
    std::thread thread;
  };

  void accept_all() {
    for (;;) {
      const int socket = accept(listener_, nullptr, nullptr);
      if (socket < 0 || is_over_) {
        if (socket >= 0) close(socket);
        return;
      }
      ++accepted_;
      auto& connection = connections_.emplace_back(Connection{socket, {}});
      connection.thread = std::thread([this, socket] {
        serve_(socket);
        shutdown(socket, SHUT_RDWR);
      });
    }
  }

  const Serve serve_;
  const int listener_;
  int port_ = 0;
  std::atomic<bool> is_over_ = false;
  std::atomic<size_t> accepted_ = 0;
  std::list<Connection> connections_;
  std::thread acceptor_;
};

}  // namespace levada
