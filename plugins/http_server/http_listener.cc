// All that is built with Boost.Beast, which is slow to compile, is in this file.
#include "http_server/http_listener.h"

#include <atomic>
#include <boost/asio/dispatch.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http.hpp>
#include <boost/beast/ssl.hpp>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <thread>
#include <type_traits>
#include <unordered_set>
#include <vector>

#include "http_server/listener_tls.h"
#include "http_server/rate_limit.h"
#include "levada/http_rules.h"

namespace levada::http_server {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
using Tcp = asio::ip::tcp;
using ErrorCode = boost::system::error_code;

constexpr size_t kReadBytes = 64 << 10;
constexpr size_t kFirstBytes = 1 << 10;  // What a connection holds that waits for a request.
constexpr int kBacklog = 4096;

std::string_view view(beast::string_view text) { return {text.data(), text.size()}; }

bool is_of_http(const ErrorCode& failed) {
  return failed.category() == http::make_error_code(http::error::bad_method).category();
}

HttpResponse response_of(const ErrorCode& failed) {
  if (failed == http::error::header_limit || failed == http::error::buffer_overflow)
    return HttpResponse::error(431, "the header is too large");
  if (failed == http::error::body_limit) return HttpResponse::error(413, "the body is too large");
  if (failed == http::error::partial_message) return HttpResponse::error(400, "the request ends amid its body");
  return HttpResponse::error(400, "this is no HTTP request: " + failed.message());
}

std::string head_of(const HttpResponse& response, unsigned version, bool keep_alive) {
  std::string head = version == 10 ? "HTTP/1.0 " : "HTTP/1.1 ";
  head += std::to_string(response.status) + ' ';
  head += view(http::obsolete_reason(static_cast<http::status>(response.status)));
  head += "\r\nServer: levada\r\nContent-Length: " + std::to_string(response.body.size());
  if (!response.type.empty()) head += "\r\nContent-Type: " + response.type;
  for (const auto& [name, value] : response.headers) head += "\r\n" + name + ": " + value;
  if (!keep_alive) head += "\r\nConnection: close";
  else if (version == 10) head += "\r\nConnection: keep-alive";
  return head + "\r\n\r\n";
}

}  // namespace

class HttpListener::State : public std::enable_shared_from_this<HttpListener::State> {
 public:
  State(Options options, const ListenClaim& claim, HttpService& service, Counters counters)
      : options_(std::move(options)),
        claim_(claim),
        service_(service),
        counters_(std::move(counters)),
        rate_limit_(options_.limits.requests_per_second),
        acceptor_(context_),
        timer_(context_) {}

  Done open();
  void run();
  // Ends the thread, and the connections whose requests nobody has answered.
  void end();
  const std::string& address() const { return address_; }
  void stop();
  bool wait_until_closed(std::chrono::nanoseconds timeout);

 private:
  struct Connection {
    virtual ~Connection() = default;
    virtual void close_if_idle() = 0;
    // Its request is not answered any more. It may be gone then.
    virtual void forget_request() = 0;
  };
  template <class Stream>
  class Session;
  using Tls = beast::ssl_stream<beast::tcp_stream>;

  void accept();
  void take(Tcp::socket socket);
  void tick();
  // Why the request is not answered as it asks; nothing where it is.
  std::optional<HttpResponse> refuse(const HttpRequest& request, unsigned version);
  void add(Connection* connection) { connections_.insert(connection); }
  void remove(Connection* connection);

  const Options options_;
  const ListenClaim& claim_;
  HttpService& service_;
  const Counters counters_;
  RateLimit rate_limit_;
  std::string address_;
  std::unordered_set<Connection*> connections_;
  size_t receiving_ = 0;  // Bytes of bodies.
  bool is_stopping_ = false;
  std::mutex mutex_;
  std::condition_variable closed_;
  bool is_closed_ = false;
  std::optional<asio::ssl::context> tls_;
  asio::io_context context_{1};
  Tcp::acceptor acceptor_;
  asio::steady_timer timer_;
  std::thread thread_;
};

