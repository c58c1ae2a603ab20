// On libcurl: an easy handle for each request under way, kept for the next one with its connection.
#include "http/http_client.h"

#include <algorithm>
#include <cstring>
#include <mutex>

#include "http/curl_transfer.h"
#include "http/http_handle.h"

namespace levada {
namespace {

constexpr size_t kIdleHandles = 8;

}  // namespace

struct HttpClient::Handles {
  std::mutex mutex;
  std::vector<CurlHandle> idle;

  CurlHandle take() {
    const std::lock_guard lock(mutex);
    if (idle.empty()) return new_curl_handle();
    CurlHandle handle = std::move(idle.back());
    idle.pop_back();
    return handle;
  }
  void give_back(CurlHandle handle) {
    curl_easy_reset(handle.get());
    const std::lock_guard lock(mutex);
    if (idle.size() < kIdleHandles) idle.push_back(std::move(handle));
  }
};

HttpClient::HttpClient(HttpSettings settings) : settings_(std::move(settings)), handles_(std::make_unique<Handles>()) {}

HttpClient::~HttpClient() = default;

Result<HttpResponse> HttpClient::send(const HttpRequest& request) {
  CurlHandle handle = handles_->take();
  if (!handle) return retry("no memory for a request");
  HttpReceiver receiver;
  char why[CURL_ERROR_SIZE] = "";
  const CurlList headers = set_up_http(handle.get(), settings_, request, receiver);
  curl_easy_setopt(handle.get(), CURLOPT_ERRORBUFFER, why);
  set_stall_timeout(handle.get(), settings_);
  set_http_method(handle.get(), request);
  const CURLcode code = curl_easy_perform(handle.get());
  const bool sent = code == CURLE_OK;
  auto error = sent ? Error{} : http_failure(request, code, why);
  if (receiver.too_long) error = retry(host_of(request.url) + ": more bytes came than were asked for");
  handles_->give_back(std::move(handle));
  if (!sent) return error;
  return std::move(receiver.response);
}

// What the callbacks of an upload see: bytes that the library is to take, until there are none.
struct HttpUpload::State {
  State(HttpSettings with, HttpRequest what)
      : settings(std::move(with)), request(std::move(what)), handle(new_curl_handle()) {}

  const HttpSettings settings;
  const HttpRequest request;
  HttpReceiver receiver;
  CurlHandle handle;
  CurlList headers;
  CURLM* all = nullptr;
  char why[CURL_ERROR_SIZE] = "";
  std::string_view waiting;
  bool at_end = false;
  bool over = false;  // The library is through with the request.
  CURLcode result = CURLE_OK;

  static size_t give(char* to, size_t, size_t size, void* self) {
    auto& state = *static_cast<State*>(self);
    if (state.waiting.empty()) return state.at_end ? 0 : CURL_READFUNC_PAUSE;
    const auto bytes = std::min(size, state.waiting.size());
    std::memcpy(to, state.waiting.data(), bytes);
    state.waiting.remove_prefix(bytes);
    return bytes;
  }
};

HttpUpload::HttpUpload(const HttpSettings& settings, HttpRequest request)
    : state_(std::make_unique<State>(settings, std::move(request))) {
  State& state = *state_;
  state.all = curl_multi_init();
  CURL* handle = state.handle.get();
  state.headers = set_up_http(handle, state.settings, state.request, state.receiver);
  curl_easy_setopt(handle, CURLOPT_ERRORBUFFER, state.why);
  curl_easy_setopt(handle, CURLOPT_UPLOAD, 1L);
  curl_easy_setopt(handle, CURLOPT_CUSTOMREQUEST, state.request.method.c_str());
  curl_easy_setopt(handle, CURLOPT_UPLOAD_BUFFERSIZE, 262144L);
  curl_easy_setopt(handle, CURLOPT_READFUNCTION, &State::give);
  curl_easy_setopt(handle, CURLOPT_READDATA, &state);
  curl_multi_add_handle(state.all, handle);
}

HttpUpload::~HttpUpload() {
  curl_multi_remove_handle(state_->all, state_->handle.get());
  state_->handle.reset();
  curl_multi_cleanup(state_->all);
}

Done HttpUpload::write(std::string_view bytes) {
  state_->waiting = bytes;
  if (auto done = run(false); !done) {
    state_->waiting = {};
    return done;
  }
  return {};
}

Result<HttpResponse> HttpUpload::finish() {
  state_->at_end = true;
  LEVADA_TRY(run(true));
  return std::move(state_->receiver.response);
}

// Until the library has taken what waits, or until the response is there. The time limit is ours:
// the library's would count the time between two writes.
Done HttpUpload::run(bool to_the_end) {
  using Clock = std::chrono::steady_clock;
  State& state = *state_;
  if (!state.over) curl_easy_pause(state.handle.get(), CURLPAUSE_CONT);
  auto last_progress = Clock::now();
  auto left = state.waiting.size();
  while (!state.over) {
    int active = 0;
    curl_multi_perform(state.all, &active);
    int messages = 0;
    while (const CURLMsg* message = curl_multi_info_read(state.all, &messages)) {
      if (message->msg != CURLMSG_DONE) continue;
      state.over = true;
      state.result = message->data.result;
    }
    if (state.over || (!to_the_end && state.waiting.empty())) break;
    if (state.waiting.size() != left) last_progress = Clock::now();
    left = state.waiting.size();
    if (Clock::now() - last_progress > state.settings.stall_timeout) {
      state.over = true;
      state.result = CURLE_OPERATION_TIMEDOUT;
      break;
    }
    curl_multi_poll(state.all, nullptr, 0, 100, nullptr);
  }
  if (!state.over) return {};
  if (state.result != CURLE_OK) return http_failure(state.request, state.result, state.why);
  if (to_the_end) return {};
  return retry(host_of(state.request.url) + ": the server answered " + std::to_string(state.receiver.response.status) +
               " before the end of the file");
}

bool http_can_negotiate() {
  start_curl();
  const auto* version = curl_version_info(CURLVERSION_NOW);
  return (version->features & CURL_VERSION_SPNEGO) != 0;
}

}  // namespace levada
