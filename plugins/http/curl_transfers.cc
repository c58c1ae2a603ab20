#include "http/curl_transfers.h"

#include <algorithm>

#include "http/curl_transfer.h"

namespace levada {

CurlTransfers::CurlTransfers() : multi_((start_curl(), curl_multi_init())) {}

CurlTransfers::~CurlTransfers() {
  for (auto* handle : handles_) curl_multi_remove_handle(multi_, handle);
  curl_multi_cleanup(multi_);
}

void CurlTransfers::start(CURL* handle) {
  handles_.push_back(handle);
  curl_multi_add_handle(multi_, handle);
}

void CurlTransfers::stop(CURL* handle) {
  const auto found = std::find(handles_.begin(), handles_.end(), handle);
  if (found == handles_.end()) return;
  curl_multi_remove_handle(multi_, handle);
  handles_.erase(found);
}

std::vector<CurlTransfers::Ended> CurlTransfers::perform() {
  int active = 0;
  curl_multi_perform(multi_, &active);
  std::vector<Ended> ended;
  int messages = 0;
  while (const CURLMsg* message = curl_multi_info_read(multi_, &messages))
    if (message->msg == CURLMSG_DONE) ended.push_back({message->easy_handle, message->data.result});
  for (const auto& each : ended) stop(each.handle);
  return ended;
}

std::vector<CurlTransfers::Ended> CurlTransfers::proceed(std::chrono::nanoseconds timeout) {
  auto ended = perform();
  const auto wait = std::chrono::ceil<std::chrono::milliseconds>(timeout).count();
  if (!ended.empty() || wait <= 0) return ended;
  curl_multi_poll(multi_, nullptr, 0, static_cast<int>(std::min<int64_t>(wait, 60'000)), nullptr);
  return perform();
}

void CurlTransfers::wake() { curl_multi_wakeup(multi_); }

}  // namespace levada
