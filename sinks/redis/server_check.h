// Whether a server can have the sink's rows and keep them.
#pragma once

#include "levada/host.h"
#include "redis/connection.h"

namespace levada::redis_sink {

// FATAL for a Redis Cluster; warns of settings by which the server loses what it has confirmed.
Done check_server(redis::Connection& connection, Host host);

}  // namespace levada::redis_sink
