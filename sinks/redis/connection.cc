#include "connection.h"

#include <fcntl.h>
#include <poll.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <optional>

#ifdef LEVADA_HIREDIS_SSL
#include <hiredis/hiredis_ssl.h>
#endif

#include "command_text.h"
#include "server_error.h"

namespace levada::redis_sink {

namespace {

using std::chrono::nanoseconds;

// So much of the commands lies in hiredis' buffer at a time.
constexpr size_t kSentAtOnce = size_t{1} << 18;

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
    return text.empty() ? std::nullopt : std::optional(Address{std::string(text), 0});
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

timeval to_timeval(nanoseconds span) {
  const auto microseconds = std::chrono::duration_cast<std::chrono::microseconds>(span).count();
  return {microseconds / 1'000'000, microseconds % 1'000'000};
}

// The value of a line "name:value" of what INFO says.
std::string_view value_in(std::string_view info, std::string_view name) {
  for (size_t at = info.find(name); at != info.npos; at = info.find(name, at + 1)) {
    const auto rest = info.substr(at + name.size());
    if ((at > 0 && info[at - 1] != '\n') || !rest.starts_with(':')) continue;
    return rest.substr(1, rest.find_first_of("\r\n") - 1);
  }
  return {};
}

}  // namespace

Done Connection::check(const RedisSettings& settings) {
  if (!parse_address(settings.address))
    return wrong("address", "\"" + settings.address +
                                "\" is no address: write host:port, [IPv6]:port, or unix: and the path of a socket");
  if (settings.user && !settings.password) return wrong("user", "a user needs a password");
  if (settings.database < 0) return wrong("database", "must be 0 or more");
  if (settings.timeout <= nanoseconds(0)) return wrong("timeout", "must be more than 0");
  if (settings.tls_ca && !settings.tls) return wrong("tls_ca", "has no effect without tls = true");
#ifndef LEVADA_HIREDIS_SSL
  if (settings.tls)
    return wrong("tls",
                 "this build has no TLS for Redis: its hiredis is older than 1.0 or came without hiredis_ssl; build "
                 "against one that has it, or put a TLS tunnel (stunnel) before the server");
#endif
  return {};
}

Done Connection::encrypt([[maybe_unused]] redisContext& context, [[maybe_unused]] const RedisSettings& settings) {
#ifdef LEVADA_HIREDIS_SSL
  redisInitOpenSSL();
  redisSSLContextError error = REDIS_SSL_CTX_NONE;
  const auto host = parse_address(settings.address)->host;
  const std::unique_ptr<redisSSLContext, decltype(&redisFreeSSLContext)> ssl(
      redisCreateSSLContext(settings.tls_ca ? settings.tls_ca->c_str() : nullptr,
                            settings.tls_ca ? nullptr : "/etc/ssl/certs", nullptr, nullptr, host.c_str(), &error),
      redisFreeSSLContext);
  if (!ssl) return fatal("TLS: " + std::string(redisSSLContextGetError(error)));
  if (redisInitiateSSLWithContext(&context, ssl.get()) != REDIS_OK) return retry("TLS: " + std::string(context.errstr));
#endif
  return {};
}

Result<std::unique_ptr<Connection>> Connection::open(const RedisSettings& settings, Host host) {
  const auto address = *parse_address(settings.address);
  const auto timeout = to_timeval(settings.timeout);
  Context context(address.port == 0 ? redisConnectUnixWithTimeout(address.host.c_str(), timeout)
                                    : redisConnectWithTimeout(address.host.c_str(), address.port, timeout));
  if (!context) return retry("there is no memory for a connection to " + settings.address);
  if (context->err) return retry("connect to " + settings.address + ": " + context->errstr);
  if (settings.tls) LEVADA_TRY(encrypt(*context, settings));
  // From here on nobody waits inside of hiredis.
  context->flags &= ~REDIS_BLOCK;
  if (const int flags = ::fcntl(context->fd, F_GETFL); ::fcntl(context->fd, F_SETFL, flags | O_NONBLOCK) != 0)
    return retry("connect to " + settings.address + ": " + std::strerror(errno));
  (void)redisEnableKeepAlive(context.get());
  std::unique_ptr<Connection> connection(new Connection(std::move(context), settings.timeout));
  LEVADA_TRY(connection->introduce(settings));
  LEVADA_TRY(connection->look_at_server(host));
  return connection;
}

Done Connection::introduce(const RedisSettings& settings) {
  std::string commands;
  size_t count = 0;
  if (settings.password) {
    if (settings.user) append_command({"AUTH", *settings.user, *settings.password}, commands);
    else append_command({"AUTH", *settings.password}, commands);
    ++count;
  }
  if (settings.database != 0) {
    append_command({"SELECT", std::to_string(settings.database)}, commands);
    ++count;
  }
  if (count == 0) append_command({"PING"}, commands), ++count;
  if (const auto replies = ask(commands, count); !replies) {
    // Whatever the server does not take here, it will not take later.
    return replies.code() == Code::reject ? fatal(replies.error().message) : replies.error();
  }
  return {};
}

Done Connection::look_at_server(Host host) {
  std::string commands;
  append_command({"INFO"}, commands);
  const auto replies = ask(commands, 1);
  // The user may not be allowed to ask.
  if (!replies) return replies.code() == Code::retry ? replies.error() : Done();
  const auto info = text_of(*replies->front());
  if (value_in(info, "cluster_enabled") == "1")
    return fatal("this is a Redis Cluster, which the sink cannot write to: name a Redis without cluster mode");
  if (value_in(info, "aof_enabled") == "0")
    host.warning("the server has appendonly off: what it confirms is gone when it crashes");
  if (const auto policy = value_in(info, "maxmemory_policy"); policy.starts_with("allkeys"))
    host.warning("the server's maxmemory-policy is " + std::string(policy) +
                 ": it may throw away the key with the sink's checkpoint, and rows come twice then");
  return {};
}

void Connection::start(std::string_view commands, size_t replies, std::function<void(Reply)> on_reply) {
  left_ = commands;
  replies_left_ = replies;
  on_reply_ = std::move(on_reply);
  heard_ = Clock::now();
}

Error Connection::lost(std::string why) const { return retry("the connection to Redis is lost: " + std::move(why)); }

Done Connection::send_more() {
  if (!sends_ && !left_.empty()) {
    const auto part = left_.substr(0, kSentAtOnce);
    // It only puts the bytes into its buffer.
    if (redisAppendFormattedCommand(context_.get(), part.data(), part.size()) != REDIS_OK)
      return lost(context_->errstr);
    left_.remove_prefix(part.size());
    sends_ = true;
  }
  if (!sends_) return {};
  int done = 0;
  if (redisBufferWrite(context_.get(), &done) != REDIS_OK) return lost(context_->errstr);
  sends_ = done == 0;
  return {};
}

Done Connection::receive_more() {
  if (redisBufferRead(context_.get()) != REDIS_OK) return lost(context_->errstr);
  return {};
}

Result<bool> Connection::take_replies() {
  bool any = false;
  while (replies_left_ > 0) {
    void* taken = nullptr;
    if (redisGetReplyFromReader(context_.get(), &taken) != REDIS_OK) return lost(context_->errstr);
    if (!taken) return any;
    any = true;
    --replies_left_;
    on_reply_(Reply(static_cast<redisReply*>(taken)));
  }
  return any;
}

Done Connection::proceed(nanoseconds timeout) {
  const auto end = Clock::now() + std::min<nanoseconds>(timeout, std::chrono::hours(1));
  for (;;) {
    const auto before = left_.size();
    LEVADA_TRY(send_more());
    auto any = take_replies();
    if (!any) return std::move(any).error();
    if (replies_left_ == 0 && left_.empty() && !sends_) return {};
    const auto now = Clock::now();
    if (*any || left_.size() != before) heard_ = now;
    if (now - heard_ > timeout_) return lost("no answer within the timeout");
    if (now >= end) return levada::idle();
    pollfd event{context_->fd, POLLIN, 0};
    if (sends_ || !left_.empty()) event.events |= POLLOUT;
    const auto wait = std::chrono::ceil<std::chrono::milliseconds>(std::min<nanoseconds>(end - now, timeout_));
    const int ready = ::poll(&event, 1, static_cast<int>(wait.count()));
    if (ready < 0 && errno != EINTR) return lost(std::strerror(errno));
    if (ready > 0 && (event.revents & ~POLLOUT)) LEVADA_TRY(receive_more());
  }
}

Result<std::vector<Reply>> Connection::ask(std::string_view commands, size_t replies) {
  std::vector<Reply> all;
  start(commands, replies, [&](Reply reply) { all.push_back(std::move(reply)); });
  const auto end = Clock::now() + timeout_;
  for (;;) {
    auto done = proceed(end - Clock::now());
    if (done) break;
    if (done.code() != Code::idle) return std::move(done).error();
    if (Clock::now() >= end) return lost("no answer within the timeout");
  }
  for (const auto& reply : all)
    if (is_error(*reply)) return meaning_of(text_of(*reply));
  return all;
}

}  // namespace levada::redis_sink
