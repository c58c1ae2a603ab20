// How many requests a client may make.
#include "http_server/rate_limit.h"

#include <gtest/gtest.h>

namespace levada::http_server {
namespace {

using namespace std::chrono_literals;

TEST(RateLimit, gives_each_client_a_second_s_worth_at_once_and_the_rest_by_time) {
  RateLimit limit(2);
  EXPECT_TRUE(limit.take("a", 0s));
  EXPECT_TRUE(limit.take("a", 0s));
  EXPECT_FALSE(limit.take("a", 0s));
  EXPECT_TRUE(limit.take("b", 0s));
  EXPECT_FALSE(limit.take("a", 400ms));
  EXPECT_TRUE(limit.take("a", 500ms));
  EXPECT_FALSE(limit.take("a", 500ms));
  EXPECT_TRUE(limit.take("a", 1h));
  EXPECT_TRUE(limit.take("a", 1h));
  EXPECT_FALSE(limit.take("a", 1h));
}

TEST(RateLimit, is_none_at_0_and_lets_rare_requests_through) {
  RateLimit none(0), rare(0.5);
  for (int request = 0; request < 1000; ++request) EXPECT_TRUE(none.take("a", 0s));
  EXPECT_TRUE(rare.take("a", 0s));
  EXPECT_FALSE(rare.take("a", 1s));
  EXPECT_TRUE(rare.take("a", 2s));
}

TEST(RateLimit, holds_so_many_clients_and_no_more) {
  RateLimit limit(1);
  for (size_t client = 0; client < RateLimit::kClients; ++client) EXPECT_TRUE(limit.take(std::to_string(client), 0s));
  // The rest share a bucket until others are full again.
  EXPECT_TRUE(limit.take("new", 0s));
  EXPECT_FALSE(limit.take("newer", 0s));
  EXPECT_FALSE(limit.take("0", 0s));
  EXPECT_TRUE(limit.take("new", 10s));
  EXPECT_TRUE(limit.take("newer", 10s));
}

}  // namespace
}  // namespace levada::http_server
