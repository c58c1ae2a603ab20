// An HTTP/1.1 server for a few friends and maybe some enemies: a Unix socket, and a TCP port where
// one is asked for. It knows nothing of what it serves. Clients that are slow, or send too much,
// hold neither its thread nor memory.
#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "levada/listen_address.h"
#include "levada/result.h"

namespace levada::agent {

struct HttpRequest {
  std::string method, path;  // GET or POST; HEAD comes as GET. "/api/history", decoded.
  std::map<std::string, std::string> query;
  std::string body;

  std::string parameter(const std::string& name) const {
    const auto found = query.find(name);
    return found == query.end() ? std::string() : found->second;
  }
};

struct HttpResponse {
  int status = 200;
  std::string type = "application/json", body = {};
  std::vector<std::pair<std::string, std::string>> headers = {};

  // {"error":"..."}
  static HttpResponse error(int status, std::string_view message);
};

class HttpServer {
 public:
  static constexpr size_t kHeaderBytes = 8 << 10, kBodyBytes = 64 << 10;
  static constexpr size_t kConnections = 64;  // Of the Unix socket, and of the port: further ones are closed at once.

  struct Options {
    std::string socket = {};                   // The path of the Unix socket. What lies there is replaced.
    std::optional<ListenAddress> listen = {};  // And the TCP port.
    std::string token = {};                    // Clients of the port show it as a Bearer token; empty: they need not.
    // For a request to come as a whole, and for an answer to be taken.
    std::chrono::milliseconds patience = std::chrono::seconds(10);
  };
  struct Handlers {
    std::function<HttpResponse(const HttpRequest&)> get;   // By the server's thread: quick.
    std::function<HttpResponse(const HttpRequest&)> post;  // By another thread, one at a time.
    std::function<bool(const std::string& path)> is_open;  // To get it needs no token.
    std::function<void()> every_second;                    // By the server's thread.
    std::function<void(const std::string& why)> failed;    // Likewise; the server goes on.
  };
  // FATAL: the port cannot be had, and why. A socket that cannot be had is only told to `failed`.
  static Result<std::unique_ptr<HttpServer>> start(Options options, Handlers handlers);
  // Ends all connections, and removes the socket.
  ~HttpServer();
  HttpServer(const HttpServer&) = delete;
  HttpServer& operator=(const HttpServer&) = delete;

  // Where clients of the port find it: "127.0.0.1:9464"; empty: there is none.
  std::string address() const;

 private:
  class State;
  explicit HttpServer(std::unique_ptr<State> state);
  const std::unique_ptr<State> state_;
};

}  // namespace levada::agent
