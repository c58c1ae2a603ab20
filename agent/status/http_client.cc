#include "agent/status/http_client.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <filesystem>

namespace levada::agent {
namespace {

using Clock = std::chrono::steady_clock;

// More is no answer of an agent.
constexpr size_t kAnswerBytes = 64 << 20;

class Descriptor {
 public:
  explicit Descriptor(int number) : number_(number) {}
  ~Descriptor() {
    if (number_ >= 0) ::close(number_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  int get() const { return number_; }

 private:
  const int number_;
};

Error no_answer(const std::string& socket) { return retry("the agent does not answer in time on " + socket); }

bool wait_for(int socket, short events, Clock::time_point deadline) {
  for (;;) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - Clock::now()).count();
    pollfd ready{socket, events, 0};
    const int found = ::poll(&ready, 1, static_cast<int>(std::max<int64_t>(left, 0)));
    if (found > 0) return true;
    if (found == 0 || errno != EINTR) return false;
  }
}

// "HTTP/1.1 200 OK", headers, an empty line, and the body, whose end is that of the connection.
Result<HttpAnswer> parse(std::string_view text, const std::string& socket) {
  const auto malformed = [&] { return fatal("what answers on " + socket + " is no agent"); };
  const auto body = text.find("\r\n\r\n");
  if (!text.starts_with("HTTP/1.1 ") || body == text.npos) return malformed();
  HttpAnswer answer;
  const auto digits = text.substr(9, 3);
  if (std::from_chars(digits.data(), digits.data() + digits.size(), answer.status).ec != std::errc())
    return malformed();
  answer.body = text.substr(body + 4);
  return answer;
}

}  // namespace

std::string status_socket(const std::string& data_dir) { return data_dir + "/agent.sock"; }

Result<HttpAnswer> ask(const std::string& socket, const std::string& method, const std::string& target,
                       std::chrono::milliseconds timeout, const std::string& body) {
  const auto deadline = Clock::now() + timeout;
  std::string path = socket;
  std::filesystem::path given(socket);
  const Descriptor folder(socket.size() >= sizeof(sockaddr_un::sun_path)
                              ? ::open(given.parent_path().c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC)
                              : -1);
  if (folder.get() >= 0) path = "/proc/self/fd/" + std::to_string(folder.get()) + "/" + given.filename().string();
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof address.sun_path) return retry("no agent runs there: " + socket + " cannot be opened");
  std::memcpy(address.sun_path, path.c_str(), path.size() + 1);

  const Descriptor connection(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (connection.get() < 0) return retry(std::string("socket: ") + std::strerror(errno));
  if (::connect(connection.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) < 0) {
    if (errno == EAGAIN) return no_answer(socket);
    if (errno == ENOENT || errno == ECONNREFUSED) return retry("no agent runs on " + given.parent_path().string());
    return retry(socket + ": " + std::strerror(errno));
  }
  const auto request = method + " " + target + " HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: " +
                       std::to_string(body.size()) + "\r\n\r\n" + body;
  for (size_t sent = 0; sent < request.size();) {
    const auto more = ::send(connection.get(), request.data() + sent, request.size() - sent, MSG_NOSIGNAL);
    if (more > 0) {
      sent += static_cast<size_t>(more);
    } else if (errno == EAGAIN) {
      if (!wait_for(connection.get(), POLLOUT, deadline)) return no_answer(socket);
    } else if (errno != EINTR) {
      return retry(socket + ": " + std::strerror(errno));
    }
  }
  std::string text;
  for (char buffer[16384];;) {
    if (!wait_for(connection.get(), POLLIN, deadline)) return no_answer(socket);
    const auto got = ::recv(connection.get(), buffer, sizeof buffer, 0);
    if (got == 0) return parse(text, socket);
    if (got < 0 && (errno == EAGAIN || errno == EINTR)) continue;
    if (got < 0) return retry(socket + ": " + std::strerror(errno));
    text.append(buffer, static_cast<size_t>(got));
    if (text.size() > kAnswerBytes) return fatal("what answers on " + socket + " is no agent");
  }
}

}  // namespace levada::agent
