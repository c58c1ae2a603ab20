// A request over HTTP whose answer is waited for bit by bit, for callers whose time is limited.
#pragma once

#include <chrono>
#include <memory>
#include <string>

#include "http/http_client.h"

namespace levada {

// One request at a time; connections are kept for the next one. [worker]
class HttpExchange {
 public:
  explicit HttpExchange(HttpSettings settings);
  ~HttpExchange();
  HttpExchange(const HttpExchange&) = delete;
  HttpExchange& operator=(const HttpExchange&) = delete;

  // Breaks off the one before. `body` takes the place of the request's, and is kept.
  void start(HttpRequest request, std::string body);
  void stop();
  bool under_way() const;
  // Any response is one, whatever its status; idle() after at most that time while there is none.
  // RETRY where none came: what the server did is not known then. Messages name the host alone.
  Result<HttpResponse> proceed(std::chrono::nanoseconds timeout);

 private:
  struct State;
  const std::unique_ptr<State> state_;
};

}  // namespace levada
