// What every store of files must do, line by line of lake/file_store.h. Included by one file of a
// test program, which instantiates the suite:
//   INSTANTIATE_TEST_SUITE_P(Local, StoreConformance, testing::Values(StoreSubject{...}));
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "lake/stores/file_store.h"
#include "lake/stores/noise.h"

namespace levada::lake {

struct StoreSubject {
  std::string kind;
  // A store in a place of that name, which is empty when it is opened first. Each is used by one
  // thread.
  std::function<std::unique_ptr<FileStore>(const std::string& place)> open;
  bool has_folders = true;        // A path cannot go on behind a file.
  size_t large_bytes = 12 << 20;  // Of a file that is written and read in several requests.
};

class StoreConformance : public testing::TestWithParam<StoreSubject> {
 protected:
  using Names = std::vector<std::string>;

  StoreConformance() : place_(place()), store_(GetParam().open(place_)) {}

  static std::string place() {
    std::string name = testing::UnitTest::GetInstance()->current_test_info()->name();
    return name.substr(0, name.find('/'));
  }
  static std::string failure(const Error& error) { return "failed: " + error.message; }
  void write(const std::string& path, std::string_view bytes) {
    auto file = store_->create(path);
    ASSERT_TRUE(file) << file.error().message;
    const Done written = (*file)->write(bytes);
    ASSERT_TRUE(written) << written.error().message;
    const Done finished = (*file)->finish();
    ASSERT_TRUE(finished) << finished.error().message;
  }
  std::string put(const std::string& path, std::string_view bytes) { return put(*store_, path, bytes); }
  static std::string put(FileStore& store, const std::string& path, std::string_view bytes) {
    auto done = store.put_if_absent(path, bytes);
    if (!done) return failure(done.error());
    return *done ? "made" : "taken";
  }
  std::string content(const std::string& path) {
    auto bytes = read_file(*store_, path);
    if (!bytes) return failure(bytes.error());
    return bytes->value_or("none");
  }
  std::string rename(const std::string& from, const std::string& to) {
    auto done = store_->rename(from, to);
    if (!done) return failure(done.error());
    return *done ? "renamed" : "not renamed";
  }
  std::string part(const std::string& path, size_t bytes, uint64_t offset) {
    auto file = store_->open(path);
    if (!file) return failure(file.error());
    if (!*file) return "none";
    std::string text(bytes, '\0');
    auto got = (*file)->read(text.data(), bytes, offset);
    if (!got) return failure(got.error());
    text.resize(*got);
    return text;
  }
  static Names paths(const Result<std::vector<StoredFile>>& files) {
    Names names;
    if (!files) return {failure(files.error())};
    for (const auto& file : *files) names.push_back(file.path);
    return names;
  }
  Names list(const std::string& folder, const std::string& after = {}) { return paths(store_->list(folder, after)); }
  Names list_all(const std::string& folder) {
    auto names = paths(store_->list_all(folder));
    std::sort(names.begin(), names.end());
    return names;
  }

