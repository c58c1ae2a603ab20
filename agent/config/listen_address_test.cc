#include "levada/listen_address.h"

#include <gtest/gtest.h>

namespace levada::agent {
namespace {

TEST(ListenAddress, TellsAddressesOfThisMachineFromOthers) {
  for (const auto* text : {"127.0.0.1:9464", "127.8.8.8:1", "[::1]:9464", "localhost:65535"}) {
    const auto parsed = ListenAddress::parse(text);
    ASSERT_TRUE(parsed.ok()) << text;
    EXPECT_TRUE(parsed->is_loopback) << text;
  }
  for (const auto* text : {"0.0.0.0:9464", "192.168.1.1:9464", "[::]:9464", "128.0.0.1:1"}) {
    const auto parsed = ListenAddress::parse(text);
    ASSERT_TRUE(parsed.ok()) << text;
    EXPECT_FALSE(parsed->is_loopback) << text;
  }
}

TEST(ListenAddress, GivesBackWhatAClientWrites) {
  EXPECT_EQ(ListenAddress::parse("localhost:80")->text(), "127.0.0.1:80");
  EXPECT_EQ(ListenAddress::parse("[::1]:0")->text(), "[::1]:0");
}

TEST(ListenAddress, RefusesWhatIsNone) {
  for (const auto* text : {"", ":", "9464", "127.0.0.1", "127.0.0.1:", ":9464", "127.0.0.1:65536", "127.0.0.1:-1",
                           "127.0.0.1:9464x", "::1:9464", "[::1]", "[]:1", "example.org:80", "127.0.0.1 :80"})
    EXPECT_FALSE(ListenAddress::parse(text).ok()) << text;
}

}  // namespace
}  // namespace levada::agent
