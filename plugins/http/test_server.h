// An HTTP server in the hands of a test: a function answers each request, and the test sees them
// all.
#pragma once

#include <arpa/inet.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <functional>
#include <list>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace levada {

class TestServer {
 public:
  struct Request {
    std::string method, target;  // "PUT", "/bucket/key?uploads="
    std::string head;            // All header lines.
    std::string body;
  };
  // A whole answer, as it goes over the network; empty: the connection is broken off. One with
  // "Connection: close" is the last.
  using Answer = std::function<std::string(const Request&)>;

  explicit TestServer(Answer answer) : answer_(std::move(answer)), listener_(socket(AF_INET, SOCK_STREAM, 0)) {
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
  ~TestServer() {
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
  TestServer(const TestServer&) = delete;
  TestServer& operator=(const TestServer&) = delete;

  std::string host() const { return "127.0.0.1:" + std::to_string(port_); }
  std::string url() const { return "http://" + host(); }
  std::vector<Request> requests() const {
    const std::lock_guard lock(mutex_);
    return requests_;
  }
  size_t connections() const { return accepted_; }
  // "PUT /bucket/key", in order.
  std::vector<std::string> asked() const {
    std::vector<std::string> all;
    for (const auto& request : requests()) all.push_back(request.method + " " + request.target);
    return all;
  }

  static std::string answer(int status, const std::string& body = {}, const std::string& headers = {}) {
    return "HTTP/1.1 " + std::to_string(status) + " X\r\n" + headers +
           "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
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
      connection.thread = std::thread([this, socket] { serve(socket); });
    }
  }
  void serve(int socket) {
    std::string input;
    for (;;) {
      Request request;
      if (!receive(socket, input, request)) break;
      std::string reply;
      {
        const std::lock_guard lock(mutex_);
        requests_.push_back(request);
        reply = answer_(request);
      }
      if (reply.empty() || ::send(socket, reply.data(), reply.size(), MSG_NOSIGNAL) < 0) break;
      if (reply.find("Connection: close\r\n") != std::string::npos) break;
    }
    shutdown(socket, SHUT_RDWR);
  }
  static bool more(int socket, std::string& input) {
    char buffer[65536];
    const auto got = recv(socket, buffer, sizeof buffer, 0);
    if (got <= 0) return false;
    input.append(buffer, static_cast<size_t>(got));
    return true;
  }
  static bool receive(int socket, std::string& input, Request& request) {
    size_t end;
    while ((end = input.find("\r\n\r\n")) == std::string::npos)
      if (!more(socket, input)) return false;
    request.head = input.substr(0, end + 2);
    input.erase(0, end + 4);
    request.method = request.head.substr(0, request.head.find(' '));
    const auto target = request.method.size() + 1;
    request.target = request.head.substr(target, request.head.find(' ', target) - target);
    if (request.head.find("Transfer-Encoding: chunked") != std::string::npos)
      return receive_chunks(socket, input, request);
    const auto length = request.head.find("Content-Length: ");
    const size_t bytes = length == std::string::npos ? 0 : std::stoul(request.head.substr(length + 16));
    while (input.size() < bytes)
      if (!more(socket, input)) return false;
    request.body = input.substr(0, bytes);
    input.erase(0, bytes);
    return true;
  }
  static bool receive_chunks(int socket, std::string& input, Request& request) {
    for (;;) {
      size_t line;
      while ((line = input.find("\r\n")) == std::string::npos)
        if (!more(socket, input)) return false;
      const auto bytes = std::stoul(input.substr(0, line), nullptr, 16);
      while (input.size() < line + 2 + bytes + 2)
        if (!more(socket, input)) return false;
      request.body += input.substr(line + 2, bytes);
      input.erase(0, line + 2 + bytes + 2);
      if (bytes == 0) return true;
    }
  }

  const Answer answer_;
  const int listener_;
  int port_ = 0;
  std::atomic<bool> is_over_ = false;
  std::atomic<size_t> accepted_ = 0;
  mutable std::mutex mutex_;
  std::vector<Request> requests_;
  std::list<Connection> connections_;
  std::thread acceptor_;
};

}  // namespace levada
