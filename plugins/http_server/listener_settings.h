// The options of a listener, which each source that has one shares.
#pragma once

#include <array>
#include <chrono>
#include <string>

#include "http_server/http_listener.h"
#include "levada/host.h"
#include "levada/options.h"
#include "levada/shared_options.h"

namespace levada::http_server {

struct ListenerSettings {
  std::string listen, tls_certificate, tls_key, tls_client_ca, token;
  int64_t max_connections = 16'384;
  Size body_bytes, header_bytes, receiving_bytes;
  double requests_per_second = 0;
  std::chrono::nanoseconds header_timeout{}, body_timeout{}, idle_timeout{};
};

inline constexpr std::array kListenerOptions = {
    required<&ListenerSettings::listen>("listen",
                                        "An IP address and a port: \"127.0.0.1:8080\", \"[::]:8080\"; port 0 is any "
                                        "that is free."),
    optional<&ListenerSettings::token>(
        "token", R"("")", "Clients show it, Authorization: Bearer TOKEN, or get 401; empty: they need not.")
        .secret(),
    optional<&ListenerSettings::tls_certificate>("tls_certificate", R"("")",
                                                 "A file with the certificate and its chain (PEM): HTTPS."),
    optional<&ListenerSettings::tls_key>("tls_key", R"("")", "A file with its private key (PEM)."),
    optional<&ListenerSettings::tls_client_ca>(
        "tls_client_ca", R"("")", "A file with the authorities (PEM) of which clients need a certificate."),
    optional<&ListenerSettings::body_bytes>("body_bytes", R"("16MiB")",
                                            "The largest body, compressed and decompressed; a larger one gets 413."),
    optional<&ListenerSettings::requests_per_second>(
        "requests_per_second", "0", "How many requests a client's address may make, else 429; 0: as many as it likes."),
    optional<&ListenerSettings::max_connections>("max_connections", "16384",
                                                 "Connections at a time; further ones are closed at once.")
        .advanced(),
    optional<&ListenerSettings::header_bytes>("header_bytes", R"("16KiB")",
                                              "The largest header; a larger one gets 431.")
        .advanced(),
    optional<&ListenerSettings::receiving_bytes>(
        "receiving_bytes", R"("256MiB")", "Of all bodies that are being received; a request that exceeds it gets 503.")
        .advanced(),
    optional<&ListenerSettings::header_timeout>("header_timeout", R"("10s")",
                                                "How long a client may take for a header, or for a TLS handshake.")
        .advanced(),
    optional<&ListenerSettings::body_timeout>("body_timeout", R"("30s")", "How long a client may take for a body.")
        .advanced(),
    optional<&ListenerSettings::idle_timeout>("idle_timeout", R"("60s")",
                                              "A connection without a request is closed after so long.")
        .advanced(),
};

template <class Settings>
constexpr auto listener_options() {
  return inherited<Settings, kListenerOptions>();
}

// Checks the settings. What is in files is not read yet: see read_tls.
Result<HttpListener::Options> listener_options_of(const ListenerSettings& settings, const Host& host);
// Reads the certificates. RETRY where a file cannot be read.
Result<ListenerTls> read_tls(const ListenerSettings& settings, const Host& host);
// Those that every listener has.
HttpListener::Counters listener_counters(const Host& host);

}  // namespace levada::http_server
