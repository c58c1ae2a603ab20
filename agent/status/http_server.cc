// All that is built with Boost.Beast, which is slow to compile, is in this file.
#include "agent/status/http_server.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <atomic>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/beast/core/basic_stream.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http.hpp>
#include <cstring>
#include <filesystem>
#include <thread>
#include <type_traits>

#include "agent/base/json_writer.h"
#include "levada/http_rules.h"

namespace levada::agent {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
using Local = asio::local::stream_protocol;
using Tcp = asio::ip::tcp;

// Those that are posted and wait for their turn.
constexpr size_t kPostsWaiting = 8;

using Response = http::response<http::string_body>;

const char* reason_of(const boost::system::error_code& failed) {
  if (failed == http::error::header_limit || failed == http::error::buffer_overflow) return "the header is too large";
  if (failed == http::error::body_limit) return "the body is too large";
  return "this is no HTTP request";
}

http::status status_of(const boost::system::error_code& failed) {
  if (failed == http::error::header_limit || failed == http::error::buffer_overflow)
    return http::status::request_header_fields_too_large;
  if (failed == http::error::body_limit) return http::status::payload_too_large;
  return http::status::bad_request;
}

}  // namespace

HttpResponse HttpResponse::error(int status, std::string_view message) {
  JsonWriter json;
  json.begin_object().member("error", message).end_object();
  return {.status = status, .body = std::move(json).take() + "\n"};
}

class HttpServer::State {
 public:
  State(Options options, Handlers handlers)
      : options_(std::move(options)),
        handlers_(std::move(handlers)),
        local_(context_),
        tcp_(context_),
        timer_(context_) {}
  ~State();

  Done open();
  void run();
  std::string address() const { return tcp_address_; }

 private:
  template <class Protocol>
  class Session;

  Done open_local();
  Done open_tcp();
  template <class Acceptor>
  void accept(Acceptor& acceptor, std::atomic<size_t>& connections);
  void tick();
  // Why the request is not answered as it asks; nothing where it is.
  std::optional<HttpResponse> refuse(const http::request<http::string_body>& request, const std::string& path,
                                     bool is_tcp) const;

  const Options options_;
  const Handlers handlers_;
  std::string tcp_address_;
  std::string socket_at_;  // The socket's path as the system takes it.
  int folder_ = -1;        // Which that path leads through.
  std::atomic<size_t> local_connections_{0}, tcp_connections_{0}, posts_{0};
  asio::io_context context_{1};
  Local::acceptor local_;
  Tcp::acceptor tcp_;
  asio::steady_timer timer_;
  asio::thread_pool posts_thread_{1};
  std::thread thread_;
};

// A connection. Every step has its time limit; the last one that holds it ends it.
template <class Protocol>
class HttpServer::State::Session : public std::enable_shared_from_this<Session<Protocol>> {
 public:
  Session(typename Protocol::socket socket, State& state, std::atomic<size_t>& connections)
      : stream_(std::move(socket)), state_(state), connections_(connections) {
    ++connections_;
  }
  ~Session() { --connections_; }

  void read() {
    parser_.emplace();
    parser_->header_limit(kHeaderBytes);
    parser_->body_limit(kBodyBytes);
    stream_.expires_after(state_.options_.patience);
    http::async_read(stream_, buffer_, *parser_,
                     [self = this->shared_from_this()](const auto& failed, size_t) { self->have_read(failed); });
  }

 private:
  static constexpr bool kIsTcp = std::is_same_v<Protocol, Tcp>;

  void have_read(const boost::system::error_code& failed) {
    if (failed == http::error::end_of_stream) return close();
    if (failed.category() == http::make_error_code(http::error::bad_method).category()) {
      keep_alive_ = false;
      return answer(HttpResponse::error(static_cast<int>(status_of(failed)), reason_of(failed)));
    }
    if (failed) return;
    const auto& asked = parser_->get();
    keep_alive_ = asked.keep_alive();
    version_ = asked.version();
    is_head_ = asked.method() == http::verb::head;
    HttpRequest request;
    request.path = read_target({asked.target().data(), asked.target().size()}, request.query);
    if (auto refused = state_.refuse(asked, request.path, kIsTcp)) return answer(*std::move(refused));
    if (asked.method() != http::verb::post) {
      request.method = "GET";
      return answer(run(state_.handlers_.get, request));
    }
    request.method = "POST";
    request.body = asked.body();
    if (state_.posts_ >= kPostsWaiting) return answer(HttpResponse::error(503, "too many requests wait"));
    ++state_.posts_;
    stream_.expires_never();
    asio::post(state_.posts_thread_, [self = this->shared_from_this(), request = std::move(request)] {
      auto response = run(self->state_.handlers_.post, request);
      --self->state_.posts_;
      asio::post(self->state_.context_,
                 [self, response = std::move(response)]() mutable { self->answer(std::move(response)); });
    });
  }