// A connection. Every step has its time limit; the last one that holds it ends it.
template <class Stream>
class HttpListener::State::Session : public Connection, public std::enable_shared_from_this<Session<Stream>> {
 public:
  template <class... Arguments>
  Session(State& state, Tcp::socket socket, Arguments&... arguments)
      : state_(state), stream_(std::move(socket), arguments...) {
    ErrorCode failed;
    const auto peer = lowest().socket().remote_endpoint(failed);
    if (!failed) request_.client = peer.address().to_string();
    lowest().socket().set_option(Tcp::no_delay(true), failed);
    state_.add(this);
  }
  ~Session() override {
    count_body(0);
    state_.remove(this);
  }

  void start() {
    if constexpr (std::is_same_v<Stream, Tls>) {
      lowest().expires_after(limits().header_timeout);
      stream_.async_handshake(asio::ssl::stream_base::server, [self = self()](const ErrorCode& failed) {
        if (!failed) self->wait_for_request();
      });
    } else {
      wait_for_request();
    }
  }

  void close_if_idle() override {
    if (!is_idle_) return;
    ErrorCode ignored;
    lowest().socket().shutdown(Tcp::socket::shutdown_both, ignored);
    lowest().close();
  }
  void forget_request() override { const auto held = std::move(unanswered_); }

 private:
  auto self() { return this->shared_from_this(); }
  beast::tcp_stream& lowest() { return beast::get_lowest_layer(stream_); }
  const ListenerLimits& limits() const { return state_.options_.limits; }

  void wait_for_request() {
    if (buffer_.size() > 0) return read_header();
    if (state_.is_stopping_) return close();
    // A connection that waits holds next to nothing.
    buffer_.shrink_to_fit();
    is_idle_ = true;
    lowest().expires_after(limits().idle_timeout);
    stream_.async_read_some(buffer_.prepare(kFirstBytes), [self = self()](const ErrorCode& failed, size_t bytes) {
      self->is_idle_ = false;
      if (failed) return;
      self->buffer_.commit(bytes);
      self->read_header();
    });
  }

  void read_header() {
    parser_.emplace();
    parser_->header_limit(static_cast<std::uint32_t>(limits().header_bytes));
    parser_->body_limit(limits().body_bytes);
    lowest().expires_after(limits().header_timeout);
    http::async_read_header(stream_, buffer_, *parser_,
                            [self = self()](const ErrorCode& failed, size_t) { self->have_header(failed); });
  }

  void have_header(const ErrorCode& failed) {
    keep_alive_ = is_head_ = false;
    version_ = 11;
    if (failed == http::error::end_of_stream) return close();
    if (failed == beast::error::timeout) return;
    if (is_of_http(failed)) return answer(response_of(failed));
    if (failed) return;
    if (state_.counters_.request) state_.counters_.request();
    const auto& asked = parser_->get();
    version_ = asked.version();
    is_head_ = asked.method() == http::verb::head;
    request_.method = view(asked.method_string());
    request_.query.clear();
    request_.path = read_target(view(asked.target()), request_.query);
    request_.header = [this](std::string_view name) {
      const auto found = parser_->get().find(beast::string_view(name.data(), name.size()));
      return found == parser_->get().end() ? std::string_view() : view(found->value());
    };
    // Who is refused does not go on: what the body would say is no next request.
    if (auto refused = state_.refuse(request_, version_)) {
      keep_alive_ = parser_->is_done() && asked.keep_alive();
      return answer(*std::move(refused));
    }
    keep_alive_ = asked.keep_alive();
    parser_->eager(true);
    if (parser_->is_done()) return have_body();
    lowest().expires_after(limits().body_timeout);
    buffer_.reserve(std::min<size_t>(kReadBytes, parser_->content_length_remaining().value_or(kReadBytes)));
    if (detail::equal_ignoring_case(request_.header("Expect"), "100-continue")) return send_continue();
    read_body();
  }

  void send_continue() {
    static constexpr std::string_view kContinue = "HTTP/1.1 100 Continue\r\n\r\n";
    asio::async_write(stream_, asio::buffer(kContinue.data(), kContinue.size()),
                      [self = self()](const ErrorCode& failed, size_t) {
                        if (!failed) self->read_body();
                      });
  }

  void read_body() {
    http::async_read_some(stream_, buffer_, *parser_,
                          [self = self()](const ErrorCode& failed, size_t) { self->have_part(failed); });
  }

  void have_part(const ErrorCode& failed) {
    if (failed) keep_alive_ = false;
    if (is_of_http(failed)) return answer(response_of(failed));
    // The socket is closed by then.
    if (failed) return;
    count_body(parser_->get().body().size());
    if (parser_->is_done()) return have_body();
    if (state_.receiving_ > limits().receiving_bytes) {
      keep_alive_ = false;
      return answer(HttpResponse::retry(503, "too much is being received"));
    }
    read_body();
  }

