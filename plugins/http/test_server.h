// An HTTP server in the hands of a test: a function answers each request, and the test sees them
// all.
#pragma once

#include <functional>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "http/test_listener.h"

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

  explicit TestServer(Answer answer) : answer_(std::move(answer)) {}

  std::string host() const { return listener_.address(); }
  std::string url() const { return "http://" + host(); }
  std::vector<Request> requests() const {
    const std::lock_guard lock(mutex_);
    return requests_;
  }
  size_t connections() const { return listener_.connections(); }
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
  }
  static bool receive(int socket, std::string& input, Request& request) {
    size_t end;
    while ((end = input.find("\r\n\r\n")) == std::string::npos)
      if (!TestListener::more(socket, input)) return false;
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
      if (!TestListener::more(socket, input)) return false;
    request.body = input.substr(0, bytes);
    input.erase(0, bytes);
    return true;
  }
  static bool receive_chunks(int socket, std::string& input, Request& request) {
    for (;;) {
      size_t line;
      while ((line = input.find("\r\n")) == std::string::npos)
        if (!TestListener::more(socket, input)) return false;
      const auto bytes = std::stoul(input.substr(0, line), nullptr, 16);
      while (input.size() < line + 2 + bytes + 2)
        if (!TestListener::more(socket, input)) return false;
      request.body += input.substr(line + 2, bytes);
      input.erase(0, line + 2 + bytes + 2);
      if (bytes == 0) return true;
    }
  }

  const Answer answer_;
  mutable std::mutex mutex_;
  std::vector<Request> requests_;
  TestListener listener_{[this](int socket) { serve(socket); }};
};

}  // namespace levada
