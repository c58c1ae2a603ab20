// On libcurl: an easy handle for each request under way, kept for the next one with its connection.
#include "lake/http_client.h"

#include <curl/curl.h>

#include <algorithm>
#include <cstring>
#include <mutex>

namespace levada::lake {
namespace {

constexpr size_t kIdleHandles = 8;

struct FreeHandle {
  void operator()(CURL* handle) const { curl_easy_cleanup(handle); }
};
struct FreeList {
  void operator()(curl_slist* list) const { curl_slist_free_all(list); }
};
using Handle = std::unique_ptr<CURL, FreeHandle>;
using List = std::unique_ptr<curl_slist, FreeList>;

// Once in a process, and before its first handle.
void start_library() {
  static const CURLcode started = curl_global_init(CURL_GLOBAL_DEFAULT);
  (void)started;
}

Handle new_handle() {
  start_library();
  return Handle(curl_easy_init());
}

std::string host_of(const std::string& url) {
  const auto start = url.find("://");
  if (start == std::string::npos) return "?";
  return url.substr(start + 3, url.find_first_of("/?", start + 3) - start - 3);
}

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

// What comes back, as the callbacks gather it.
struct Receiver {
  const HttpRequest* request = nullptr;
  HttpResponse response;
  bool too_long = false;

  static size_t take_header(char* data, size_t, size_t size, void* self) {
    static_cast<Receiver*>(self)->header({data, size});
    return size;
  }
  static size_t take_body(char* data, size_t, size_t size, void* self) {
    return static_cast<Receiver*>(self)->body({data, size}) ? size : 0;
  }
  void header(std::string_view line) {
    while (!line.empty() && (line.back() == '\r' || line.back() == '\n')) line.remove_suffix(1);
    // Another response begins: the one before was "100 Continue", or asked for a login.
    if (line.starts_with("HTTP/")) {
      response = {};
      const auto space = line.find(' ');
      if (space != std::string_view::npos) response.status = std::atol(std::string(line.substr(space + 1)).c_str());
      return;
    }
    const auto colon = line.find(':');
    if (colon == std::string_view::npos) return;
    std::string name(line.substr(0, colon));
    std::transform(name.begin(), name.end(), name.begin(), lower);
    auto value = line.substr(colon + 1);
    while (!value.empty() && value.front() == ' ') value.remove_prefix(1);
    while (!value.empty() && value.back() == ' ') value.remove_suffix(1);
    response.headers.insert_or_assign(std::move(name), std::string(value));
  }
  bool body(std::string_view data) {
    if (!request->into || response.status / 100 != 2) {
      response.body += data;
      return true;
    }
    too_long = data.size() > request->into_bytes - response.bytes_into;
    if (too_long) return false;
    std::memcpy(request->into + response.bytes_into, data.data(), data.size());
    response.bytes_into += data.size();
    return true;
  }
};

List set_up(CURL* handle, const HttpSettings& settings, const HttpRequest& request, Receiver& receiver) {
  curl_easy_setopt(handle, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(handle, CURLOPT_URL, request.url.c_str());
  curl_easy_setopt(handle, CURLOPT_PATH_AS_IS, 1L);
  curl_easy_setopt(handle, CURLOPT_PROTOCOLS_STR, "http,https");
  curl_easy_setopt(handle, CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_1_1));
  curl_easy_setopt(handle, CURLOPT_USERAGENT, "levada");
  curl_easy_setopt(handle, CURLOPT_TCP_KEEPALIVE, 1L);
  curl_easy_setopt(handle, CURLOPT_BUFFERSIZE, 262144L);
  curl_easy_setopt(handle, CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(settings.connect_timeout.count()));
  curl_easy_setopt(handle, CURLOPT_TIMEOUT_MS, static_cast<long>(request.timeout.count()));
  if (!settings.ca_file.empty()) curl_easy_setopt(handle, CURLOPT_CAINFO, settings.ca_file.c_str());
  if (settings.negotiate && request.may_negotiate) {
    curl_easy_setopt(handle, CURLOPT_HTTPAUTH, static_cast<long>(CURLAUTH_NEGOTIATE));
    curl_easy_setopt(handle, CURLOPT_USERPWD, ":");
  }
  receiver.request = &request;
  curl_easy_setopt(handle, CURLOPT_HEADERFUNCTION, &Receiver::take_header);
  curl_easy_setopt(handle, CURLOPT_HEADERDATA, &receiver);
  curl_easy_setopt(handle, CURLOPT_WRITEFUNCTION, &Receiver::take_body);
  curl_easy_setopt(handle, CURLOPT_WRITEDATA, &receiver);
  // Nobody waits for "100 Continue".
  curl_slist* all = curl_slist_append(nullptr, "Expect:");
  for (const auto& header : request.headers) all = curl_slist_append(all, header.c_str());
  curl_easy_setopt(handle, CURLOPT_HTTPHEADER, all);
  return List(all);
}

Error failure(const HttpRequest& request, CURLcode code, const char* text) {
  const std::string why = text[0] ? text : curl_easy_strerror(code);
  return retry(host_of(request.url) + ": " + why);
}

}  // namespace

struct HttpClient::Handles {
  std::mutex mutex;
  std::vector<Handle> idle;

