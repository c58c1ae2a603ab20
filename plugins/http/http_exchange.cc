#include "http/http_exchange.h"

#include <utility>

#include "http/curl_transfer.h"
#include "http/http_handle.h"

namespace levada {

struct HttpExchange::State {
  explicit State(HttpSettings with) : settings(std::move(with)), handle(new_curl_handle()) {}

  const HttpSettings settings;
  HttpRequest request;
  std::string body;
  HttpReceiver receiver;
  CurlHandle handle;
  CurlList headers;
  char why[CURL_ERROR_SIZE] = "";
  CurlTransfer transfer;
};

HttpExchange::HttpExchange(HttpSettings settings) : state_(std::make_unique<State>(std::move(settings))) {}

HttpExchange::~HttpExchange() { stop(); }

void HttpExchange::start(HttpRequest request, std::string body) {
  stop();
  State& state = *state_;
  curl_easy_reset(state.handle.get());
  state.request = std::move(request);
  state.body = std::move(body);
  state.request.body = state.body;
  state.receiver = {};
  state.why[0] = '\0';
  state.headers = set_up_http(state.handle.get(), state.settings, state.request, state.receiver);
  curl_easy_setopt(state.handle.get(), CURLOPT_ERRORBUFFER, state.why);
  set_stall_timeout(state.handle.get(), state.settings);
  set_http_method(state.handle.get(), state.request);
  state.transfer.start(state.handle.get());
}

void HttpExchange::stop() { state_->transfer.stop(); }

bool HttpExchange::under_way() const { return state_->transfer.under_way(); }

Result<HttpResponse> HttpExchange::proceed(std::chrono::nanoseconds timeout) {
  const auto code = state_->transfer.proceed(timeout);
  if (!code) return code.error();
  if (*code != CURLE_OK) return http_failure(state_->request, *code, state_->why);
  return std::move(state_->receiver.response);
}

}  // namespace levada
