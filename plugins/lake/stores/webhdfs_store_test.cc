// What becomes of calls that NameNodes and DataNodes do not answer, or that they refuse. The rest
// is in servers_test.cc.
#include "lake/stores/webhdfs_store.h"

#include <gtest/gtest.h>

#include "http/test_server.h"
#include "levada/testkit/fake_host.h"

namespace levada::lake {
namespace {

using Strings = std::vector<std::string>;

std::string exception(const std::string& name, const std::string& message, int status = 403) {
  return TestServer::answer(status,
                            R"({"RemoteException":{"exception":")" + name + R"(","message":")" + message + R"("}})");
}
std::string missing() { return exception("FileNotFoundException", "none", 404); }
std::string status_of_folder() {
  return TestServer::answer(200, R"({"FileStatus":{"type":"DIRECTORY","length":0,"fileId":7}})");
}
std::string status_of_file(int id) {
  return TestServer::answer(200, R"({"FileStatus":{"type":"FILE","length":5,"fileId":)" + std::to_string(id) + "}}");
}
std::string operation(const TestServer::Request& request) {
  const auto start = request.target.find("op=") + 3;
  return request.target.substr(start, request.target.find('&', start) - start);
}
bool has(const TestServer::Request& request, const std::string& part) {
  return request.target.find(part) != std::string::npos;
}

class WebHdfsStoreTest : public testing::Test {
 protected:
  WebHdfsSettings settings() {
    WebHdfsSettings settings;
    settings.name_nodes = {server_.host()};
    settings.root = "/lake";
    settings.user = "alice";
    settings.repeats.pause = [this](auto) { ++pauses_; };
    return settings;
  }
  std::unique_ptr<FileStore> store() { return store(settings()); }
  std::unique_ptr<FileStore> store(WebHdfsSettings settings) {
    return std::make_unique<WebHdfsStore>(host_.host(), std::move(settings));
  }
  std::string put(FileStore& store) {
    auto made = store.put_if_absent("file", "bytes");
    if (!made) return made.error().message;
    return *made ? "made" : "taken";
  }
  // A NameNode and a DataNode in one, that do as they are asked.
  std::string serve(const TestServer::Request& request) {
    const auto what = operation(request);
    if (what == "GETFILESTATUS")
      return request.target.starts_with("/webhdfs/v1/lake?") ? status_of_folder() : missing();
    if (what == "CREATE" && !has(request, "datanode=")) return redirect(request);
    if (what == "CREATE") return TestServer::answer(201);
    return TestServer::answer(200);
  }
  std::string redirect(const TestServer::Request& request) {
    return TestServer::answer(307, "", "Location: " + server_.url() + request.target + "&datanode=1\r\n");
  }

