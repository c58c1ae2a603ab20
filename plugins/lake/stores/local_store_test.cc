// A local store keeps what it promises, whichever call to the disk fails and whenever the power
// goes.
#include "lake/stores/local_store.h"

#include <gtest/gtest.h>

#include <cerrno>
#include <functional>

#include "lake/stores/file_stores.h"
#include "levada/testkit/fake_host.h"

namespace levada::lake {
namespace {

using testkit::FakeHost;
using testkit::Lose;
using Strings = std::vector<std::string>;

class LocalStoreTest : public testing::Test {
 protected:
  std::string content(const std::string& path) {
    auto read = read_file(store_, path);
    EXPECT_TRUE(read) << read.error().message;
    return read ? read->value_or("<missing>") : "<failed>";
  }
  void write(const std::string& path, std::string_view text) {
    auto file = store_.create(path);
    ASSERT_TRUE(file) << file.error().message;
    ASSERT_TRUE((*file)->write(text.substr(0, text.size() / 2)));
    ASSERT_TRUE((*file)->write(text.substr(text.size() / 2)));
    ASSERT_TRUE((*file)->finish());
  }
  static Strings paths(Result<std::vector<StoredFile>> files) {
    Strings all;
    if (!files) return {files.error().message};
    for (const auto& file : *files) all.push_back(file.path);
    return all;
  }

