// Addresses and options of users.
#include "lake/stores/remote_stores.h"

#include <gtest/gtest.h>

#include "kafka/table.h"
#include "lake/stores/file_stores.h"
#include "levada/testkit/fake_host.h"

namespace levada::lake {
namespace {

class RemoteStoresTest : public testing::Test {
 protected:
  std::string open(const std::string& address) {
    auto store = open_file_store(address, host_.host(), options_.tree());
    if (store) return (*store)->name();
    return store.error().option + ": " + store.error().message;
  }
  testkit::FakeHost host_;
  Table options_;
};

TEST_F(RemoteStoresTest, an_address_says_which_store_it_is) {
  EXPECT_EQ(open("s3://bucket/views/"), "s3://bucket/views");
  EXPECT_EQ(open("s3://bucket"), "s3://bucket");
  EXPECT_EQ(open("webhdfs://one:9870,two:9870/views"), "webhdfs://one:9870,two:9870/views");
  EXPECT_EQ(open("swebhdfs://one:9871"), "swebhdfs://one:9871");
  EXPECT_EQ(open("/views"), "/views");
}

TEST_F(RemoteStoresTest, an_address_of_nothing_says_what_there_is) {
  EXPECT_EQ(open("hdfs://one:8020/x"),
            "path: HDFS is reached by its web interface: write webhdfs://NAMENODE:9870/... (swebhdfs:// with TLS)");
  EXPECT_EQ(open("gs://bucket"),
            "path: \"gs\" is no kind of store: there are folders, s3://, webhdfs:// and swebhdfs://");
  EXPECT_EQ(open("s3://bucket/../x"), "path: the path in \"s3://bucket/../x\" has an empty part, \".\" or \"..\"");
  EXPECT_EQ(open("webhdfs://,/x"), "path: names no NameNode; write \"webhdfs://host:9870/folder\"");
}

TEST_F(RemoteStoresTest, options_are_those_of_the_kind_of_store) {
  options_.add("user", std::string("alice"));
  EXPECT_EQ(open("webhdfs://one:9870"), "webhdfs://one:9870");
  EXPECT_EQ(open("s3://bucket"),
            "storage.user: is unknown for s3://, which has endpoint, region, path_style, access_key, secret_key, "
            "session_token, profile, ca_file");
}

TEST_F(RemoteStoresTest, an_option_has_a_type) {
  options_.add("path_style", std::string("yes"));
  EXPECT_EQ(open("s3://bucket"), "storage.path_style: is true or false");
  options_ = Table();
  options_.add("region", int64_t{1});
  EXPECT_EQ(open("s3://bucket"), "storage.region: is a text");
}

TEST_F(RemoteStoresTest, what_is_wrong_with_an_option_is_said_of_it) {
  options_.add("access_key", std::string("key"));
  EXPECT_EQ(open("s3://bucket"), "storage.secret_key: must be set: the other one is");
}

}  // namespace
}  // namespace levada::lake