  testkit::FakeHost host_;
  std::function<std::string(const TestServer::Request&)> answer_ = [this](const auto& request) {
    return serve(request);
  };
  TestServer server_{[this](const auto& request) { return answer_(request); }};
  int pauses_ = 0;
};

TEST_F(WebHdfsStoreTest, a_rename_whose_answer_was_lost_has_won_if_its_file_is_gone) {
  bool is_renamed = false;
  answer_ = [&](const auto& request) -> std::string {
    if (operation(request) == "GETFILESTATUS" && has(request, ".tmp"))
      return is_renamed ? missing() : status_of_file(1);
    if (operation(request) != "RENAME") return serve(request);
    if (std::exchange(is_renamed, true)) return missing();
    return {};
  };
  EXPECT_EQ(put(*store()), "made");
}

TEST_F(WebHdfsStoreTest, a_rename_that_arrives_twice_has_won_if_its_file_is_gone) {
  answer_ = [&](const auto& request) {
    return operation(request) == "RENAME" ? exception("FileAlreadyExistsException", "there") : serve(request);
  };
  EXPECT_EQ(put(*store()), "made");
}

TEST_F(WebHdfsStoreTest, files_that_were_put_together_are_known_by_the_length_of_the_first) {
  const std::vector<StoredFile> files = {{"a", 5}, {"b", 7}, {"c", 1}};
  int bytes = 5;
  answer_ = [&](const auto& request) -> std::string {
    if (operation(request) == "GETFILESTATUS")
      return TestServer::answer(200, R"({"FileStatus":{"type":"FILE","length":)" + std::to_string(bytes) + "}}");
    bytes = 13;
    return {};  // The answer is lost.
  };
  const auto store = this->store();
  EXPECT_EQ(store->concatenate(files).code(), Code::retry);
  EXPECT_TRUE(has(server_.requests().back(), "&sources=%2Flake%2Fb,%2Flake%2Fc")) << server_.asked().back();
  auto done = store->concatenate(files);
  ASSERT_TRUE(done);
  EXPECT_TRUE(*done);
  bytes = 12;
  answer_ = [&](const auto& request) -> std::string {
    if (operation(request) != "GETFILESTATUS") return exception("FileNotFoundException", "c is not there", 404);
    return TestServer::answer(200, R"({"FileStatus":{"type":"FILE","length":)" + std::to_string(bytes) + "}}");
  };
  EXPECT_EQ(store->concatenate(files).code(), Code::retry);
  EXPECT_TRUE(has(server_.requests().back(), "&sources=%2Flake%2Fc"));
  for (const int wrong : {0, 4, 6, 14}) {
    bytes = wrong;
    EXPECT_EQ(store->concatenate(files).code(), Code::retry) << wrong;
    EXPECT_EQ(operation(server_.requests().back()), "GETFILESTATUS");
  }
}

TEST_F(WebHdfsStoreTest, where_the_server_puts_no_files_together_nothing_is_done) {
  const std::vector<StoredFile> files = {{"a", 5}, {"b", 7}};
  for (const auto* refusal : {"HadoopIllegalArgumentException", "UnsupportedOperationException"}) {
    answer_ = [&](const auto& request) {
      return operation(request) == "GETFILESTATUS" ? status_of_file(1) : exception(refusal, "no");
    };
    auto done = store()->concatenate(files);
    ASSERT_TRUE(done) << done.error().message;
    EXPECT_FALSE(*done);
  }
  const auto before = server_.requests().size();
  auto done = store()->concatenate({{"a", 5}, {"with, a comma", 7}});
  ASSERT_TRUE(done);
  EXPECT_FALSE(*done);
  EXPECT_EQ(server_.requests().size(), before + 1) << "its status only";
}

TEST_F(WebHdfsStoreTest, who_loses_a_race_removes_its_file) {
  answer_ = [&](const auto& request) {
    if (operation(request) == "GETFILESTATUS" && has(request, ".tmp")) return status_of_file(1);
    return operation(request) == "RENAME" ? exception("FileAlreadyExistsException", "there") : serve(request);
  };
  EXPECT_EQ(put(*store()), "taken");
  const auto last = server_.requests().back();
  EXPECT_EQ(operation(last), "DELETE");
  EXPECT_TRUE(has(last, ".file.") && has(last, ".tmp")) << last.target;
}

TEST_F(WebHdfsStoreTest, a_data_node_that_is_gone_is_left_out) {
  answer_ = [&](const auto& request) {
    if (operation(request) == "CREATE" && !has(request, "datanode=") && !has(request, "excludedatanodes=127.0.0.2"))
      return TestServer::answer(307, "", "Location: http://127.0.0.2:1/x\r\n");
    return serve(request);
  };
  EXPECT_EQ(put(*store()), "made");
  EXPECT_EQ(pauses_, 1);
}

TEST_F(WebHdfsStoreTest, where_there_is_no_other_data_node_the_first_is_tried_again) {
  int asked = 0;
  answer_ = [&](const auto& request) {
    if (operation(request) != "CREATE" || has(request, "datanode=")) return serve(request);
    if (++asked == 1) return TestServer::answer(307, "", "Location: http://127.0.0.2:1/x\r\n");
    if (has(request, "excludedatanodes=")) return exception("IOException", "Failed to find datanode");
    return redirect(request);
  };
  EXPECT_EQ(put(*store()), "made");
  EXPECT_EQ(asked, 3);
}

TEST_F(WebHdfsStoreTest, a_name_node_on_standby_sends_us_to_the_next) {
  TestServer standby([](const auto&) { return exception("StandbyException", "not active"); });
  auto two = settings();
  two.name_nodes = {standby.host(), server_.host()};
  const auto opened = store(two);
  EXPECT_EQ(put(*opened), "made");
  EXPECT_EQ(standby.requests().size(), 1u);
  EXPECT_EQ(put(*opened), "made");
  EXPECT_EQ(standby.requests().size(), 1u);
}

TEST_F(WebHdfsStoreTest, safe_mode_is_waited_for_and_then_said) {
  int refusals = 3;
  answer_ = [&](const auto& request) {
    return operation(request) == "CREATE" && refusals-- > 0
               ? exception("SafeModeException", "Name node is in safe mode.")
               : serve(request);
  };
  EXPECT_EQ(put(*store()), "made");
  EXPECT_EQ(pauses_, 3);
  refusals = 1000;
  const auto made = store()->put_if_absent("file", "bytes");
  ASSERT_FALSE(made);
  EXPECT_EQ(made.code(), Code::retry);
  EXPECT_NE(made.error().message.find("SafeModeException: Name node is in safe mode."), std::string::npos);
}

TEST_F(WebHdfsStoreTest, what_is_not_allowed_is_said_at_once_and_without_secrets) {
  answer_ = [&](const auto&) {
    return exception("AccessControlException", "Permission denied: user=alice\\n\\tat java");
  };
  auto with_token = settings();
  with_token.user.clear();
  with_token.delegation_token = "SECRET";
  EXPECT_EQ(put(*store(with_token)), "GETFILESTATUS /lake/file: AccessControlException: Permission denied: user=alice");
  EXPECT_EQ(pauses_, 0);
  EXPECT_TRUE(has(server_.requests()[0], "&delegation=SECRET"));
  EXPECT_FALSE(has(server_.requests()[0], "user.name"));
}

TEST_F(WebHdfsStoreTest, files_and_folders_are_the_users_alone_or_the_groups) {
  answer_ = [&](const auto& request) {
    if (operation(request) == "MKDIRS") return TestServer::answer(200, "{\"boolean\":true}");
    return serve(request);
  };
  const auto create = [&](const std::string& group) {
    auto changed = settings();
    changed.group = group;
    const auto opened = store(changed);
    auto file = opened->create("folder/file");
    EXPECT_TRUE((*file)->finish());
    Strings asked;
    for (const auto& request : server_.requests()) {
      const auto what = operation(request);
      const auto at = request.target.find("permission=");
      if (what == "MKDIRS" || (what == "CREATE" && has(request, "datanode=")))
        asked.push_back(what + " " + request.target.substr(at + 11, 3));
      if (what == "SETOWNER") asked.push_back(what + (has(request, "group=readers") ? " readers" : ""));
    }
    return asked;
  };
  EXPECT_EQ(create(""), (Strings{"MKDIRS 700", "CREATE 600"}));
  EXPECT_EQ(create("readers"),
            (Strings{"MKDIRS 700", "CREATE 600", "MKDIRS 750", "SETOWNER readers", "CREATE 640", "SETOWNER readers"}));
}

TEST_F(WebHdfsStoreTest, a_folder_that_was_removed_is_made_again) {
  bool is_there = false;
  answer_ = [&](const auto& request) {
    if (operation(request) == "GETFILESTATUS" && has(request, "/lake/folder?"))
      return is_there ? status_of_folder() : missing();
    if (operation(request) == "MKDIRS") {
      is_there = true;
      return TestServer::answer(200, "{\"boolean\":true}");
    }
    if (operation(request) == "CREATE" && !is_there) return missing();
    return serve(request);
  };
  const auto opened = store();
  for (int round = 0; round < 2; ++round) {
    auto file = opened->create("folder/file");
    const Done finished = (*file)->finish();
    EXPECT_TRUE(finished) << finished.error().message;
    is_there = false;
  }
}

TEST_F(WebHdfsStoreTest, an_upload_that_broke_gives_the_file_up) {
  answer_ = [&](const auto& request) -> std::string {
    if (operation(request) == "CREATE" && has(request, "datanode=")) return {};
    return serve(request);
  };
  const auto opened = store();
  auto file = opened->create("file");
  ASSERT_TRUE((*file)->write(std::string(300'000, 'x')));
  EXPECT_FALSE((*file)->finish());
  const Done written = (*file)->write("more");
  ASSERT_FALSE(written);
  EXPECT_EQ(written.code(), Code::retry);
  EXPECT_FALSE((*file)->finish());
}

TEST_F(WebHdfsStoreTest, settings_that_contradict_each_other_are_refused) {
  const auto fault = [&](const std::function<void(WebHdfsSettings&)>& change) {
    auto changed = settings();
    change(changed);
    auto made = WebHdfsStore::make(host_.host(), std::move(changed));
    return made ? "none" : made.error().option;
  };
  EXPECT_EQ(fault([](auto&) {}), "none");
  EXPECT_EQ(fault([](auto& s) { s.name_nodes.clear(); }), "path");
  EXPECT_EQ(fault([](auto& s) { s.delegation_token = "t"; }), "delegation_token");
  EXPECT_EQ(fault([](auto& s) { s.http.ca_file = "/x"; }), "ca_file");
}

}  // namespace
}  // namespace levada::lake
