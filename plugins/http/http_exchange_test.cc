// A request that is waited for bit by bit, with servers that answer well, late or not at all.
#include "http/http_exchange.h"

#include <gtest/gtest.h>

#include <future>

#include "http/test_server.h"

namespace levada {
namespace {

using namespace std::chrono_literals;

TEST(HttpExchangeTest, is_idle_until_the_answer_comes_and_keeps_the_connection) {
  std::promise<void> may_answer;
  auto permission = may_answer.get_future().share();
  TestServer server([permission](const auto& request) {
    permission.wait();
    return TestServer::answer(200, request.body);
  });
  HttpExchange exchange({});
  exchange.start({"POST", server.url() + "/a", {"x-one: 1"}}, "first");
  EXPECT_EQ(exchange.proceed(10ms).code(), Code::idle);
  EXPECT_TRUE(exchange.under_way());
  may_answer.set_value();
  auto response = exchange.proceed(60s);
  ASSERT_TRUE(response) << response.error().message;
  EXPECT_EQ(response->body, "first");
  EXPECT_FALSE(exchange.under_way());
  exchange.start({"PUT", server.url() + "/b"}, "");
  response = exchange.proceed(60s);
  ASSERT_TRUE(response) << response.error().message;
  EXPECT_EQ(response->status, 200);
  EXPECT_EQ(server.asked(), (std::vector<std::string>{"POST /a", "PUT /b"}));
  EXPECT_EQ(server.connections(), 1u);
}

TEST(HttpExchangeTest, keeps_of_the_answer_what_is_asked_for) {
  TestServer server([](const auto&) { return TestServer::answer(400, std::string(100'000, 'x')); });
  HttpExchange exchange({});
  HttpRequest request{"POST", server.url() + "/"};
  request.keep_bytes = 10;
  exchange.start(request, "body");
  const auto response = exchange.proceed(60s);
  ASSERT_TRUE(response) << response.error().message;
  EXPECT_EQ(response->status, 400);
  EXPECT_EQ(response->body, "xxxxxxxxxx");
}

TEST(HttpExchangeTest, no_answer_is_to_be_tried_again_and_names_the_host_alone) {
  TestServer server([](const auto&) { return std::string(); });
  HttpExchange exchange({});
  exchange.start({"POST", server.url() + "/?secret=1"}, "body");
  const auto response = exchange.proceed(60s);
  ASSERT_FALSE(response);
  EXPECT_EQ(response.code(), Code::retry);
  EXPECT_EQ(response.error().message.find("secret"), std::string::npos) << response.error().message;
  EXPECT_NE(response.error().message.find(server.host()), std::string::npos);
}

TEST(HttpExchangeTest, one_that_is_broken_off_is_gone) {
  std::promise<void> may_answer;
  auto permission = may_answer.get_future().share();
  TestServer server([permission](const auto& request) {
    if (request.target == "/slow") permission.wait();
    return TestServer::answer(200, request.target);
  });
  HttpExchange exchange({});
  exchange.start({"POST", server.url() + "/slow"}, "body");
  EXPECT_EQ(exchange.proceed(10ms).code(), Code::idle);
  may_answer.set_value();
  exchange.start({"POST", server.url() + "/next"}, "body");
  const auto response = exchange.proceed(60s);
  ASSERT_TRUE(response) << response.error().message;
  EXPECT_EQ(response->body, "/next");
}

}  // namespace
}  // namespace levada
