// A client in the hands of a test, over a plain socket: it sends what it is told, byte by byte.
#pragma once

#include <arpa/inet.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <charconv>
#include <cstdlib>
#include <string>
#include <string_view>

namespace levada::http_server {

class TestClient {
 public:
  // `address`: "127.0.0.1:8080".
  explicit TestClient(std::string_view address) : socket_(::socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    uint16_t port = 0;
    const auto digits = address.substr(address.rfind(':') + 1);
    std::from_chars(digits.data(), digits.data() + digits.size(), port);
    to.sin_port = htons(port);
    const timeval patience{30, 0};
    ::setsockopt(socket_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    if (::connect(socket_, reinterpret_cast<sockaddr*>(&to), sizeof to) != 0) std::abort();
  }
  ~TestClient() { ::close(socket_); }
  TestClient(const TestClient&) = delete;
  TestClient& operator=(const TestClient&) = delete;

  void send(std::string_view bytes) {
    while (!bytes.empty()) {
      const auto sent = ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (sent <= 0) return;
      bytes.remove_prefix(static_cast<size_t>(sent));
    }
  }
  void post(std::string_view target, std::string_view body, std::string_view headers = "") {
    send("POST " + std::string(target) + " HTTP/1.1\r\nHost: localhost\r\nContent-Length: " +
         std::to_string(body.size()) + "\r\n" + std::string(headers) + "\r\n" + std::string(body));
  }
  void end_sending() { ::shutdown(socket_, SHUT_WR); }

  // The next response, as "200 {...}", without a line's end; "end" where the connection ends
  // before.
  std::string answer() {
    size_t head = 0;
    while ((head = input_.find("\r\n\r\n")) == input_.npos)
      if (!more()) return "end";
    head_ = input_.substr(0, head);
    input_.erase(0, head + 4);
    size_t size = 0;
    const auto found = head_.find("Content-Length: ");
    if (found != head_.npos) std::from_chars(head_.data() + found + 16, head_.data() + head_.size(), size);
    while (input_.size() < size)
      if (!more()) return "end";
    auto body = input_.substr(0, size);
    input_.erase(0, size);
    while (body.ends_with('\n')) body.pop_back();
    const auto status = head_.substr(head_.find(' ') + 1, 3);
    return body.empty() ? status : status + ' ' + body;
  }
  // The status line and the headers of the last answer.
  const std::string& head() const { return head_; }

 private:
  bool more() {
    char buffer[65'536];
    const auto got = ::recv(socket_, buffer, sizeof buffer, 0);
    if (got <= 0) return false;
    input_.append(buffer, static_cast<size_t>(got));
    return true;
  }

  const int socket_;
  std::string input_, head_;
};

}  // namespace levada::http_server
