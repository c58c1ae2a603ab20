// An SMTP server in the hands of a test: it says yes to everything but what a function answers.
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

namespace levada::email {

class SmtpTestServer {
 public:
  struct Received {
    std::string from;
    std::vector<std::string> to;
    std::string message;
    bool operator==(const Received&) const = default;
  };
  // What is answered to a command, "RCPT TO:<a@b>" or "." behind the message; "" for the usual
  // answer, "-" breaks the connection off.
  using Answer = std::function<std::string(const std::string& command)>;

  explicit SmtpTestServer(Answer answer = nullptr) : answer_(std::move(answer)) {
    listener_ = socket(AF_INET, SOCK_STREAM, 0);
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
  ~SmtpTestServer() {
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
  SmtpTestServer(const SmtpTestServer&) = delete;
  SmtpTestServer& operator=(const SmtpTestServer&) = delete;

  std::string address() const { return "127.0.0.1:" + std::to_string(port_); }
  std::vector<Received> received() const {
    const std::lock_guard lock(mutex_);
    return received_;
  }
  size_t connections() const { return accepted_; }

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
        serve(socket);
        shutdown(socket, SHUT_RDWR);
      });
    }
  }
  static bool say(int socket, const std::string& text) {
    const auto line = text + "\r\n";
    return ::send(socket, line.data(), line.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(line.size());
  }
  static bool hear(int socket, std::string& input, std::string& line, const char* end = "\r\n") {
    size_t at;
    while ((at = input.find(end)) == std::string::npos) {
      char buffer[65536];
      const auto got = recv(socket, buffer, sizeof buffer, 0);
      if (got <= 0) return false;
      input.append(buffer, static_cast<size_t>(got));
    }
    const auto size = at + std::char_traits<char>::length(end);
    line = input.substr(0, at);
    input.erase(0, size);
    return true;
  }
  std::string answer(const std::string& command) {
    const std::lock_guard lock(mutex_);
    return answer_ ? answer_(command) : "";
  }
  void serve(int socket) {
    std::string input, line;
    Received mail;
    if (!say(socket, "220 test")) return;
    while (hear(socket, input, line)) {
      auto reply = answer(line);
      if (reply == "-") return;
      const bool usual = reply.empty();
      if (usual) reply = line == "DATA" ? "354 go on" : line == "QUIT" ? "221 bye" : "250 yes";
      if (line.starts_with("MAIL FROM:")) mail = {line.substr(10), {}, {}};
      if (line.starts_with("RCPT TO:") && reply[0] == '2') mail.to.push_back(line.substr(8));
      if (!say(socket, reply) || line == "QUIT") return;
      if (line != "DATA" || reply[0] != '3') continue;
      if (!hear(socket, input, mail.message, "\r\n.\r\n")) return;
      reply = answer(".");
      if (reply.empty() || reply[0] == '2') {
        const std::lock_guard lock(mutex_);
        received_.push_back(mail);
      }
      if (reply == "-" || !say(socket, reply.empty() ? "250 taken" : reply)) return;
    }
  }

  const Answer answer_;
  int listener_ = -1, port_ = 0;
  std::atomic<bool> is_over_ = false;
  std::atomic<size_t> accepted_ = 0;
  mutable std::mutex mutex_;
  std::vector<Received> received_;
  std::list<Connection> connections_;
  std::thread acceptor_;
};

}  // namespace levada::email
