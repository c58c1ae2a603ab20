// What becomes of calls whose answers are lost, late, or come twice. The rest is in
// servers_test.cc.
#include "lake/stores/s3_store.h"

#include <gtest/gtest.h>

#include "http/test_server.h"
#include "levada/testkit/fake_host.h"

namespace levada::lake {
namespace {

using Strings = std::vector<std::string>;

// One object store of the test: files, with the number of the write that made each.
class Bucket {
 public:
  std::string handle(const TestServer::Request& request) {
    const auto& key = request.target;
    if (request.method == "DELETE") {
      objects_.erase(key);
      return TestServer::answer(204);
    }
    const auto found = objects_.find(key);
    if (request.method == "HEAD") {
      if (found == objects_.end()) return "HTTP/1.1 404 X\r\nContent-Length: 0\r\n\r\n";
      return "HTTP/1.1 200 OK\r\nETag: \"e\"\r\nx-amz-meta-levada-write: " + found->second +
             "\r\nContent-Length: 5\r\n\r\n";
    }
    if (found != objects_.end() && request.head.find("if-none-match: *") != std::string::npos)
      return TestServer::answer(412, "<Error><Code>PreconditionFailed</Code><Message>m</Message></Error>");
    const auto copied = header(request, "x-amz-copy-source");
    objects_[key] = copied.empty() ? header(request, "x-amz-meta-levada-write") : objects_[copied];
    return TestServer::answer(200, copied.empty() ? "" : "<CopyObjectResult/>");
  }
  static std::string header(const TestServer::Request& request, const std::string& name) {
    const auto at = request.head.find("\r\n" + name + ": ");
    if (at == std::string::npos) return {};
    const auto start = at + name.size() + 4;
    return request.head.substr(start, request.head.find("\r\n", start) - start);
  }
  std::map<std::string, std::string> objects_;
};

class S3StoreTest : public testing::Test {
 protected:
  S3Settings settings() {
    S3Settings settings;
    settings.bucket = "lake";
    settings.endpoint = server_.url();
    settings.credentials = {"key", "secret", {}};
    settings.repeats.pause = [this](auto) { ++pauses_; };
    return settings;
  }
  std::unique_ptr<FileStore> store(S3Settings settings) {
    return std::make_unique<S3Store>(host_.host(), std::move(settings));
  }
  std::string put(FileStore& store) {
    auto made = store.put_if_absent("file", "bytes");
    if (!made) return made.error().message;
    return *made ? "made" : "taken";
  }

