// The interceptor parse_hosts: rows of names, and what is rejected.
#include "parse_hosts.h"

#include <gtest/gtest.h>

#include "levada/testkit/batches.h"
#include "levada/testkit/conformance.h"
#include "levada/testkit/fake_host.h"

namespace levada::parse_hosts {
namespace {

using testkit::batch_of;
using testkit::text_column;
using testkit::texts;
using Texts = std::vector<std::string>;

class ParseHostsTest : public testing::Test {
 protected:
  Batch parsed(Batch batch, ParseHosts::Settings settings = {}) {
    auto made = ParseHosts::create(std::move(settings), host_.host());
    EXPECT_TRUE(made) << made.error().message;
    EXPECT_TRUE((*made)->intercept(batch));
    for (const auto& each : batch.rejections())
      rejected_.push_back(std::to_string(each.row) + " " + each.reason.substr(0, each.reason.find(':')) + " " +
                          each.body);
    return batch;
  }

  testkit::FakeHost host_;
  Texts rejected_;
};

TEST_F(ParseHostsTest, each_name_is_a_row_with_its_address_and_what_its_line_has) {
  auto batch = batch_of({"# list", "0.0.0.0 A.com b.com localhost", "", "::1 ip6-localhost", "1.2.3.4 c.com"});
  batch.set(text_column("file", {"f0", "f1", "f2", "f3", "f4"}));
  batch = parsed(std::move(batch));
  EXPECT_EQ(texts(batch, "domain"), (Texts{"a.com", "b.com", "c.com"}));
  EXPECT_EQ(texts(batch, "ip"), (Texts{"0.0.0.0", "0.0.0.0", "1.2.3.4"}));
  EXPECT_EQ(texts(batch, "file"), (Texts{"f1", "f1", "f4"}));
  EXPECT_EQ(rejected_, Texts());
  EXPECT_EQ(host_.count("names_local"), 2);
}

TEST_F(ParseHostsTest, what_is_no_name_is_rejected_alone) {
  const auto batch = parsed(batch_of({"0.0.0.0 a.com bad-.com 10.0.0.1", "x a.com", "0.0.0.0 nodot"}));
  EXPECT_EQ(texts(batch, "domain"), Texts{"a.com"});
  EXPECT_EQ(rejected_, (Texts{"0 bad_name bad-.com", "0 ip_literal 10.0.0.1", "1 bad_ip ", "2 single_label "}));
}

TEST_F(ParseHostsTest, lists_without_addresses_have_none) {
  auto batch = parsed(batch_of({"||a.com^"}), {.format = Format::adblock, .name_column = "name"});
  EXPECT_EQ(texts(batch, "name"), Texts{"a.com"});
  EXPECT_EQ(texts(batch, "ip"), Texts{"<null>"});
  batch = parsed(batch_of({"a.com"}), {.format = Format::domains, .ip_column = ""});
  EXPECT_EQ(texts(batch, "ip"), Texts{"<missing>"});
}

TEST_F(ParseHostsTest, a_column_says_what_each_line_is) {
  auto batch = batch_of({"0.0.0.0 a.com", "b.com", "b.com", "||c.com^"});
  batch.set(text_column("format", {"hosts", "hosts", "domains", "txt"}));
  batch = parsed(std::move(batch), {.format = Format::automatic, .format_column = "format"});
  EXPECT_EQ(texts(batch, "domain"), (Texts{"a.com", "b.com", "c.com"}));
  EXPECT_EQ(texts(batch, "format"), (Texts{"hosts", "domains", "txt"}));
  EXPECT_EQ(rejected_, Texts{"1 bad_ip "});
}

TEST_F(ParseHostsTest, names_of_another_column_keep_what_stands_beside_them) {
  auto batch = batch_of({"1,http://a.com/x", "2,", "3,b com"});
  batch.set(text_column("host", {"http://User@A.com:80/x", "", "b com"}));
  batch.set(text_column("ip", {"1.1.1.1", "2.2.2.2", "3.3.3.3"}));
  const auto urls = parsed(batch, {.format = Format::urls, .column = "host", .ip_column = ""});
  EXPECT_EQ(texts(urls, "domain"), Texts{"a.com"});
  EXPECT_EQ(texts(urls, "ip"), Texts{"1.1.1.1"});
  EXPECT_EQ(rejected_, Texts{"2 single_label "});
  rejected_.clear();
  parsed(batch, {.format = Format::names, .column = "host", .ip_column = ""});
  EXPECT_EQ(rejected_, (Texts{"0 ip_literal ", "1 empty ", "2 single_label "}));
}

TEST_F(ParseHostsTest, refuses_columns_without_names) {
  EXPECT_EQ(ParseHosts::create({.name_column = ""}, host_.host()).error().option, "name_column");
  EXPECT_EQ(ParseHosts::create({.ip_column = "domain"}, host_.host()).error().option, "ip_column");
  EXPECT_EQ(ParseHosts::create({.column = ""}, host_.host()).error().option, "column");
}

LEVADA_CONFORMANCE(parse_hosts, [] {
  auto tested = testkit::subject("parse_hosts", "format = \"hosts\"");
  tested.bodies = {"0.0.0.0 a.com", "# x", "1.1.1.1 b.com c.com bad-.com", "x", "::1 localhost"};
  return tested;
});

}  // namespace
}  // namespace levada::parse_hosts
