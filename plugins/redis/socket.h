// A socket that is connected to a server, encrypted or not.
#pragma once

#include <openssl/ssl.h>

#include <chrono>
#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

#include "levada/result.h"
#include "redis/server.h"

namespace levada::redis {

class Socket {
 public:
  // Connects, and encrypts where the settings say so, within their timeout. RETRY where that fails,
  // FATAL where a file for TLS cannot be used.
  static Result<std::unique_ptr<Socket>> open(const Server& server);
  ~Socket();
  Socket(const Socket&) = delete;
  Socket& operator=(const Socket&) = delete;

  // These two never wait. How many bytes went; 0: there is no room, or nothing has come, for now.
  // RETRY: the connection is of no use any more.
  Result<size_t> write(std::string_view bytes);
  Result<size_t> read(char* to, size_t room);
  // Until it can be read from, or, if `writes`, written to; or the time is up.
  Done wait(bool writes, std::chrono::nanoseconds timeout) const;

 private:
  struct Free {
    void operator()(SSL* tls) const { SSL_free(tls); }
  };

  explicit Socket(int descriptor) : descriptor_(descriptor) {}
  Done encrypt(const Server& server, const std::string& host, std::chrono::steady_clock::time_point end);
  // 0 where it has to wait for `result` of an SSL_ call, else why it failed.
  Result<size_t> outcome(int result);

  const int descriptor_;
  std::unique_ptr<SSL, Free> tls_;  // Null where nothing is encrypted.
  // What the last call on tls_ has to wait for, where it is not what its name says.
  bool writes_to_read_ = false, reads_to_write_ = false;
};

}  // namespace levada::redis