  testkit::FakeHost host_;
  Bucket bucket_;
  // What becomes of the next requests; then each is answered.
  std::vector<std::function<std::string(const TestServer::Request&)>> next_;
  TestServer server_{[this](const TestServer::Request& request) {
    if (next_.empty()) return bucket_.handle(request);
    const auto answer = next_.front();
    next_.erase(next_.begin());
    return answer(request);
  }};
  int pauses_ = 0;
  std::function<std::string(const TestServer::Request&)> lost_ = [this](const auto& request) {
    bucket_.handle(request);
    return std::string();
  };
};

TEST_F(S3StoreTest, a_put_whose_answer_was_lost_knows_its_file_again) {
  next_ = {lost_};
  const auto opened = store(settings());
  EXPECT_EQ(put(*opened), "made");
  EXPECT_EQ(pauses_, 1);
  EXPECT_EQ(put(*opened), "taken");
}

TEST_F(S3StoreTest, a_put_that_arrives_twice_knows_its_file_again) {
  next_ = {[this](const auto& request) {
    bucket_.handle(request);
    return bucket_.handle(request);
  }};
  EXPECT_EQ(put(*store(settings())), "made");
}

TEST_F(S3StoreTest, a_put_whose_answer_was_lost_does_not_take_the_file_of_another_for_its_own) {
  next_ = {[this](const auto&) {
    bucket_.objects_["/lake/file"] = "another";
    return std::string();
  }};
  EXPECT_EQ(put(*store(settings())), "taken");
}

TEST_F(S3StoreTest, two_puts_that_meet_are_tried_again) {
  next_ = {[](const auto&) {
    return TestServer::answer(409, "<Error><Code>ConditionalRequestConflict</Code><Message>m</Message></Error>");
  }};
  EXPECT_EQ(put(*store(settings())), "made");
}

TEST_F(S3StoreTest, a_server_that_stays_away_is_for_the_host_to_try_again) {
  next_.assign(6, [](const auto&) {
    return TestServer::answer(503, "<Error><Code>SlowDown</Code><Message>less, please</Message></Error>");
  });
  EXPECT_EQ(put(*store(settings())), "PUT file: SlowDown: less, please");
  EXPECT_EQ(pauses_, 5);
}

TEST_F(S3StoreTest, what_will_not_change_by_itself_is_said_at_once) {
  next_ = {[](const auto&) {
    return TestServer::answer(403, "<Error><Code>AccessDenied</Code><Message>no</Message></Error>");
  }};
  const auto made = store(settings())->put_if_absent("file", "bytes");
  ASSERT_FALSE(made);
  EXPECT_EQ(made.code(), Code::retry);
  EXPECT_EQ(made.error().message, "PUT file: AccessDenied: no");
  EXPECT_EQ(pauses_, 0);
}

TEST_F(S3StoreTest, an_error_in_an_answer_that_begins_well_is_one) {
  bucket_.objects_["/lake/from"] = "id";
  next_ = {[this](const auto& request) { return bucket_.handle(request); },
           [this](const auto& request) { return bucket_.handle(request); },
           [](const auto&) {
             return TestServer::answer(200, "<Error><Code>InternalError</Code><Message>m</Message></Error>");
           }};
  const auto renamed = store(settings())->rename("from", "to");
  ASSERT_TRUE(renamed);
  EXPECT_TRUE(*renamed);
  EXPECT_EQ(pauses_, 1);
  EXPECT_EQ(bucket_.objects_, (std::map<std::string, std::string>{{"/lake/to", "id"}}));
}

TEST_F(S3StoreTest, a_rename_that_got_half_way_is_completed) {
  bucket_.objects_ = {{"/lake/from", "id"}, {"/lake/to", "id"}};
  EXPECT_TRUE(*store(settings())->rename("from", "to"));
  EXPECT_EQ(bucket_.objects_, (std::map<std::string, std::string>{{"/lake/to", "id"}}));
  // What another program wrote has no number: two such files are never taken for one.
  bucket_.objects_ = {{"/lake/from", ""}, {"/lake/to", ""}};
  EXPECT_FALSE(*store(settings())->rename("from", "to"));
  EXPECT_EQ(bucket_.objects_.size(), 2u);
}

TEST_F(S3StoreTest, a_bucket_of_another_region_is_signed_for_that_one) {
  next_ = {[](const auto&) {
    return TestServer::answer(400, "<Error><Code>AuthorizationHeaderMalformed</Code><Message>m</Message></Error>",
                              "x-amz-bucket-region: eu-north-1\r\n");
  }};
  EXPECT_EQ(put(*store(settings())), "made");
  EXPECT_NE(server_.requests().back().head.find("/eu-north-1/s3/aws4_request"), std::string::npos);
}

TEST_F(S3StoreTest, the_bucket_stands_in_the_path_or_in_the_host) {
  put(*store(settings()));
  EXPECT_EQ(server_.requests().back().target, "/lake/file");
  auto in_host = settings();
  in_host.path_style = false;
  in_host.bucket = "127.0.0";
  in_host.endpoint = "http://1:" + server_.host().substr(server_.host().find(':') + 1);
  in_host.root = "below/here";
  put(*store(in_host));
  EXPECT_EQ(server_.requests().back().target, "/below/here/file");
}

TEST_F(S3StoreTest, parts_of_a_file_that_is_given_up_are_removed) {
  next_ = {[](const auto&) { return TestServer::answer(200, "<R><UploadId>u</UploadId></R>"); },
           [](const auto&) { return TestServer::answer(200, "", "ETag: \"1\"\r\n"); }};
  {
    auto few = settings();
    few.part_bytes = 10;
    const auto opened = store(few);
    auto file = opened->create("file");
    ASSERT_TRUE((*file)->write("0123456789abc"));
  }
  EXPECT_EQ(server_.asked(), (Strings{"POST /lake/file?uploads=", "PUT /lake/file?partNumber=1&uploadId=u",
                                      "DELETE /lake/file?uploadId=u"}));
}

TEST_F(S3StoreTest, a_part_that_failed_is_sent_with_the_next_call) {
  auto few = settings();
  few.part_bytes = 10;
  few.repeats.most = 1;
  const auto opened = store(few);
  auto file = opened->create("file");
  next_ = {[](const auto&) { return TestServer::answer(200, "<R><UploadId>u</UploadId></R>"); },
           [](const auto&) { return std::string(); }};
  EXPECT_FALSE((*file)->write("0123456789"));
  next_ = {[](const auto&) { return TestServer::answer(200, "", "ETag: \"1\"\r\n"); },
           [](const auto&) { return TestServer::answer(200, "<CompleteMultipartUploadResult/>"); }};
  const Done finished = (*file)->finish();
  ASSERT_TRUE(finished) << finished.error().message;
  EXPECT_EQ(server_.requests()[2].body, "0123456789");
}

TEST_F(S3StoreTest, settings_that_contradict_each_other_are_refused) {
  const auto fault = [&](const std::function<void(S3Settings&)>& change) {
    auto changed = settings();
    change(changed);
    auto made = S3Store::make(host_.host(), std::move(changed));
    return made ? "none" : made.error().option + " " + made.error().message;
  };
  EXPECT_EQ(fault([](auto&) {}), "none");
  EXPECT_EQ(fault([](auto& s) { s.credentials.secret_key = ""; }), "secret_key must be set: the other one is");
  EXPECT_EQ(fault([](auto& s) { s.credentials.access_key = ""; }), "access_key must be set: the other one is");
  EXPECT_EQ(fault([](auto& s) { s.credentials = {"", "", "t"}; }),
            "session_token has no effect without access_key and secret_key");
  EXPECT_EQ(fault([](auto& s) { s.profile = "p"; }), "profile has no effect beside access_key");
  EXPECT_EQ(fault([](auto& s) { s.endpoint = "host:1"; }), "endpoint begins with neither http:// nor https://");
}

}  // namespace
}  // namespace levada::lake