  void count_body(size_t bytes) {
    state_.receiving_ += bytes - received_;
    received_ = bytes;
  }

  void have_body() {
    request_.body = std::move(parser_->get().body());
    count_body(0);
    lowest().expires_never();
    unanswered_ = self();
    // Who answers may do so when there is nobody any more who listens.
    state_.service_.serve(
        request_, [state = state_.weak_from_this(), session = std::weak_ptr(unanswered_)](HttpResponse response) {
          const auto alive = state.lock();
          if (!alive) return;
          asio::dispatch(alive->context_, [session, response = std::move(response)]() mutable {
            if (const auto self = session.lock()) self->answer(std::move(response));
          });
        });
  }

  void answer(HttpResponse response) {
    const auto held = std::move(unanswered_);
    if (state_.is_stopping_) keep_alive_ = false;
    if (response.status >= 400 && state_.counters_.refused) state_.counters_.refused(response.status);
    count_body(0);
    answer_ = head_of(response, version_, keep_alive_);
    if (!is_head_) answer_ += response.body;
    lowest().expires_after(limits().write_timeout);
    asio::async_write(stream_, asio::buffer(answer_),
                      [self = self()](const ErrorCode& failed, size_t) { self->have_written(failed); });
  }

  void have_written(const ErrorCode& failed) {
    if (failed) return;
    answer_ = {};
    parser_.reset();
    if (!keep_alive_) return close();
    wait_for_request();
  }

  // What the client still sends is no reason for it not to get the answer: it sees the end first.
  void close() {
    ErrorCode ignored;
    lowest().expires_after(std::chrono::seconds(1));
    if constexpr (std::is_same_v<Stream, Tls>) {
      stream_.async_shutdown([self = self()](const ErrorCode&) {});
    } else {
      lowest().socket().shutdown(Tcp::socket::shutdown_send, ignored);
      drain();
    }
  }
  void drain() {
    buffer_.clear();
    stream_.async_read_some(buffer_.prepare(kFirstBytes), [self = self()](const ErrorCode& failed, size_t bytes) {
      self->drained_ += bytes;
      if (!failed && self->drained_ < kDrainBytes) self->drain();
    });
  }

  static constexpr size_t kDrainBytes = 4 << 20;
  State& state_;
  std::shared_ptr<Session> unanswered_;  // Itself, while its request is worked on: nobody else holds it then.
  Stream stream_;
  beast::flat_buffer buffer_{limits().header_bytes + kReadBytes};
  std::optional<http::request_parser<http::string_body>> parser_;
  HttpRequest request_;
  std::string answer_;
  size_t received_ = 0, drained_ = 0;
  unsigned version_ = 11;
  bool keep_alive_ = false, is_head_ = false, is_idle_ = false;
};

std::optional<HttpResponse> HttpListener::State::refuse(const HttpRequest& request, unsigned version) {
  if (version >= 11 && !request.header("Host").data()) return HttpResponse::error(400, "the Host header is missing");
  if (!options_.token.empty() && !is_token(bearer_of(request.header("Authorization")), options_.token)) {
    auto response = HttpResponse::error(401, "show the token: Authorization: Bearer TOKEN");
    response.headers.emplace_back("WWW-Authenticate", "Bearer");
    return response;
  }
  if (!rate_limit_.take(request.client, options_.monotonic()))
    return HttpResponse::retry(429, "too many requests from this address");
  if (is_stopping_) return HttpResponse::retry(503, "the agent is being stopped");
  return service_.refuse(request);
}

void HttpListener::State::remove(Connection* connection) {
  connections_.erase(connection);
  if (!is_stopping_ || !connections_.empty()) return;
  const std::lock_guard lock(mutex_);
  is_closed_ = true;
  closed_.notify_all();
}

void HttpListener::State::end() {
  context_.stop();
  if (thread_.joinable()) thread_.join();
  const std::vector<Connection*> all(connections_.begin(), connections_.end());
  for (auto* connection : all) connection->forget_request();
}

