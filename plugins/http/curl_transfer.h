// A transfer by libcurl that goes on bit by bit, for callers whose time is limited.
#pragma once

#include <curl/curl.h>

#include <chrono>
#include <memory>

#include "levada/result.h"

namespace levada {

struct FreeCurlHandle {
  void operator()(CURL* handle) const { curl_easy_cleanup(handle); }
};
struct FreeCurlList {
  void operator()(curl_slist* list) const { curl_slist_free_all(list); }
};
using CurlHandle = std::unique_ptr<CURL, FreeCurlHandle>;
using CurlList = std::unique_ptr<curl_slist, FreeCurlList>;

// A new handle of the library, which is started first.
CurlHandle new_curl_handle();
void start_curl();

// One transfer at a time; connections are kept for the next one. [worker]
class CurlTransfer {
 public:
  CurlTransfer();
  ~CurlTransfer();
  CurlTransfer(const CurlTransfer&) = delete;
  CurlTransfer& operator=(const CurlTransfer&) = delete;

  // The handle must stay until the transfer is over, or stopped. Stops the one before.
  void start(CURL* handle);
  void stop();
  bool under_way() const { return handle_ != nullptr; }
  // How it ended; idle() after at most that time while it is under way.
  Result<CURLcode> proceed(std::chrono::nanoseconds timeout);

 private:
  CURLM* const multi_;
  CURL* handle_ = nullptr;
};

}  // namespace levada
