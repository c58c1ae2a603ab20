// Several transfers by libcurl at once, for callers whose time is limited.
#pragma once

#include <curl/curl.h>

#include <chrono>
#include <vector>

namespace levada {

// Connections are kept for the next transfers. [worker]
class CurlTransfers {
 public:
  struct Ended {
    CURL* handle;
    CURLcode code;
  };

  CurlTransfers();
  ~CurlTransfers();
  CurlTransfers(const CurlTransfers&) = delete;
  CurlTransfers& operator=(const CurlTransfers&) = delete;

  // The handle must stay until the transfer has ended, or was stopped.
  void start(CURL* handle);
  void stop(CURL* handle);
  size_t under_way() const { return handles_.size(); }
  // Goes on with all of them, waits for at most that time for something to happen, and gives those
  // that have ended. The time is real: servers are waited for.
  std::vector<Ended> proceed(std::chrono::nanoseconds timeout);
  // Ends a `proceed` that waits, or else the next one that would. [any]
  void wake();

 private:
  std::vector<Ended> perform();

  CURLM* const multi_;
  std::vector<CURL*> handles_;
};

}  // namespace levada