  FakeHost host_;
  LocalStore store_{"/lake", host_.host()};
};

TEST_F(LocalStoreTest, what_is_finished_survives_a_power_cut) {
  write("a=1/b=2/x.parquet", "PAR1 and more");
  host_.files().crash();
  EXPECT_EQ(content("a=1/b=2/x.parquet"), "PAR1 and more");
  write("a=1/b=2/x.parquet", "new");
  EXPECT_EQ(content("a=1/b=2/x.parquet"), "new");
  EXPECT_EQ(host_.files().open_handles(), 0);
}

TEST_F(LocalStoreTest, many_files_are_finished_at_once) {
  constexpr int kFiles = 50;
  const auto open_all = [&] {
    std::vector<std::unique_ptr<OutputFile>> files;
    for (int number = 0; number < kFiles; ++number) {
      auto file = store_.create("p=" + std::to_string(number) + "/x");
      EXPECT_TRUE(file && (*file)->write("text"));
      if (file) files.push_back(*std::move(file));
    }
    return files;
  };
  ASSERT_TRUE(store_.finish_all(open_all()));
  host_.files().crash();
  for (int number = 0; number < kFiles; ++number) EXPECT_EQ(content("p=" + std::to_string(number) + "/x"), "text");
  auto files = open_all();
  host_.files().fail_call(40, EIO);
  EXPECT_FALSE(store_.finish_all(std::move(files)));
  EXPECT_EQ(host_.files().open_handles(), 0);
  EXPECT_TRUE(store_.finish_all({}));
}

TEST_F(LocalStoreTest, a_file_that_is_not_there_is_none) {
  auto file = store_.open("none/such");
  ASSERT_TRUE(file);
  EXPECT_EQ(*file, nullptr);
  EXPECT_TRUE(store_.remove("none/such"));
  auto renamed = store_.rename("none/such", "b");
  ASSERT_TRUE(renamed);
  EXPECT_FALSE(*renamed);
  EXPECT_EQ(paths(store_.list("none")), Strings());
  EXPECT_EQ(paths(store_.list_all("none")), Strings());
}

TEST_F(LocalStoreTest, of_two_that_put_a_file_the_first_has_it) {
  auto put = store_.put_if_absent("_delta_log/0.json", "first");
  ASSERT_TRUE(put);
  EXPECT_TRUE(*put);
  put = store_.put_if_absent("_delta_log/0.json", "second");
  ASSERT_TRUE(put);
  EXPECT_FALSE(*put);
  host_.files().crash();
  EXPECT_EQ(content("_delta_log/0.json"), "first");
  EXPECT_EQ(paths(store_.list_all("")), Strings{"_delta_log/0.json"});
}

TEST_F(LocalStoreTest, files_are_listed_by_name_behind_one) {
  write("log/2", "22");
  write("log/10", "x");
  write("log/1", "1");
  write("log/deep/3", "3");
  EXPECT_EQ(paths(store_.list("log")), (Strings{"log/1", "log/10", "log/2"}));
  EXPECT_EQ(paths(store_.list("log", "1")), (Strings{"log/10", "log/2"}));
  auto all = store_.list_all("");
  ASSERT_TRUE(all);
  EXPECT_EQ(all->size(), 4u);
  EXPECT_EQ((*store_.list("log", "10"))[0].bytes, 2u);
  write("top", "1");
  EXPECT_EQ(paths(store_.list("")), Strings{"top"});
}

TEST_F(LocalStoreTest, a_rename_replaces_nothing_and_can_be_repeated) {
  write("in_use/x", "x");
  write("taken", "y");
  auto renamed = store_.rename("in_use/x", "taken");
  ASSERT_TRUE(renamed);
  EXPECT_FALSE(*renamed);
  EXPECT_EQ(content("taken"), "y");
  renamed = store_.rename("in_use/x", "a=1/x");
  ASSERT_TRUE(renamed);
  EXPECT_TRUE(*renamed);
  host_.files().crash();
  EXPECT_EQ(content("a=1/x"), "x");
  EXPECT_EQ(content("in_use/x"), "<missing>");
  EXPECT_EQ(content("taken"), "y");
}

TEST_F(LocalStoreTest, files_are_the_groups_where_one_is_named) {
  LocalStore shared("/shared", host_.host(), "analysts");
  auto file = shared.create("a/b/x");
  ASSERT_TRUE(file);
  ASSERT_TRUE((*file)->finish());
  ASSERT_TRUE(shared.put_if_absent("a/y", "1"));
  for (const auto* path : {"/shared", "/shared/a", "/shared/a/b", "/shared/a/b/x", "/shared/a/y"})
    EXPECT_EQ(host_.files().group_of(path), "analysts") << path;
}

// What may be there after a call that failed, or a power cut within it: the old or the new, never
// a part. The same call made again succeeds.
struct Step {
  const char* name;
  std::function<Result<bool>(FileStore&)> run;
  std::string path, before, after;
};

const std::string kOld(100, 'o');
const std::string kNew(5000, 'n');

std::vector<Step> steps() {
  return {{"put_if_absent", [](FileStore& store) { return store.put_if_absent("d/put", kNew); }, "d/put", "<missing>",
           kNew},
          {"replace",
           [](FileStore& store) -> Result<bool> {
             LEVADA_TRY(store.replace("d/old", kNew));
             return true;
           },
           "d/old", kOld, kNew},
          {"rename", [](FileStore& store) { return store.rename("d/old", "e/moved"); }, "e/moved", "<missing>", kOld},
          {"remove",
           [](FileStore& store) -> Result<bool> {
             LEVADA_TRY(store.remove("d/old"));
             return true;
           },
           "d/old", kOld, "<missing>"}};
}

TEST(LocalStoreFaults, whichever_call_fails_a_file_is_the_old_or_the_new) {
  for (const auto& step : steps()) {
    bool failed = true;
    for (int64_t n = 1; failed; ++n) {
      for (const auto lose : {Lose::nothing, Lose::unsynced, Lose::torn}) {
        SCOPED_TRACE(std::string(step.name) + ", call " + std::to_string(n));
        FakeHost host;
        host.files().write_file("/lake/d/old", kOld);
        LocalStore store("/lake", host.host());
        host.files().fail_call(n, EIO);
        const auto done = step.run(store);
        failed = !done;
        if (failed) {
          EXPECT_EQ(done.code(), Code::retry);
        }
        host.files().crash(lose);
        auto read = read_file(store, step.path);
        ASSERT_TRUE(read);
        const auto found = read->value_or("<missing>");
        if (done) {
          EXPECT_TRUE(*done);
        }
        // Of a removal of what is left aside nobody hears.
        EXPECT_TRUE(done ? found == step.after : found == step.before || found == step.after);
        const auto again = step.run(store);
        ASSERT_TRUE(again) << again.error().message;
        EXPECT_EQ(read_file(store, step.path)->value_or("<missing>"), step.after);
        EXPECT_EQ(host.files().open_handles(), 0);
      }
    }
  }
}

TEST(LocalStoreFaults, a_file_whose_finish_failed_is_not_said_to_be_there) {
  bool failed = true;
  for (int64_t n = 1; failed; ++n) {
    FakeHost host;
    LocalStore store("/lake", host.host());
    host.files().fail_call(n, ENOSPC);
    const auto write = [&]() -> Done {
      auto file = store.create("x/y");
      if (!file) return std::move(file).error();
      LEVADA_TRY((*file)->write(kNew));
      return (*file)->finish();
    };
    const auto done = write();
    failed = !done;
    if (failed) {
      EXPECT_EQ(done.code(), Code::retry);
      ASSERT_TRUE(write());
    }
    host.files().crash();
    EXPECT_EQ(**read_file(store, "x/y"), kNew);
    EXPECT_EQ(host.files().open_handles(), 0);
  }
}

TEST(FileStores, an_address_tells_the_kind) {
  FakeHost host;
  auto store = open_file_store("/data/views/", host.host());
  ASSERT_TRUE(store);
  EXPECT_EQ((*store)->name(), "/data/views");
  store = open_file_store("file:///data", host.host());
  ASSERT_TRUE(store);
  EXPECT_EQ((*store)->name(), "/data");
  store = open_file_store("gopher://x/y", host.host());
  ASSERT_FALSE(store);
  EXPECT_EQ(store.error().option + " " + store.error().message,
            "path \"gopher\" is no kind of store: there are folders, s3://, webhdfs:// and swebhdfs://");
}

}  // namespace
}  // namespace levada::lake