Done HttpListener::State::open() {
  if (!options_.tls.certificate.empty()) LEVADA_TRY(set_up(tls_.emplace(asio::ssl::context::tls_server), options_.tls));
  const auto cannot = [&](const ErrorCode& failed) {
    const auto what = "listen on " + options_.address.text() + ": ";
    if (failed == asio::error::address_in_use)
      return fatal(what + "the port is taken: another program or another source listens there; choose another one");
    return fatal(what + failed.message());
  };
  ErrorCode failed;
  const auto address = asio::ip::make_address(options_.address.address, failed);
  if (failed) return cannot(failed);
  const Tcp::endpoint endpoint(address, options_.address.port);
  if (const int listening = claim_.take(); listening >= 0) {
    acceptor_.assign(endpoint.protocol(), listening, failed);
    if (failed) return cannot(failed);
  } else {
    if (acceptor_.open(endpoint.protocol(), failed); failed) return cannot(failed);
    acceptor_.set_option(Tcp::acceptor::reuse_address(true), failed);
    if (acceptor_.bind(endpoint, failed); failed) return cannot(failed);
    if (acceptor_.listen(kBacklog, failed); failed) return cannot(failed);
  }
  auto bound = options_.address;
  bound.port = acceptor_.local_endpoint(failed).port();
  address_ = bound.text();
  return {};
}

void HttpListener::State::run() {
  accept();
  timer_.expires_after(std::chrono::seconds(1));
  tick();
  thread_ = std::thread([this] {
    for (;;) {
      try {
        context_.run();
        return;
      } catch (const std::exception& failed) {
        if (counters_.failed) counters_.failed(failed.what());
      }
    }
  });
}

void HttpListener::State::accept() {
  acceptor_.async_accept([this](const ErrorCode& failed, Tcp::socket socket) {
    if (is_stopping_ || failed == asio::error::operation_aborted) return;
    if (failed) {
      // No descriptor is free, perhaps: not at once again.
      const auto timer = std::make_shared<asio::steady_timer>(context_, std::chrono::milliseconds(100));
      return timer->async_wait([this, timer](const ErrorCode& stopped) {
        if (!stopped && !is_stopping_) accept();
      });
    }
    take(std::move(socket));
    accept();
  });
}

void HttpListener::State::take(Tcp::socket socket) {
  if (connections_.size() >= options_.limits.connections) {
    if (counters_.connection_refused) counters_.connection_refused();
    return;
  }
  if (counters_.connection) counters_.connection();
  if (tls_) std::make_shared<Session<Tls>>(*this, std::move(socket), *tls_)->start();
  else std::make_shared<Session<beast::tcp_stream>>(*this, std::move(socket))->start();
}

void HttpListener::State::tick() {
  timer_.async_wait([this](const ErrorCode& stopped) {
    if (stopped) return;
    service_.every_second();
    timer_.expires_at(std::max(timer_.expiry() + std::chrono::seconds(1), asio::steady_timer::clock_type::now()));
    tick();
  });
}

void HttpListener::State::stop() {
  asio::post(context_, [this] {
    if (std::exchange(is_stopping_, true)) return;
    ErrorCode failed;
    acceptor_.cancel(failed);
    // Another one that holds the same socket goes on listening: clients wait, and are not refused.
    const int descriptor = acceptor_.release(failed);
    if (!failed && !claim_.leave(descriptor)) ::close(descriptor);
    for (auto* connection : connections_) connection->close_if_idle();
    if (connections_.empty()) remove(nullptr);
  });
}

bool HttpListener::State::wait_until_closed(std::chrono::nanoseconds timeout) {
  std::unique_lock lock(mutex_);
  return closed_.wait_for(lock, timeout, [this] { return is_closed_; });
}

HttpListener::HttpListener(std::shared_ptr<State> state) : state_(std::move(state)) {}
HttpListener::~HttpListener() { state_->end(); }

Result<std::unique_ptr<HttpListener>> HttpListener::start(Options options, const ListenClaim& claim,
                                                          HttpService& service, Counters counters) {
  auto state = std::make_shared<State>(std::move(options), claim, service, std::move(counters));
  LEVADA_TRY(state->open());
  state->run();
  return std::unique_ptr<HttpListener>(new HttpListener(std::move(state)));
}

const std::string& HttpListener::address() const { return state_->address(); }
void HttpListener::stop() { state_->stop(); }
bool HttpListener::wait_until_closed(std::chrono::nanoseconds timeout) { return state_->wait_until_closed(timeout); }

}  // namespace levada::http_server
