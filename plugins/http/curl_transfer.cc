#include "http/curl_transfer.h"

#include <algorithm>

namespace levada {

// Once in a process, and before its first handle.
void start_curl() {
  static const CURLcode started = curl_global_init(CURL_GLOBAL_DEFAULT);
  (void)started;
}

CurlHandle new_curl_handle() {
  start_curl();
  return CurlHandle(curl_easy_init());
}

CurlTransfer::CurlTransfer() : multi_((start_curl(), curl_multi_init())) {}

CurlTransfer::~CurlTransfer() {
  stop();
  curl_multi_cleanup(multi_);
}

void CurlTransfer::start(CURL* handle) {
  stop();
  handle_ = handle;
  curl_multi_add_handle(multi_, handle);
}

void CurlTransfer::stop() {
  if (handle_) curl_multi_remove_handle(multi_, handle_);
  handle_ = nullptr;
}

Result<CURLcode> CurlTransfer::proceed(std::chrono::nanoseconds timeout) {
  using std::chrono::milliseconds;
  if (!handle_) return fatal("no transfer was started");
  // A server is waited for, so the time is real.
  const auto end =
      std::chrono::steady_clock::now() + std::min<std::chrono::nanoseconds>(timeout, std::chrono::hours(1));
  for (;;) {
    int active = 0;
    curl_multi_perform(multi_, &active);
    int messages = 0;
    while (const CURLMsg* message = curl_multi_info_read(multi_, &messages)) {
      if (message->msg != CURLMSG_DONE) continue;
      const CURLcode result = message->data.result;
      stop();
      return result;
    }
    const auto left = std::chrono::ceil<milliseconds>(end - std::chrono::steady_clock::now());
    if (left.count() <= 0) return idle();
    curl_multi_poll(multi_, nullptr, 0, static_cast<int>(std::min<int64_t>(left.count(), 1000)), nullptr);
  }
}

}  // namespace levada
