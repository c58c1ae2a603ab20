#include "redis/socket.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <openssl/x509v3.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <optional>
#include <utility>

namespace levada::redis {

namespace {

using std::chrono::nanoseconds;
using Clock = std::chrono::steady_clock;

struct Address {
  std::string host;  // Or the path of a socket, where there is no port.
  int port = 0;
};

// "host:port", "[::1]:6379", "host", "unix:/path".
std::optional<Address> parse_address(std::string_view text) {
  constexpr std::string_view kUnix = "unix:";
  constexpr int kDefaultPort = 6379;
  if (text.starts_with(kUnix)) {
    text.remove_prefix(kUnix.size());
    const bool fits = !text.empty() && text.size() < sizeof(sockaddr_un{}.sun_path);
    return fits ? std::optional(Address{std::string(text), 0}) : std::nullopt;
  }
  std::string_view host = text, port;
  if (text.starts_with('[')) {
    const auto end = text.find(']');
    if (end == text.npos) return std::nullopt;
    host = text.substr(1, end - 1);
    port = text.substr(end + 1);
  } else if (const auto colon = text.find(':'); colon != text.npos) {
    host = text.substr(0, colon);
    port = text.substr(colon);
  }
  if (host.empty()) return std::nullopt;
  if (port.empty()) return Address{std::string(host), kDefaultPort};
  int number = 0;
  const auto [end, error] = std::from_chars(port.data() + 1, port.data() + port.size(), number);
  if (port[0] != ':' || error != std::errc() || end != port.data() + port.size() || number < 1 || number > 65535)
    return std::nullopt;
  return Address{std::string(host), number};
}

int wait_for(int descriptor, short events, nanoseconds timeout) {
  pollfd event{descriptor, events, 0};
  const auto wait = std::chrono::ceil<std::chrono::milliseconds>(std::max(timeout, nanoseconds(0)));
  return ::poll(&event, 1, static_cast<int>(wait.count()));
}

class Descriptor {
 public:
  explicit Descriptor(int number) : number_(number) {}
  ~Descriptor() {
    if (number_ >= 0) ::close(number_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  int get() const { return number_; }
  int release() { return std::exchange(number_, -1); }

 private:
  int number_;
};

// 0, or the number of an error.
int connect_to(const sockaddr* address, socklen_t size, Clock::time_point end, int& connected) {
  Descriptor descriptor(::socket(address->sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (descriptor.get() < 0) return errno;
  if (::connect(descriptor.get(), address, size) != 0) {
    if (errno != EINPROGRESS) return errno;
    int ready;
    do ready = wait_for(descriptor.get(), POLLOUT, end - Clock::now());
    while (ready < 0 && errno == EINTR);
    if (ready == 0) return ETIMEDOUT;
    int error = 0;
    socklen_t length = sizeof error;
    if (ready < 0 || ::getsockopt(descriptor.get(), SOL_SOCKET, SO_ERROR, &error, &length) != 0) return errno;
    if (error != 0) return error;
  }
  connected = descriptor.release();
  return 0;
}

Result<int> connect_to(const Address& address, const std::string& name, Clock::time_point end) {
  const auto failed = [&](const char* why) { return retry("connect to " + name + ": " + why); };
  int connected = -1;
  if (address.port == 0) {
    sockaddr_un path{};
    path.sun_family = AF_UNIX;
    address.host.copy(path.sun_path, sizeof path.sun_path - 1);
    const int error = connect_to(reinterpret_cast<const sockaddr*>(&path), sizeof path, end, connected);
    return error == 0 ? Result<int>(connected) : failed(std::strerror(error));
  }
  addrinfo wanted{}, *found = nullptr;
  wanted.ai_family = AF_UNSPEC;
  wanted.ai_socktype = SOCK_STREAM;
  const int result = ::getaddrinfo(address.host.c_str(), std::to_string(address.port).c_str(), &wanted, &found);
  if (result != 0) return failed(::gai_strerror(result));
  const std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> all(found, ::freeaddrinfo);
  int error = EADDRNOTAVAIL;
  for (const auto* each = found; each; each = each->ai_next) {
    error = connect_to(each->ai_addr, each->ai_addrlen, end, connected);
    if (error != 0) continue;
    const int on = 1;
    (void)::setsockopt(connected, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    (void)::setsockopt(connected, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on);
    return connected;
  }
  return failed(std::strerror(error));
}

// What OpenSSL says, and nothing is left in its queue.
std::string tls_error() {
  std::string said;
  while (const auto code = ERR_get_error()) {
    const char* reason = ERR_reason_error_string(code);
    said = reason ? reason : "error " + std::to_string(code);
  }
  return said.empty() ? "unknown error" : said;
}

using Context = std::unique_ptr<SSL_CTX, decltype(&SSL_CTX_free)>;

Result<Context> context_of(const Server& server) {
  ERR_clear_error();
  Context context(SSL_CTX_new(TLS_client_method()), SSL_CTX_free);
  if (!context) return retry("TLS: " + tls_error());
  SSL_CTX_set_min_proto_version(context.get(), TLS1_2_VERSION);
  SSL_CTX_set_verify(context.get(), SSL_VERIFY_PEER, nullptr);
  SSL_CTX_set_mode(context.get(), SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  const auto cannot_use = [](const std::string& path) { return fatal("TLS: cannot use " + path + ": " + tls_error()); };
  if (server.tls_ca) {
    if (SSL_CTX_load_verify_locations(context.get(), server.tls_ca->c_str(), nullptr) != 1)
      return cannot_use(*server.tls_ca);
  } else {
    SSL_CTX_set_default_verify_paths(context.get());
  }
  if (server.tls_certificate) {
    if (SSL_CTX_use_certificate_chain_file(context.get(), server.tls_certificate->c_str()) != 1)
      return cannot_use(*server.tls_certificate);
    if (SSL_CTX_use_PrivateKey_file(context.get(), server.tls_key->c_str(), SSL_FILETYPE_PEM) != 1)
      return cannot_use(*server.tls_key);
  }
  return context;
}

// Whose name the certificate must have.
bool expect_host(SSL* tls, const std::string& host) {
  in6_addr address;
  const bool is_address =
      ::inet_pton(AF_INET, host.c_str(), &address) == 1 || ::inet_pton(AF_INET6, host.c_str(), &address) == 1;
  if (is_address) return X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(tls), host.c_str()) == 1;
  return SSL_set1_host(tls, host.c_str()) == 1 && SSL_set_tlsext_host_name(tls, host.c_str()) == 1;
}

}  // namespace

Done check(const Server& server) {
  const auto address = parse_address(server.address);
  if (!address)
    return wrong("address", "\"" + server.address +
                                "\" is no address: write host:port, [IPv6]:port, or unix: and the path of a socket");
  if (server.user && !server.password) return wrong("user", "a user needs a password");
  if (server.database < 0) return wrong("database", "must be 0 or more");
  if (server.timeout <= nanoseconds(0)) return wrong("timeout", "must be more than 0");
  for (const auto& [file, option] : {std::pair{&server.tls_ca, "tls_ca"},
                                     {&server.tls_certificate, "tls_certificate"},
                                     {&server.tls_key, "tls_key"}})
    if (*file && !server.tls) return wrong(option, "has no effect without tls = true");
  if (server.tls_certificate && !server.tls_key) return wrong("tls_certificate", "needs its key, tls_key");
  if (server.tls_key && !server.tls_certificate) return wrong("tls_key", "needs its certificate, tls_certificate");
  if (server.tls && address->port == 0) return wrong("tls", "a socket of this machine has none");
  return {};
}

Result<std::unique_ptr<Socket>> Socket::open(const Server& server) {
  const auto address = *parse_address(server.address);
  const auto end = Clock::now() + std::min<nanoseconds>(server.timeout, std::chrono::hours(1));
  const auto connected = connect_to(address, server.address, end);
  if (!connected) return connected.error();
  std::unique_ptr<Socket> socket(new Socket(*connected));
  if (server.tls) LEVADA_TRY(socket->encrypt(server, address.host, end));
  return socket;
}

Socket::~Socket() { ::close(descriptor_); }

Done Socket::encrypt(const Server& server, const std::string& host, Clock::time_point end) {
  auto context = context_of(server);
  if (!context) return std::move(context).error();
  tls_.reset(SSL_new(context->get()));
  if (!tls_ || SSL_set_fd(tls_.get(), descriptor_) != 1 || !expect_host(tls_.get(), host))
    return retry("TLS: " + tls_error());
  for (;;) {
    ERR_clear_error();
    const int result = SSL_connect(tls_.get());
    if (result == 1) return {};
    const int error = SSL_get_error(tls_.get(), result);
    if (error != SSL_ERROR_WANT_READ && error != SSL_ERROR_WANT_WRITE) {
      const auto verified = SSL_get_verify_result(tls_.get());
      return retry("TLS with " + server.address + ": " +
                   (verified != X509_V_OK ? X509_verify_cert_error_string(verified) : tls_error()));
    }
    const auto left = end - Clock::now();
    if (left <= nanoseconds(0)) return retry("TLS with " + server.address + ": no answer within the timeout");
    (void)wait_for(descriptor_, static_cast<short>(error == SSL_ERROR_WANT_WRITE ? POLLOUT : POLLIN), left);
  }
}

Result<size_t> Socket::outcome(int result) {
  if (result > 0) return static_cast<size_t>(result);
  switch (SSL_get_error(tls_.get(), result)) {
    case SSL_ERROR_WANT_READ:
    case SSL_ERROR_WANT_WRITE: return size_t{0};
    case SSL_ERROR_ZERO_RETURN: return retry("the server has closed it");
    case SSL_ERROR_SYSCALL: return retry(errno != 0 ? std::strerror(errno) : "the server has closed it");
    default: return retry("TLS: " + tls_error());
  }
}

Result<size_t> Socket::write(std::string_view bytes) {
  if (tls_) {
    ERR_clear_error();
    errno = 0;
    const auto written = outcome(SSL_write(tls_.get(), bytes.data(), static_cast<int>(bytes.size())));
    reads_to_write_ = written && *written == 0 && SSL_want_read(tls_.get());
    return written;
  }
  const auto written = ::send(descriptor_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
  if (written >= 0) return static_cast<size_t>(written);
  if (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR) return size_t{0};
  return retry(std::strerror(errno));
}

Result<size_t> Socket::read(char* to, size_t room) {
  if (tls_) {
    ERR_clear_error();
    errno = 0;
    const auto got = outcome(SSL_read(tls_.get(), to, static_cast<int>(room)));
    writes_to_read_ = got && *got == 0 && SSL_want_write(tls_.get());
    return got;
  }
  const auto got = ::recv(descriptor_, to, room, 0);
  if (got > 0) return static_cast<size_t>(got);
  if (got == 0) return retry("the server has closed it");
  if (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR) return size_t{0};
  return retry(std::strerror(errno));
}

Done Socket::wait(bool writes, nanoseconds timeout) const {
  const bool wants_room = writes_to_read_ || (writes && !reads_to_write_);
  const int ready = wait_for(descriptor_, static_cast<short>(POLLIN | (wants_room ? POLLOUT : 0)), timeout);
  if (ready < 0 && errno != EINTR) return retry(std::strerror(errno));
  return {};
}

}  // namespace levada::redis
