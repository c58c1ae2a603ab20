// An SMTP server in the hands of a test: it says yes to everything but what a function answers.
#pragma once

#include <functional>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "http/test_listener.h"

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

  explicit SmtpTestServer(Answer answer = nullptr) : answer_(std::move(answer)) {}

  std::string address() const { return listener_.address(); }
  std::vector<Received> received() const {
    const std::lock_guard lock(mutex_);
    return received_;
  }
  size_t connections() const { return listener_.connections(); }

 private:
  static bool say(int socket, const std::string& text) {
    const auto line = text + "\r\n";
    return ::send(socket, line.data(), line.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(line.size());
  }
  static bool hear(int socket, std::string& input, std::string& line, const char* end = "\r\n") {
    size_t at;
    while ((at = input.find(end)) == std::string::npos)
      if (!TestListener::more(socket, input)) return false;
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
  mutable std::mutex mutex_;
  std::vector<Received> received_;
  TestListener listener_{[this](int socket) { serve(socket); }};
};

}  // namespace levada::email
