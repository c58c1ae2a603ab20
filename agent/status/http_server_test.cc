#include "agent/status/http_server.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <future>

#include "agent/status/http_client.h"

namespace levada::agent {
namespace {

namespace fs = std::filesystem;

// A client that may say anything.
class Client {
 public:
  explicit Client(const std::string& address) : socket_(::socket(AF_INET, SOCK_STREAM, 0)) {
    const auto parsed = ListenAddress::parse(address);
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_port = htons(parsed->port);
    ::inet_pton(AF_INET, parsed->address.c_str(), &to.sin_addr);
    const timeval patience{30, 0};
    ::setsockopt(socket_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    connected_ = ::connect(socket_, reinterpret_cast<sockaddr*>(&to), sizeof to) == 0;
  }
  ~Client() { ::close(socket_); }
  Client(const Client&) = delete;

  bool connected() const { return connected_; }
  bool send(std::string_view text) const {
    return ::send(socket_, text.data(), text.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(text.size());
  }
  // All that comes until the server ends the connection, or until `text` has come.
  std::string read(std::string_view text = {}) const {
    std::string all;
    char buffer[4096];
    for (ssize_t got; (got = ::recv(socket_, buffer, sizeof buffer, 0)) > 0;) {
      all.append(buffer, static_cast<size_t>(got));
      if (!text.empty() && all.find(text) != all.npos) break;
    }
    return all;
  }
  std::string ask(const std::string& request) const { return send(request) ? read() : "cannot send"; }

 private:
  int socket_;
  bool connected_ = false;
};

std::string request(const std::string& line, const std::string& headers = "Host: localhost\r\n",
                    const std::string& body = "") {
  return line + " HTTP/1.1\r\n" + headers + "Connection: close\r\n" +
         (body.empty() ? "" : "Content-Length: " + std::to_string(body.size()) + "\r\n") + "\r\n" + body;
}

class HttpServerTest : public ::testing::Test {
 protected:
  void SetUp() override {
    char name[] = "/tmp/levada-http-XXXXXX";
    folder_ = ::mkdtemp(name);
  }
  void TearDown() override {
    server_.reset();
    fs::remove_all(folder_);
  }

  HttpServer::Handlers handlers() {
    return {.get =
                [](const HttpRequest& asked) {
                  if (asked.path == "/fail") throw std::runtime_error("broken");
                  return HttpResponse{.type = "text/plain", .body = asked.path + "|" + asked.parameter("q")};
                },
            .post = [](const HttpRequest& asked) { return HttpResponse{.body = "posted " + asked.body}; },
            .is_open = [](const std::string& path) { return path == "/"; },
            .every_second = [] {},
            .failed = [](const std::string& why) { ADD_FAILURE() << why; }};
  }
  HttpServer::Options options(bool tcp = true, const std::string& token = "") {
    HttpServer::Options made;
    made.socket = folder_ + "/agent.sock";
    made.token = token;
    if (tcp) made.listen = *ListenAddress::parse("127.0.0.1:0");
    return made;
  }
  void start(HttpServer::Options with) {
    auto started = HttpServer::start(std::move(with), handlers());
    ASSERT_TRUE(started.ok()) << started.error().message;
    server_ = *std::move(started);
  }
  std::string tcp(const std::string& text) { return Client(server_->address()).ask(text); }
  std::string local(const std::string& target, const std::string& method = "GET", const std::string& body = "") {
    const auto answer = ask(folder_ + "/agent.sock", method, target, std::chrono::seconds(30), body);
    return answer ? std::to_string(answer->status) + " " + answer->body : answer.error().message;
  }

  std::string folder_;
  std::unique_ptr<HttpServer> server_;
};

TEST_F(HttpServerTest, AnswersOnItsSocket) {
  start(options(false));
  EXPECT_EQ(local("/a%20b?q=1%26+2"), "200 /a b|1& 2");
  EXPECT_EQ(local("/x", "POST", "body"), "200 posted body");
  EXPECT_EQ(local("/x", "HEAD"), "200 ");
  EXPECT_TRUE(local("/x", "DELETE").starts_with("405 "));
  EXPECT_TRUE(local("/fail").starts_with("500 "));
  EXPECT_EQ(server_->address(), "");
}

TEST_F(HttpServerTest, OnlyTheUserOfTheAgentMayUseTheSocketAndItGoesWithTheServer) {
  const auto mask = ::umask(0);
  start(options(false));
  ::umask(mask);
  struct stat info;
  ASSERT_EQ(::stat((folder_ + "/agent.sock").c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0600u);
  server_.reset();
  EXPECT_FALSE(fs::exists(folder_ + "/agent.sock"));
}

TEST_F(HttpServerTest, ReplacesWhatAKilledAgentLeft) {
  std::ofstream(folder_ + "/agent.sock") << "left";
  start(options(false));
  EXPECT_EQ(local("/"), "200 /|");
}

TEST_F(HttpServerTest, AFolderWithALongNameHasASocketToo) {
  const auto deep = folder_ + "/" + std::string(100, 'a') + "/" + std::string(100, 'b');
  fs::create_directories(deep);
  auto with = options(false);
  with.socket = deep + "/agent.sock";
  start(std::move(with));
  const auto answer = ask(deep + "/agent.sock", "GET", "/deep");
  ASSERT_TRUE(answer.ok()) << answer.error().message;
  EXPECT_EQ(answer->body, "/deep|");
  server_.reset();
  EXPECT_FALSE(fs::exists(deep + "/agent.sock"));
}

TEST_F(HttpServerTest, SaysThatNoAgentRuns) { EXPECT_NE(local("/").find("no agent runs on"), std::string::npos); }

TEST_F(HttpServerTest, SaysThatThePortIsTaken) {
  start(options());
  auto with = options();
  with.socket = folder_ + "/other.sock";
  with.listen = *ListenAddress::parse(server_->address());
  const auto second = HttpServer::start(std::move(with), handlers());
  ASSERT_FALSE(second.ok());
  EXPECT_NE(second.error().message.find("the port is taken"), std::string::npos) << second.error().message;
  EXPECT_FALSE(fs::exists(folder_ + "/other.sock"));
}

TEST_F(HttpServerTest, AnswersOnlyWhoNamesThisMachine) {
  start(options());
  for (const auto* host : {"localhost", "LOCALHOST:9464", "127.0.0.1:1", "[::1]:9464"})
    EXPECT_NE(tcp(request("GET /", "Host: " + std::string(host) + "\r\n")).find(" 200 "), std::string::npos) << host;
  for (const auto* host : {"evil.example", "localhost.evil.example", "127.0.0.1.evil.example", "", "[::1"})
    EXPECT_NE(tcp(request("GET /", "Host: " + std::string(host) + "\r\n")).find(" 421 "), std::string::npos) << host;
  EXPECT_NE(tcp(request("GET /", "")).find(" 421 "), std::string::npos);
}

TEST_F(HttpServerTest, TakesNoOrdersOnThePortWithoutAToken) {
  start(options());
  EXPECT_NE(tcp(request("POST /", "Host: localhost\r\n", "x")).find(" 403 "), std::string::npos);
}

TEST_F(HttpServerTest, AsksForTheTokenWhereThereIsOne) {
  start(options(true, "correct horse battery"));
  const auto with = [&](const std::string& line, const std::string& token) {
    return tcp(request(line, "Host: far.example\r\nAuthorization: " + token + "\r\n"));
  };
  EXPECT_NE(with("GET /a", "bearer correct horse battery").find(" 200 "), std::string::npos);
  EXPECT_NE(with("POST /a", "Bearer correct horse battery").find(" 200 "), std::string::npos);
  for (const auto* wrong : {"Bearer correct horse batterx", "Bearer correct horse batter", "Bearer ",
                            "Basic Y29ycmVjdA==", "correct horse battery", "Bearer correct horse battery staple"})
    EXPECT_NE(with("GET /a", wrong).find(" 401 "), std::string::npos) << wrong;
  EXPECT_NE(tcp(request("GET /")).find(" 200 "), std::string::npos) << "open";
  EXPECT_NE(tcp(request("POST /")).find(" 401 "), std::string::npos);
  EXPECT_EQ(local("/a"), "200 /a|") << "the socket asks for none";
}

TEST_F(HttpServerTest, RefusesWhatIsTooLargeOrNoRequestAndGoesOn) {
  start(options());
  EXPECT_NE(tcp(request("GET /", "Host: localhost\r\nX: " + std::string(20000, 'x') + "\r\n")).find(" 431 "),
            std::string::npos);
  EXPECT_NE(tcp(request("GET /" + std::string(100000, 'a'))).find(" 431 "), std::string::npos);
  EXPECT_NE(local("/", "POST", std::string(100000, 'x')).find("413 "), std::string::npos);
  EXPECT_NE(tcp("\x16\x03\x01 what is this\r\n\r\n").find(" 400 "), std::string::npos);
  EXPECT_NE(tcp("GET / HTTP/9.9\r\n\r\n").find(" 400 "), std::string::npos);
  EXPECT_NE(tcp(request("GET /")).find(" 200 "), std::string::npos);
}

TEST_F(HttpServerTest, ServesSeveralRequestsOfAConnection) {
  start(options());
  const Client client(server_->address());
  for (int time = 0; time < 3; ++time) {
    ASSERT_TRUE(client.send("GET /again HTTP/1.1\r\nHost: localhost\r\n\r\n"));
    EXPECT_NE(client.read("/again|").find(" 200 "), std::string::npos);
  }
}

TEST_F(HttpServerTest, LeavesClientsThatAreSlow) {
  auto with = options();
  with.patience = std::chrono::milliseconds(50);
  start(std::move(with));
  const Client silent(server_->address()), slow(server_->address());
  ASSERT_TRUE(slow.send("GET / HTTP/1.1\r\nHost: local"));
  EXPECT_EQ(silent.read(), "");
  EXPECT_EQ(slow.read(), "");
  EXPECT_NE(tcp(request("GET /")).find(" 200 "), std::string::npos);
}

TEST_F(HttpServerTest, AHundredConnectionsMoreThanItTakesHarmNobodyOnTheSocket) {
  start(options());
  std::vector<std::unique_ptr<Client>> clients;
  for (size_t number = 0; number < HttpServer::kConnections + 100; ++number)
    clients.push_back(std::make_unique<Client>(server_->address()));
  // The last one is over the limit: it is closed.
  EXPECT_EQ(clients.back()->read(), "");
  EXPECT_EQ(local("/still"), "200 /still|");
  clients.clear();
  // As soon as the server has seen that they are gone.
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(60);
  while (tcp(request("GET /")).find(" 200 ") == std::string::npos)
    ASSERT_LT(std::chrono::steady_clock::now(), deadline);
}

TEST_F(HttpServerTest, AnOrderThatTakesLongHoldsUpNoQuestion) {
  std::promise<void> go;
  auto with = handlers();
  with.post = [gone = go.get_future().share()](const HttpRequest&) {
    gone.wait();
    return HttpResponse{.body = "at last"};
  };
  auto started = HttpServer::start(options(false), std::move(with));
  ASSERT_TRUE(started.ok());
  server_ = *std::move(started);
  auto order = std::async(std::launch::async, [&] { return local("/slow", "POST"); });
  EXPECT_EQ(local("/quick"), "200 /quick|");
  go.set_value();
  EXPECT_EQ(order.get(), "200 at last");
}

TEST_F(HttpServerTest, EndsWithOpenConnections) {
  start(options());
  const Client silent(server_->address()), half(server_->address());
  ASSERT_TRUE(half.send("POST / HTTP/1.1\r\nContent-Length: 100\r\n"));
  EXPECT_EQ(local("/"), "200 /|");
  server_.reset();
  EXPECT_EQ(silent.read(), "");
}

}  // namespace
}  // namespace levada::agent