  const std::string place_;
  std::unique_ptr<FileStore> store_;
};

TEST_P(StoreConformance, a_file_that_is_finished_has_all_that_was_written) {
  auto file = store_->create("below/two/folders");
  ASSERT_TRUE(file) << file.error().message;
  for (const auto* part : {"one ", "", "two ", "three"}) ASSERT_TRUE((*file)->write(part));
  const Done finished = (*file)->finish();
  ASSERT_TRUE(finished) << finished.error().message;
  EXPECT_EQ(content("below/two/folders"), "one two three");
}

TEST_P(StoreConformance, a_file_may_be_empty) {
  auto file = store_->create("empty");
  ASSERT_TRUE(file);
  ASSERT_TRUE((*file)->finish());
  EXPECT_EQ(content("empty"), "");
  EXPECT_EQ(part("empty", 10, 0), "");
  EXPECT_EQ(put("empty too", ""), "made");
  EXPECT_EQ(content("empty too"), "");
}

TEST_P(StoreConformance, a_file_that_is_created_takes_the_place_of_the_one_there) {
  write("file", "the old content");
  write("file", "new");
  EXPECT_EQ(content("file"), "new");
}

TEST_P(StoreConformance, a_file_that_is_given_up_leaves_the_store_usable) {
  {
    auto file = store_->create("given up");
    ASSERT_TRUE(file);
    ASSERT_TRUE((*file)->write(noise(GetParam().large_bytes, 3)));
  }
  write("given up", "complete");
  EXPECT_EQ(content("given up"), "complete");
}

TEST_P(StoreConformance, several_files_are_written_at_the_same_time) {
  std::vector<std::unique_ptr<OutputFile>> files;
  for (int at = 0; at < 5; ++at) {
    auto file = store_->create("files/" + std::to_string(at));
    ASSERT_TRUE(file);
    files.push_back(*std::move(file));
  }
  const auto text = noise(300'000, 5);
  for (int round = 0; round < 3; ++round)
    for (auto& file : files) ASSERT_TRUE(file->write(text));
  for (auto& file : files) ASSERT_TRUE(file->finish());
  for (int at = 0; at < 5; ++at) EXPECT_TRUE(content("files/" + std::to_string(at)) == text + text + text) << at;
}

TEST_P(StoreConformance, a_large_file_comes_back_as_it_was_written) {
  const auto bytes = noise(GetParam().large_bytes + 12'345, 7);
  auto file = store_->create("large");
  ASSERT_TRUE(file);
  // In pieces that are smaller and larger than what a store may gather.
  for (size_t at = 0, piece = 1; at < bytes.size(); at += piece, piece = piece % 3'000'000 * 3 + 1)
    ASSERT_TRUE((*file)->write(std::string_view(bytes).substr(at, piece)));
  const Done finished = (*file)->finish();
  ASSERT_TRUE(finished) << finished.error().message;
  EXPECT_TRUE(content("large") == bytes);
  EXPECT_TRUE(part("large", 1'000'000, 3'456'789) == bytes.substr(3'456'789, 1'000'000));
}

TEST_P(StoreConformance, what_is_not_there_cannot_be_opened) {
  write("folder/file", "text");
  Names names = {"none", "folder", "folder/none", "no/such/folder"};
  if (GetParam().has_folders) names.push_back("folder/file/none");
  for (const auto& path : names) {
    auto file = store_->open(path);
    ASSERT_TRUE(file) << path << ": " << file.error().message;
    EXPECT_EQ(*file, nullptr) << path;
  }
}

TEST_P(StoreConformance, reads_any_range_of_a_file) {
  write("digits", "0123456789");
  auto file = store_->open("digits");
  ASSERT_TRUE(file && *file);
  EXPECT_EQ((*file)->bytes(), 10u);
  EXPECT_EQ(part("digits", 3, 0), "012");
  EXPECT_EQ(part("digits", 1, 9), "9");
  EXPECT_EQ(part("digits", 100, 4), "456789");
  EXPECT_EQ(part("digits", 100, 10), "");
  EXPECT_EQ(part("digits", 100, 11), "");
  EXPECT_EQ(part("digits", 0, 4), "");
}

TEST_P(StoreConformance, a_file_is_read_by_several_threads) {
  const auto bytes = noise(400'000, 11);
  write("file", bytes);
  auto file = store_->open("file");
  ASSERT_TRUE(file && *file);
  std::atomic<int> right = 0;
  std::vector<std::thread> readers;
  for (size_t reader = 0; reader < 4; ++reader)
    readers.emplace_back([&, reader] {
      for (size_t at = reader * 1000; at < bytes.size(); at += 50'000) {
        std::string text(1000, '\0');
        const auto got = (*file)->read(text.data(), text.size(), at);
        if (got && text.compare(0, *got, bytes, at, *got) == 0) ++right;
      }
    });
  for (auto& reader : readers) reader.join();
  EXPECT_EQ(right, 32);
}

TEST_P(StoreConformance, put_if_absent_makes_a_file_once) {
  EXPECT_EQ(put("log/00001.json", "first"), "made");
  EXPECT_EQ(put("log/00001.json", "second"), "taken");
  EXPECT_EQ(put("log/00001.json", "first"), "taken");
  EXPECT_EQ(content("log/00001.json"), "first");
  EXPECT_EQ(list("log"), Names{"log/00001.json"});
}

TEST_P(StoreConformance, put_if_absent_leaves_a_file_that_was_written_otherwise) {
  write("file", "written");
  EXPECT_EQ(put("file", "put"), "taken");
  EXPECT_EQ(content("file"), "written");
  ASSERT_TRUE(store_->remove("file"));
  EXPECT_EQ(put("file", "put"), "made");
  EXPECT_EQ(content("file"), "put");
}

// As long as each has as many files as the others, all of them race for most.
TEST_P(StoreConformance, of_several_who_put_the_same_file_one_makes_it) {
  constexpr int kWriters = 4, kFiles = 25;
  std::vector<std::unique_ptr<FileStore>> stores;
  for (int writer = 0; writer < kWriters; ++writer) stores.push_back(GetParam().open(place_));
  std::vector<std::vector<std::string>> answers(kWriters);
  std::vector<std::thread> writers;
  std::atomic<int> waiting = 0;
  for (int writer = 0; writer < kWriters; ++writer)
    writers.emplace_back([&, writer] {
      for (int file = 0; file < kFiles; ++file) {
        ++waiting;
        while (waiting < kWriters * (file + 1)) std::this_thread::yield();
        answers[writer].push_back(put(*stores[writer], "race/" + std::to_string(file),
                                      "of " + std::to_string(writer) + noise(5000, static_cast<uint64_t>(writer))));
      }
    });
  for (auto& writer : writers) writer.join();
  for (int file = 0; file < kFiles; ++file) {
    int made = 0;
    for (int writer = 0; writer < kWriters; ++writer) {
      const auto& answer = answers[writer][file];
      if (answer == "taken") continue;
      EXPECT_EQ(answer, "made");
      ++made;
      EXPECT_TRUE(content("race/" + std::to_string(file)) ==
                  "of " + std::to_string(writer) + noise(5000, static_cast<uint64_t>(writer)));
    }
    EXPECT_EQ(made, 1) << "file " << file;
  }
  EXPECT_EQ(list("race").size(), size_t{kFiles});
}

TEST_P(StoreConformance, replace_makes_a_file_or_its_content_anew) {
  for (const auto* text : {"one", "a longer one", ""}) {
    const Done replaced = store_->replace("folder/_last_checkpoint", text);
    ASSERT_TRUE(replaced) << replaced.error().message;
    EXPECT_EQ(content("folder/_last_checkpoint"), text);
  }
  EXPECT_EQ(list("folder"), Names{"folder/_last_checkpoint"});
}

TEST_P(StoreConformance, a_reader_sees_the_old_content_or_the_new) {
  const auto old_text = noise(20'000, 1), new_text = noise(30'000, 2);
  ASSERT_TRUE(store_->replace("file", old_text));
  std::atomic<bool> over = false;
  std::thread writer([&, store = GetParam().open(place_)] {
    for (int round = 0; round < 10; ++round) EXPECT_TRUE(store->replace("file", round % 2 == 0 ? new_text : old_text));
    over = true;
  });
  int torn = 0;
  while (!over) {
    auto bytes = read_file(*store_, "file");
    // A store may say that the file has changed since it was opened.
    if (bytes && *bytes && **bytes != old_text && **bytes != new_text) ++torn;
    if (bytes && !*bytes) ++torn;
  }
  writer.join();
  EXPECT_EQ(torn, 0);
}

TEST_P(StoreConformance, rename_gives_a_file_another_path) {
  const auto bytes = noise(700'000, 13);
  write("here/.file.tmp", bytes);
  EXPECT_EQ(rename("here/.file.tmp", "there/below/file"), "renamed");
  EXPECT_EQ(content("here/.file.tmp"), "none");
  EXPECT_TRUE(content("there/below/file") == bytes);
  EXPECT_EQ(list("here"), Names{});
}

TEST_P(StoreConformance, rename_leaves_a_path_that_is_taken) {
  write("one", "first");
  write("two", "second");
  EXPECT_EQ(rename("one", "two"), "not renamed");
  EXPECT_EQ(content("one"), "first");
  EXPECT_EQ(content("two"), "second");
  EXPECT_EQ(rename("one", "one"), "not renamed");
  EXPECT_EQ(content("one"), "first");
  EXPECT_EQ(rename("none", "three"), "not renamed");
  EXPECT_EQ(content("three"), "none");
}

TEST_P(StoreConformance, what_is_removed_is_gone) {
  write("folder/file", "text");
  ASSERT_TRUE(store_->remove("folder/file"));
  EXPECT_EQ(content("folder/file"), "none");
  EXPECT_EQ(list("folder"), Names{});
  EXPECT_TRUE(store_->remove("folder/file"));
  EXPECT_TRUE(store_->remove("no/such/folder/file"));
}

TEST_P(StoreConformance, lists_the_files_right_in_a_folder_by_name) {
  for (const auto* path : {"log/b", "log/a", "log/B", "log/a.x", "log/c/deep", "log2/a", "log", "top"})
    if (std::string(path) != "log") write(path, path);
  EXPECT_EQ(list("log"), (Names{"log/B", "log/a", "log/a.x", "log/b"}));
  EXPECT_EQ(list("log", "a"), (Names{"log/a.x", "log/b"}));
  EXPECT_EQ(list("log", "a.m"), (Names{"log/a.x", "log/b"}));
  EXPECT_EQ(list("log", "b"), Names{});
  EXPECT_EQ(list("", "a"), Names{"top"});
  EXPECT_EQ(list(""), Names{"top"});
  EXPECT_EQ(list("log/c"), Names{"log/c/deep"});
  EXPECT_EQ(list("lo"), Names{});
  EXPECT_EQ(list("none"), Names{});
  EXPECT_EQ(list("no/such"), Names{});
  EXPECT_EQ(list("top"), Names{});
}

TEST_P(StoreConformance, lists_all_files_below_a_folder) {
  const Names all = {"a/1", "a/b/2", "a/b/c/3", "a.txt", "d/4"};
  for (const auto& path : all) write(path, path);
  EXPECT_EQ(list_all("a"), (Names{"a/1", "a/b/2", "a/b/c/3"}));
  EXPECT_EQ(list_all("a/b"), (Names{"a/b/2", "a/b/c/3"}));
  EXPECT_EQ(list_all(""), (Names{"a.txt", "a/1", "a/b/2", "a/b/c/3", "d/4"}));
  EXPECT_EQ(list_all("none"), Names{});
}

TEST_P(StoreConformance, a_list_says_how_large_files_are_and_how_old) {
  write("old", std::string(1234, 'x'));
  const auto files = store_->list("");
  ASSERT_TRUE(files && files->size() == 1);
  EXPECT_EQ(files->front().bytes, 1234u);
  EXPECT_GT(files->front().modified_ms, 1'600'000'000'000);
  const auto all = store_->list_all("");
  ASSERT_TRUE(all && all->size() == 1);
  EXPECT_EQ(all->front().bytes, 1234u);
  EXPECT_EQ(all->front().modified_ms, files->front().modified_ms);
}

TEST_P(StoreConformance, a_list_may_be_longer_than_an_answer_of_the_server) {
  constexpr int kFiles = 130;  // The test servers list 50 at once.
  for (int at = 0; at < kFiles; ++at) {
    char name[32];
    std::snprintf(name, sizeof name, "log/%020d.json", at);
    ASSERT_TRUE(store_->replace(name, "x"));
  }
  const auto all = list("log");
  EXPECT_EQ(all.size(), size_t{kFiles});
  EXPECT_TRUE(std::is_sorted(all.begin(), all.end()));
  EXPECT_EQ(list("log", "00000000000000000009.json").size(), size_t{kFiles - 10});
  EXPECT_EQ(list_all("").size(), size_t{kFiles});
}

TEST_P(StoreConformance, names_may_have_any_characters_in_them) {
  const Names names = {"with space", "per%cent",          "100%",         "%41",          "a+b",        "a&b=c",
                       "que?ry#x",   "semi;colon",        "quote'\"`",    "back\\slash",  "ümlaut",     "日本語",
                       "a,b;c",      "time=12%3A30%3A00", "[x]{y}(z)|!$", "under_score~", "<tag>&amp;", "@at",
                       "*",          "ends.in.dot."};
  Names written;
  for (const auto& name : names) {
    const auto path = "p=" + name + "/" + name;
    SCOPED_TRACE(path);
    EXPECT_EQ(put(path, "of " + name), "made");
    EXPECT_EQ(put(path, "again"), "taken");
    EXPECT_EQ(content(path), "of " + name);
    EXPECT_EQ(list("p=" + name), Names{path});
    EXPECT_EQ(rename(path, path + " renamed"), "renamed");
    EXPECT_EQ(content(path + " renamed"), "of " + name);
    write(path, "written " + name);
    EXPECT_EQ(content(path), "written " + name);
    EXPECT_EQ(part(path, 4, 3), "tten");
    ASSERT_TRUE(store_->remove(path));
    EXPECT_EQ(list("p=" + name, name), Names{path + " renamed"});
    written.push_back(path + " renamed");
  }
  std::sort(written.begin(), written.end());
  EXPECT_EQ(list_all(""), written);
}

TEST_P(StoreConformance, files_are_put_together_as_a_whole_or_not_at_all) {
  constexpr int kFiles = 60;  // More than go into one request.
  std::vector<StoredFile> files;
  std::string whole;
  for (int at = 0; at < kFiles; ++at) {
    const auto path = "in use/" + std::to_string(at) + " ;%";
    const auto bytes = at == 3 ? noise(300'000, 7) : std::to_string(at) + " ";
    write(path, bytes);
    files.push_back({path, bytes.size()});
    whole += bytes;
  }
  for (int call = 0; call < 2; ++call) {
    auto done = store_->concatenate(files);
    ASSERT_TRUE(done) << done.error().message;
    EXPECT_EQ(list("in use").size(), *done ? 1u : files.size());
    EXPECT_EQ(content(files[0].path), *done ? whole : "0 ");
    // An earlier call may have got half-way.
    if (*done && call == 0) {
      files.push_back({"in use/one more", 5});
      write("in use/one more", "more.");
      whole += "more.";
    }
  }
}

TEST_P(StoreConformance, another_store_of_the_same_place_sees_the_same_files) {
  write("file", "text");
  auto other = GetParam().open(place_);
  auto bytes = read_file(*other, "file");
  ASSERT_TRUE(bytes);
  EXPECT_EQ(bytes->value_or("none"), "text");
  EXPECT_EQ(other->name(), store_->name());
}

}  // namespace levada::lake
