// The interceptor `host`, against what the system itself says about the machine.
#include "host.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include "levada/testkit/conformance.h"
#include "levada/testkit/fake_host.h"

namespace levada::host {
namespace {

using testkit::batch_of;
using testkit::FakeHost;
using testkit::texts;
using Texts = std::vector<std::string>;

std::unique_ptr<HostColumn> make(const HostColumn::Settings& settings, FakeHost& host) {
  auto made = HostColumn::create(settings, host.host());
  EXPECT_TRUE(made.ok()) << made.error().message;
  return *std::move(made);
}

std::string machine_name() {
  char name[256] = {};
  gethostname(name, sizeof name - 1);
  return name;
}

TEST(HostColumn, says_the_name_of_the_machine_in_each_row) {
  FakeHost host;
  auto interceptor = make({}, host);
  ASSERT_TRUE(interceptor->open().ok());
  auto batch = batch_of({"a", "b"});
  ASSERT_TRUE(interceptor->intercept(batch).ok());
  EXPECT_EQ(texts(batch, "host"), (Texts{machine_name(), machine_name()}));
}

TEST(HostColumn, says_an_address_that_is_not_loopback_where_asked_to) {
  FakeHost host;
  auto interceptor = make({.column = "ip", .use_ip = true}, host);
  const auto opened = interceptor->open();
  if (!opened) {
    // A machine that is cut off has no such address, which another try may change.
    EXPECT_EQ(opened.code(), Code::retry);
    return;
  }
  auto batch = batch_of({"a"});
  ASSERT_TRUE(interceptor->intercept(batch).ok());
  const auto address = texts(batch, "ip").at(0);
  in_addr ipv4;
  in6_addr ipv6;
  EXPECT_TRUE(inet_pton(AF_INET, address.c_str(), &ipv4) == 1 || inet_pton(AF_INET6, address.c_str(), &ipv6) == 1)
      << address;
  EXPECT_FALSE(address.starts_with("127.") || address == "::1") << address;
}

TEST(HostColumn, leaves_values_that_are_there_unless_told_otherwise) {
  FakeHost host;
  for (const bool overwrite : {false, true}) {
    auto interceptor = make({.overwrite = overwrite}, host);
    ASSERT_TRUE(interceptor->open().ok());
    auto batch = batch_of({"a", "b"});
    batch.set(testkit::text_column("host", {"web1", {}}));
    ASSERT_TRUE(interceptor->intercept(batch).ok());
    EXPECT_EQ(texts(batch, "host"), (Texts{overwrite ? machine_name() : "web1", machine_name()}));
  }
}

TEST(HostColumn, refuses_a_column_without_a_name) {
  FakeHost host;
  EXPECT_EQ(HostColumn::create({.column = ""}, host.host()).error().option, "column");
}

LEVADA_CONFORMANCE(host, [] {
  auto tested = testkit::subject("host");
  tested.bodies = {"a", "", "a body that is longer than twelve bytes"};
  tested.refused = {{"column = \"\"", "column"}};
  return tested;
});

}  // namespace
}  // namespace levada::host