  Handle take() {
    const std::lock_guard lock(mutex);
    if (idle.empty()) return new_handle();
    Handle handle = std::move(idle.back());
    idle.pop_back();
    return handle;
  }
  void give_back(Handle handle) {
    curl_easy_reset(handle.get());
    const std::lock_guard lock(mutex);
    if (idle.size() < kIdleHandles) idle.push_back(std::move(handle));
  }
};

HttpClient::HttpClient(HttpSettings settings) : settings_(std::move(settings)), handles_(std::make_unique<Handles>()) {}

HttpClient::~HttpClient() = default;

Result<HttpResponse> HttpClient::send(const HttpRequest& request) {
  Handle handle = handles_->take();
  if (!handle) return retry("no memory for a request");
  Receiver receiver;
  char why[CURL_ERROR_SIZE] = "";
  const List headers = set_up(handle.get(), settings_, request, receiver);
  curl_easy_setopt(handle.get(), CURLOPT_ERRORBUFFER, why);
  const auto stall = std::chrono::ceil<std::chrono::seconds>(settings_.stall_timeout);
  curl_easy_setopt(handle.get(), CURLOPT_LOW_SPEED_LIMIT, 1L);
  curl_easy_setopt(handle.get(), CURLOPT_LOW_SPEED_TIME, static_cast<long>(stall.count()));
  if (request.method == "HEAD") {
    curl_easy_setopt(handle.get(), CURLOPT_NOBODY, 1L);
  } else if (request.method == "PUT" || request.method == "POST") {
    curl_easy_setopt(handle.get(), CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(request.body.size()));
    curl_easy_setopt(handle.get(), CURLOPT_POSTFIELDS, request.body.empty() ? "" : request.body.data());
    curl_easy_setopt(handle.get(), CURLOPT_CUSTOMREQUEST, request.method.c_str());
  } else if (request.method != "GET") {
    curl_easy_setopt(handle.get(), CURLOPT_CUSTOMREQUEST, request.method.c_str());
  }
  const CURLcode code = curl_easy_perform(handle.get());
  const bool sent = code == CURLE_OK;
  auto error = sent ? Error{} : failure(request, code, why);
  if (receiver.too_long) error = retry(host_of(request.url) + ": more bytes came than were asked for");
  handles_->give_back(std::move(handle));
  if (!sent) return error;
  return std::move(receiver.response);
}

// What the callbacks of an upload see: bytes that the library is to take, until there are none.
struct HttpUpload::State {
  State(HttpSettings with, HttpRequest what)
      : settings(std::move(with)), request(std::move(what)), handle(new_handle()) {}

  const HttpSettings settings;
  const HttpRequest request;
  Receiver receiver;
  Handle handle;
  List headers;
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
  state.headers = set_up(handle, state.settings, state.request, state.receiver);
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
  if (state.result != CURLE_OK) return failure(state.request, state.result, state.why);
  if (to_the_end) return {};
  return retry(host_of(state.request.url) + ": the server answered " + std::to_string(state.receiver.response.status) +
               " before the end of the file");
}

bool http_can_negotiate() {
  start_library();
  const auto* version = curl_version_info(CURLVERSION_NOW);
  return (version->features & CURL_VERSION_SPNEGO) != 0;
}

}  // namespace levada::lake
