#include "http_server/listener_settings.h"

#include <cmath>

namespace levada::http_server {
namespace {

constexpr int64_t kMostBytes = 512 << 20;

Done check_bytes(const char* option, Size size, int64_t least, int64_t most = kMostBytes) {
  if (size.bytes >= least && size.bytes <= most) return {};
  return wrong(option, "must be " + std::to_string(least) + " to " + std::to_string(most) + " bytes");
}

Done check_time(const char* option, std::chrono::nanoseconds time) {
  if (time >= std::chrono::milliseconds(1)) return {};
  return wrong(option, "must be at least 1ms");
}

}  // namespace

Result<HttpListener::Options> listener_options_of(const ListenerSettings& settings, const Host& host) {
  auto address = ListenAddress::parse(settings.listen);
  if (!address) return wrong("listen", address.error().message);
  LEVADA_TRY(check_bytes("body_bytes", settings.body_bytes, 1));
  LEVADA_TRY(check_bytes("header_bytes", settings.header_bytes, 256, 1 << 20));
  LEVADA_TRY(check_bytes("receiving_bytes", settings.receiving_bytes, settings.body_bytes.bytes, int64_t{1} << 40));
  LEVADA_TRY(check_time("header_timeout", settings.header_timeout));
  LEVADA_TRY(check_time("body_timeout", settings.body_timeout));
  LEVADA_TRY(check_time("idle_timeout", settings.idle_timeout));
  if (settings.max_connections < 1) return wrong("max_connections", "must be at least 1");
  if (!std::isfinite(settings.requests_per_second) || settings.requests_per_second < 0)
    return wrong("requests_per_second", "must be 0 or more");
  if (settings.tls_certificate.empty() != settings.tls_key.empty())
    return wrong(settings.tls_key.empty() ? "tls_key" : "tls_certificate",
                 "tls_certificate and tls_key go with each other");
  if (!settings.tls_client_ca.empty() && settings.tls_certificate.empty())
    return wrong("tls_client_ca", "needs tls_certificate and tls_key");
  HttpListener::Options options{
      .address = *std::move(address), .limits = {}, .tls = {}, .token = settings.token, .monotonic = [host] {
        return host.monotonic();
      }};
  auto& limits = options.limits;
  limits.connections = static_cast<size_t>(settings.max_connections);
  limits.header_bytes = static_cast<size_t>(settings.header_bytes.bytes);
  limits.body_bytes = static_cast<size_t>(settings.body_bytes.bytes);
  limits.receiving_bytes = static_cast<size_t>(settings.receiving_bytes.bytes);
  limits.requests_per_second = settings.requests_per_second;
  limits.header_timeout = settings.header_timeout;
  limits.body_timeout = settings.body_timeout;
  limits.idle_timeout = settings.idle_timeout;
  return options;
}

Result<ListenerTls> read_tls(const ListenerSettings& settings, const Host& host) {
  ListenerTls tls;
  const auto read = [&](const std::string& path, std::string& to) -> Done {
    if (path.empty()) return {};
    auto text = host.files().read_whole(path);
    if (!text) return std::move(text).error();
    to = *std::move(text);
    return {};
  };
  LEVADA_TRY(read(settings.tls_certificate, tls.certificate));
  LEVADA_TRY(read(settings.tls_key, tls.key));
  LEVADA_TRY(read(settings.tls_client_ca, tls.client_ca));
  return tls;
}

HttpListener::Counters listener_counters(const Host& host) {
  const auto counter = [&](const char* name) { return [count = host.counter(name)]() mutable { count.add(); }; };
  return {.connection = counter("connections_accepted"),
          .connection_refused = counter("connections_refused"),
          .request = counter("requests"),
          .refused = [client = host.counter("requests_refused"), later = host.counter("requests_put_off")](
                         int status) mutable { (status == 429 || status == 503 ? later : client).add(); },
          .failed = [host](const std::string& why) { host.error(why); }};
}

}  // namespace levada::http_server
