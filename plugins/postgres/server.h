// What a user may set of a PostgreSQL server.
#pragma once

#include <array>
#include <chrono>
#include <string>

#include "levada/shared_options.h"

namespace levada::postgres {

struct Server {
  std::string connection;
  std::string password;
  std::chrono::nanoseconds timeout = std::chrono::seconds(30);
};

inline constexpr std::array kServerOptions = {
    required<&Server::connection>("connection",
                                  "The server and its database, as libpq takes it: "
                                  "\"postgresql://user@host/database?sslmode=verify-full\", or \"host=... "
                                  "dbname=...\".")
        .secret(),
    optional<&Server::password>("password", R"("")", "The user's password, where `connection` has none.").secret(),
    optional<&Server::timeout>("timeout", R"("30s")",
                               "How long the server may be silent, while it computes the query too, before it "
                               "is given up."),
};

// Names the option at fault; nothing secret is in the reason.
Done check(const Server& server);

}  // namespace levada::postgres
