#include "http_server/listener_tls.h"

#include <boost/asio/buffer.hpp>

namespace levada::http_server {

Done set_up(boost::asio::ssl::context& context, const ListenerTls& given) {
  namespace asio = boost::asio;
  boost::system::error_code failed;
  const auto wrong = [&](const std::string& option) { return fatal(option + ": " + failed.message()); };
  SSL_CTX_set_min_proto_version(context.native_handle(), TLS1_2_VERSION);
  context.use_certificate_chain(asio::buffer(given.certificate), failed);
  if (failed) return wrong("tls_certificate");
  context.use_private_key(asio::buffer(given.key), asio::ssl::context::pem, failed);
  if (failed) return wrong("tls_key");
  if (SSL_CTX_check_private_key(context.native_handle()) != 1)
    return fatal("tls_key: it does not go with tls_certificate");
  if (given.client_ca.empty()) return {};
  context.add_certificate_authority(asio::buffer(given.client_ca), failed);
  if (failed) return wrong("tls_client_ca");
  context.set_verify_mode(asio::ssl::verify_peer | asio::ssl::verify_fail_if_no_peer_cert, failed);
  return {};
}

}  // namespace levada::http_server
