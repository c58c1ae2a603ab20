// An HTTP/1.1 server, with TLS where it is asked for, that serves many clients by one thread.
// Clients that are slow, or send too much, hold neither the thread nor memory without bounds. It
// knows nothing of what it serves: an HttpService answers.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "http_server/http_message.h"
#include "http_server/listen_sockets.h"
#include "levada/listen_address.h"
#include "levada/result.h"

namespace levada::http_server {

// What a listener serves. All calls come by the listener's thread, so they must be quick.
class HttpService {
 public:
  virtual ~HttpService() = default;
  // When the head of a request has come: a response ends it, and its body is not read.
  virtual std::optional<HttpResponse> refuse(const HttpRequest& request) = 0;
  // A whole request, whose body may be moved out.
  virtual void serve(HttpRequest& request, HttpAnswer answer) = 0;
  virtual void every_second() {}
};

struct ListenerLimits {
  size_t connections = 16'384;         // Further ones are closed at once.
  size_t header_bytes = 16 << 10;      // 431
  size_t body_bytes = 16 << 20;        // 413
  size_t receiving_bytes = 256 << 20;  // Of all bodies that are being received; more than that: 503.
  double requests_per_second = 0;      // Of one client's address, 429; 0: as many as come.
  std::chrono::nanoseconds header_timeout = std::chrono::seconds(10);  // From its first byte on; of a handshake, too.
  std::chrono::nanoseconds body_timeout = std::chrono::seconds(30);    // From the end of the header on; 408.
  std::chrono::nanoseconds idle_timeout = std::chrono::seconds(60);    // Between two requests.
  std::chrono::nanoseconds write_timeout = std::chrono::seconds(10);   // For an answer to be taken.
};

// Texts in PEM. Empty: HTTP without TLS; `client_ca`: clients need no certificate.
struct ListenerTls {
  std::string certificate, key, client_ca;
};

class HttpListener {
 public:
  struct Options {
    ListenAddress address;
    ListenerLimits limits;
    ListenerTls tls;
    std::string token;  // Clients show it as a Bearer token, 401; empty: they need not.
    std::function<std::chrono::nanoseconds()> monotonic;
  };
  // Counts for the user; each may be called by the listener's thread.
  struct Counters {
    std::function<void()> connection, connection_refused, request;
    std::function<void(int status)> refused;  // Each answer of 400 or more.
    std::function<void(const std::string&)> failed;
  };

  // FATAL where the address cannot be had, or the certificates are none. A socket that listens
  // there already is taken over from the claim, which gets it back when this stops; both live
  // longer.
  static Result<std::unique_ptr<HttpListener>> start(Options options, const ListenClaim& claim, HttpService& service,
                                                     Counters counters);
  // Ends all connections at once.
  ~HttpListener();
  HttpListener(const HttpListener&) = delete;
  HttpListener& operator=(const HttpListener&) = delete;

  // Where clients find it: "127.0.0.1:8080".
  const std::string& address() const;
  // Takes no more connections, and closes those that have no request under way; the others are
  // closed behind their answer. From any thread.
  void stop();
  // Whether all connections were closed within the time, after stop().
  bool wait_until_closed(std::chrono::nanoseconds timeout);

 private:
  class State;
  explicit HttpListener(std::shared_ptr<State> state);
  const std::shared_ptr<State> state_;
};

}  // namespace levada::http_server