  static HttpResponse run(const std::function<HttpResponse(const HttpRequest&)>& handler, const HttpRequest& request) {
    try {
      return handler(request);
    } catch (const std::exception& failed) {
      return HttpResponse::error(500, failed.what());
    }
  }

  void answer(HttpResponse response) {
    auto& answer = answer_.emplace(static_cast<http::status>(response.status), version_);
    answer.set(http::field::server, "levada");
    answer.set(http::field::content_type, response.type);
    answer.set(http::field::cache_control, "no-store");
    answer.set("X-Content-Type-Options", "nosniff");
    answer.set("Referrer-Policy", "no-referrer");
    answer.set("Cross-Origin-Resource-Policy", "same-origin");
    for (const auto& [name, value] : response.headers) answer.set(name, value);
    answer.keep_alive(keep_alive_);
    answer.content_length(response.body.size());
    if (!is_head_) answer.body() = std::move(response.body);
    serializer_.emplace(answer);
    stream_.expires_after(state_.options_.patience);
    const auto then = [self = this->shared_from_this()](const auto& failed, size_t) { self->have_written(failed); };
    if (is_head_) http::async_write_header(stream_, *serializer_, then);
    else http::async_write(stream_, *serializer_, then);
  }

  void have_written(const boost::system::error_code& failed) {
    serializer_.reset();
    answer_.reset();
    if (failed) return;
    if (!keep_alive_) return close();
    read();
  }

  // What the client still sends is no reason for it not to get the answer: it sees the end first.
  void close() {
    boost::system::error_code ignored;
    stream_.socket().shutdown(Protocol::socket::shutdown_send, ignored);
    stream_.expires_after(std::chrono::seconds(1));
    drain();
  }
  void drain() {
    buffer_.clear();
    stream_.async_read_some(buffer_.prepare(4096), [self = this->shared_from_this()](const auto& failed, size_t) {
      if (!failed && ++self->drained_ < kDrains) self->drain();
    });
  }

  static constexpr int kDrains = 256;
  beast::basic_stream<Protocol> stream_;
  State& state_;
  std::atomic<size_t>& connections_;
  beast::flat_buffer buffer_{kHeaderBytes + kBodyBytes};
  std::optional<http::request_parser<http::string_body>> parser_;
  std::optional<Response> answer_;
  std::optional<http::response_serializer<http::string_body>> serializer_;
  bool keep_alive_ = false, is_head_ = false;
  unsigned version_ = 11;
  int drained_ = 0;
};

std::optional<HttpResponse> HttpServer::State::refuse(const http::request<http::string_body>& request,
                                                      const std::string& path, bool is_tcp) const {
  const auto method = request.method();
  if (method != http::verb::get && method != http::verb::head && method != http::verb::post) {
    auto response = HttpResponse::error(405, "only GET, HEAD and POST");
    response.headers.emplace_back("Allow", "GET, HEAD, POST");
    return response;
  }
  if (!is_tcp) return std::nullopt;
  const auto view = [](const auto& text) { return std::string_view(text.data(), text.size()); };
  if (options_.token.empty()) {
    if (!is_own_host(view(request[http::field::host]), options_.listen->address))
      return HttpResponse::error(421, "the Host header names another machine");
    if (method == http::verb::post)
      return HttpResponse::error(403, "without a status_token, only the Unix socket takes orders");
    return std::nullopt;
  }
  if (method != http::verb::post && handlers_.is_open(path)) return std::nullopt;
  if (is_token(bearer_of(view(request[http::field::authorization])), options_.token)) return std::nullopt;
  auto response = HttpResponse::error(401, "show the status_token: Authorization: Bearer TOKEN");
  response.headers.emplace_back("WWW-Authenticate", "Bearer");
  return response;
}

HttpServer::State::~State() {
  context_.stop();
  if (thread_.joinable()) thread_.join();
  posts_thread_.join();
  if (local_.is_open()) (void)::unlink(socket_at_.c_str());
  if (folder_ >= 0) ::close(folder_);
}

Done HttpServer::State::open() {
  // Some file systems have no sockets: that is no reason not to run.
  if (auto opened = open_local(); !opened) handlers_.failed(opened.error().message);
  if (options_.listen) LEVADA_TRY(open_tcp());
  return {};
}

