// What a listener needs for TLS.
#pragma once

#include <boost/asio/ssl/context.hpp>

#include "http_server/http_listener.h"

namespace levada::http_server {

// TLS 1.2 or later with that certificate; clients show one of `client_ca` where there is one. FATAL
// names the option whose text is no PEM, or goes with no other.
Done set_up(boost::asio::ssl::context& context, const ListenerTls& given);

}  // namespace levada::http_server
