// What comes back from servers that answer well, late, half or not at all.
#include "http/http_client.h"

#include <gtest/gtest.h>

#include <cctype>

#include "http/test_server.h"

namespace levada {
namespace {

using namespace std::chrono_literals;

TEST(HttpClientTest, sends_a_request_and_gives_the_answer) {
  TestServer server([](const auto&) { return TestServer::answer(200, "text", "ETag: \"x\"\r\nX-Amz-Thing:  y \r\n"); });
  HttpClient client({});
  const auto response = client.send({"PUT", server.url() + "/a%20b?c=d", {"x-one: 1"}, "body"});
  ASSERT_TRUE(response) << response.error().message;
  EXPECT_EQ(response->status, 200);
  EXPECT_EQ(response->body, "text");
  EXPECT_EQ(response->header("etag") + response->header("x-amz-thing") + response->header("none"), "\"x\"y");
  const auto request = server.requests().at(0);
  EXPECT_EQ(request.method + " " + request.target + " " + request.body, "PUT /a%20b?c=d body");
  EXPECT_NE(request.head.find("\r\nx-one: 1\r\n"), std::string::npos);
}

TEST(HttpClientTest, an_error_of_the_server_and_a_redirect_are_answers) {
  TestServer server([](const auto& request) {
    return TestServer::answer(request.target == "/moved" ? 307 : 503, "busy", "Location: http://elsewhere/\r\n");
  });
  HttpClient client({});
  EXPECT_EQ(client.send({"GET", server.url() + "/"})->status, 503);
  const auto moved = client.send({"PUT", server.url() + "/moved"});
  EXPECT_EQ(moved->status, 307);
  EXPECT_EQ(moved->header("location"), "http://elsewhere/");
  EXPECT_EQ(server.asked().size(), 2u);
}

TEST(HttpClientTest, what_stands_behind_the_status_is_its_reason) {
  std::string head;
  TestServer server([&](const auto&) { return head + "\r\nContent-Length: 0\r\n\r\n"; });
  HttpClient client({});
  const std::pair<const char*, const char*> cases[] = {
      {"HTTP/1.1 403 GSSException: no (really: no)", "GSSException: no (really: no)"},
      {"HTTP/1.1 403 ", ""},
      {"HTTP/1.1 403", ""}};
  for (const auto& [line, reason] : cases) {
    head = line;
    const auto response = client.send({"GET", server.url() + "/"});
    ASSERT_TRUE(response) << response.error().message;
    EXPECT_EQ(response->status, 403);
    EXPECT_EQ(response->reason, reason);
    EXPECT_EQ(response->login_failure, "");
  }
}

TEST(HttpClientTest, no_answer_or_half_of_one_is_to_be_tried_again) {
  TestServer server([](const auto& request) -> std::string {
    if (request.target == "/none") return {};
    return "HTTP/1.1 200 OK\r\nContent-Length: 100\r\nConnection: close\r\n\r\nhalf";
  });
  HttpSettings settings;
  settings.stall_timeout = 1s;
  HttpClient client(settings);
  for (const auto* path : {"/none?secret=1", "/half?secret=1"}) {
    const auto response = client.send({"GET", server.url() + path});
    ASSERT_FALSE(response) << path;
    EXPECT_EQ(response.code(), Code::retry);
    EXPECT_EQ(response.error().message.find("secret"), std::string::npos) << response.error().message;
    EXPECT_NE(response.error().message.find(server.host()), std::string::npos);
  }
  EXPECT_FALSE(client.send({"GET", "http://127.0.0.1:1/"}));
  EXPECT_FALSE(client.send({"GET", "file:///etc/passwd"}));
}

TEST(HttpClientTest, a_body_goes_where_it_is_wanted_and_no_further) {
  TestServer server(
      [](const auto& request) { return TestServer::answer(request.target == "/error" ? 404 : 206, "0123456789"); });
  HttpClient client({});
  std::string room(10, '-');
  HttpRequest request{"GET", server.url() + "/", {}, {}, room.data(), room.size()};
  auto response = client.send(request);
  ASSERT_TRUE(response);
  EXPECT_EQ(room, "0123456789");
  EXPECT_EQ(response->bytes_into, 10u);
  EXPECT_EQ(response->body, "");
  request.into_bytes = 9;
  EXPECT_FALSE(client.send(request));
  request.url = server.url() + "/error";
  response = client.send(request);
  ASSERT_TRUE(response);
  EXPECT_EQ(response->body, "0123456789");
}

TEST(HttpClientTest, an_upload_sends_what_is_written_and_nothing_else) {
  TestServer server([](const auto&) { return TestServer::answer(201, "made"); });
  HttpUpload upload({}, {"PUT", server.url() + "/file"});
  std::string all;
  for (const auto bytes : {0, 1, 100'000, 3, 5'000'000, 70'000}) {
    const std::string part(static_cast<size_t>(bytes), static_cast<char>('a' + all.size() % 26));
    const Done written = upload.write(part);
    ASSERT_TRUE(written) << written.error().message;
    all += part;
  }
  const auto response = upload.finish();
  ASSERT_TRUE(response) << response.error().message;
  EXPECT_EQ(response->status, 201);
  EXPECT_EQ(response->body, "made");
  EXPECT_TRUE(server.requests().at(0).body == all);
  EXPECT_NE(server.requests().at(0).head.find("Transfer-Encoding: chunked"), std::string::npos);
}

// An upload with a login would first be sent without its body, which a DataNode takes for an
// empty file.
TEST(HttpClientTest, an_upload_that_logs_in_otherwise_is_one_request) {
  TestServer server([](const auto&) { return TestServer::answer(201); });
  HttpSettings settings;
  settings.negotiate = http_can_negotiate();
  HttpRequest request{"PUT", server.url() + "/file"};
  request.may_negotiate = false;
  HttpUpload upload(settings, request);
  ASSERT_TRUE(upload.write("text"));
  ASSERT_TRUE(upload.finish());
  ASSERT_EQ(server.requests().size(), 1u);
  EXPECT_EQ(server.requests()[0].body, "text");
}

TEST(HttpClientTest, without_a_ticket_a_server_that_wants_one_says_no) {
  if (!http_can_negotiate()) GTEST_SKIP() << "SKIP: this libcurl has no SPNEGO";
  TestServer server([](const auto&) { return TestServer::answer(401, "", "WWW-Authenticate: Negotiate\r\n"); });
  HttpSettings settings;
  settings.negotiate = true;
  HttpClient client(settings);
  const auto response = client.send({"GET", server.url() + "/"});
  ASSERT_TRUE(response) << response.error().message;
  EXPECT_EQ(response->status, 401);
  EXPECT_NE(response->login_failure, "");
  EXPECT_TRUE(std::isalnum(response->login_failure.back())) << response->login_failure;
}

TEST(HttpClientTest, who_has_logged_in_shows_the_cookie_and_logs_in_no_more) {
  TestServer server([](const auto& request) {
    const bool is_known = request.head.find("Cookie: hadoop.auth=alice") != std::string::npos;
    return TestServer::answer(200, "", is_known ? "" : "Set-Cookie: hadoop.auth=alice; Path=/; HttpOnly\r\n");
  });
  HttpSettings settings;
  settings.negotiate = http_can_negotiate();
  HttpClient client(settings);
  for (int request = 0; request < 3; ++request) ASSERT_TRUE(client.send({"GET", server.url() + "/"}));
  ASSERT_EQ(server.requests().size(), 3u);
  for (const auto& request : server.requests()) EXPECT_EQ(request.head.find("Authorization"), std::string::npos);
  const std::string second = server.requests()[1].head;
  EXPECT_EQ(second.find("Cookie: hadoop.auth=alice") != std::string::npos, settings.negotiate) << second;
}

TEST(HttpClientTest, an_upload_that_is_given_up_ends_no_request) {
  TestServer server([](const auto&) { return TestServer::answer(201); });
  {
    HttpUpload upload({}, {"PUT", server.url() + "/file"});
    ASSERT_TRUE(upload.write("half of it"));
  }
  HttpClient client({});
  ASSERT_TRUE(client.send({"GET", server.url() + "/"}));
  EXPECT_EQ(server.asked(), std::vector<std::string>{"GET /"});
}

TEST(HttpClientTest, an_upload_to_nobody_fails_with_the_first_write) {
  HttpUpload upload({}, {"PUT", "http://127.0.0.1:1/file"});
  const Done written = upload.write("text");
  ASSERT_FALSE(written);
  EXPECT_EQ(written.code(), Code::retry);
  EXPECT_FALSE(upload.write("more"));
  EXPECT_FALSE(upload.finish());
}

TEST(HttpClientTest, a_client_serves_several_threads) {
  TestServer server([](const auto& request) { return TestServer::answer(200, request.target); });
  HttpClient client({});
  std::vector<std::thread> threads;
  std::atomic<int> right = 0;
  for (int thread = 0; thread < 4; ++thread)
    threads.emplace_back([&, thread] {
      for (int at = 0; at < 50; ++at) {
        const auto target = "/" + std::to_string(thread) + "/" + std::to_string(at);
        const auto response = client.send({"GET", server.url() + target});
        if (response && response->body == target) ++right;
      }
    });
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(right, 200);
}

}  // namespace
}  // namespace levada
