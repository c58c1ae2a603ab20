// How a component reaches a Redis server: the settings that all plugins for Redis share, with their
// options.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

#include "levada/shared_options.h"

namespace levada::redis {

// The base of a component's settings.
struct Server {
  std::string address = "127.0.0.1:6379";
  std::optional<std::string> user;
  std::optional<std::string> password;
  int64_t database = 0;
  bool tls = false;
  std::optional<std::string> tls_ca;
  std::optional<std::string> tls_certificate;
  std::optional<std::string> tls_key;
  std::chrono::nanoseconds timeout = std::chrono::seconds(5);
};

inline constexpr std::array kServerOptions = {
    optional<&Server::address>("address", R"("127.0.0.1:6379")",
                               "Where the server is: host:port, [IPv6]:port, or unix: and the path of a socket."),
    optional<&Server::user>("user", nullptr, "Whom to log in as, where the server has users (Redis 6 and later)."),
    optional<&Server::password>("password", nullptr, "The password of the user, or of the server; empty: none.")
        .secret(),
    optional<&Server::database>("database", "0", "The number of the database."),
    optional<&Server::tls>("tls", "false", "Encrypts the connection, and checks the server's certificate and name."),
    optional<&Server::tls_ca>("tls_ca", nullptr,
                              "PEM file with the authorities whose servers are trusted; else the system's."),
    optional<&Server::tls_certificate>("tls_certificate", nullptr,
                                       "PEM file with the certificate that is shown to a server that asks for one."),
    optional<&Server::tls_key>("tls_key", nullptr, "PEM file with the key of tls_certificate."),
    optional<&Server::timeout>("timeout", R"("5s")",
                               "How long the server may be silent before the connection counts as lost."),
};

// What is wrong with the settings.
Done check(const Server& server);

}  // namespace levada::redis