Done HttpServer::State::open_local() {
  const auto cannot = [&](const std::string& what) {
    return fatal("the status socket " + options_.socket + ": " + what);
  };
  socket_at_ = options_.socket;
  if (socket_at_.size() >= sizeof(sockaddr_un::sun_path)) {
    // Too long for a socket's address: a short way to the same folder.
    const std::filesystem::path path = socket_at_;
    folder_ = ::open(path.parent_path().c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (folder_ < 0) return cannot(std::strerror(errno));
    socket_at_ = "/proc/self/fd/" + std::to_string(folder_) + "/" + path.filename().string();
  }
  // That of an agent that was killed; a running one has the lock of the folder.
  if (::unlink(socket_at_.c_str()) < 0 && errno != ENOENT) return cannot(std::strerror(errno));
  boost::system::error_code failed;
  local_.open(Local(), failed);
  if (!failed) (void)::fchmod(local_.native_handle(), 0600);
  if (!failed) local_.bind(Local::endpoint(socket_at_), failed);
  if (failed) {
    local_.close();
    return cannot(failed.message());
  }
  (void)::chmod(socket_at_.c_str(), 0600);
  if (local_.listen(Local::acceptor::max_listen_connections, failed); failed) {
    local_.close();
    return cannot(failed.message());
  }
  return {};
}

Done HttpServer::State::open_tcp() {
  const auto cannot = [&](const boost::system::error_code& failed) {
    const auto what = "status_listen " + options_.listen->text() + ": ";
    if (failed == asio::error::address_in_use)
      return fatal(what + "the port is taken: another agent or another program listens there; choose another one");
    return fatal(what + failed.message());
  };
  boost::system::error_code failed;
  const auto address = asio::ip::make_address(options_.listen->address, failed);
  if (failed) return cannot(failed);
  const Tcp::endpoint endpoint(address, options_.listen->port);
  if (tcp_.open(endpoint.protocol(), failed); failed) return cannot(failed);
  tcp_.set_option(Tcp::acceptor::reuse_address(true), failed);
  if (tcp_.bind(endpoint, failed); failed) return cannot(failed);
  if (tcp_.listen(Tcp::acceptor::max_listen_connections, failed); failed) return cannot(failed);
  auto bound = *options_.listen;
  bound.port = tcp_.local_endpoint(failed).port();
  tcp_address_ = bound.text();
  return {};
}

void HttpServer::State::run() {
  if (local_.is_open()) accept(local_, local_connections_);
  if (tcp_.is_open()) accept(tcp_, tcp_connections_);
  timer_.expires_after(std::chrono::seconds(1));
  tick();
  thread_ = std::thread([this] {
    for (;;) {
      try {
        context_.run();
        return;
      } catch (const std::exception& failed) {
        handlers_.failed(failed.what());
      }
    }
  });
}

template <class Acceptor>
void HttpServer::State::accept(Acceptor& acceptor, std::atomic<size_t>& connections) {
  using Protocol = typename Acceptor::protocol_type;
  acceptor.async_accept([this, &acceptor, &connections](const auto& failed, auto socket) {
    if (failed == asio::error::operation_aborted) return;
    if (failed) {
      // No descriptor is free, perhaps: not at once again.
      const auto timer = std::make_shared<asio::steady_timer>(context_, std::chrono::milliseconds(100));
      return timer->async_wait([this, &acceptor, &connections, timer](const auto& stopped) {
        if (!stopped) accept(acceptor, connections);
      });
    }
    if (connections < kConnections) std::make_shared<Session<Protocol>>(std::move(socket), *this, connections)->read();
    accept(acceptor, connections);
  });
}

void HttpServer::State::tick() {
  timer_.async_wait([this](const auto& stopped) {
    if (stopped) return;
    handlers_.every_second();
    timer_.expires_at(std::max(timer_.expiry() + std::chrono::seconds(1), asio::steady_timer::clock_type::now()));
    tick();
  });
}

HttpServer::HttpServer(std::unique_ptr<State> state) : state_(std::move(state)) {}
HttpServer::~HttpServer() = default;

Result<std::unique_ptr<HttpServer>> HttpServer::start(Options options, Handlers handlers) {
  auto state = std::make_unique<State>(std::move(options), std::move(handlers));
  LEVADA_TRY(state->open());
  state->run();
  return std::unique_ptr<HttpServer>(new HttpServer(std::move(state)));
}

std::string HttpServer::address() const { return state_->address(); }

}  // namespace levada::agent
