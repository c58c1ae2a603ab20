// Sinks that write into one folder with one prefix, of one agent or of several,
// leave each other's files alone.
#include <gtest/gtest.h>

#include <cerrno>
#include <set>

#include "file.h"
#include "sink_files.h"

namespace levada::file_sink {
namespace {

using namespace std::chrono_literals;
using testkit::batch_of;
using testkit::FakeHost;
using testkit::Lose;

using Strings = std::vector<std::string>;

FileSettings settings(int64_t roll_rows = 0) {
  FileSettings settings;
  settings.path = "/out";
  settings.roll_rows = roll_rows;
  return settings;
}

std::unique_ptr<FileSink> sink_on(FakeHost& host, const FileSettings& settings) {
  return *FileSink::create(settings, host.host());
}

std::unique_ptr<FileSink> start(FakeHost& host, const FileSettings& settings = {}) {
  auto sink = sink_on(host, settings);
  const Done opened = sink->open();
  EXPECT_TRUE(opened) << opened.error().message;
  const auto recovered = sink->recover();
  EXPECT_TRUE(recovered) << recovered.error().message;
  return sink;
}

Done write(FileSink& sink, const std::string& row) {
  auto batch = batch_of({row});
  return sink.write(batch, 0ns);
}

Done commit(FileSink& sink) {
  Batch rejected;
  return sink.commit(Checkpoint(), 0ns, rejected);
}

// Also one whose disk is gone.
void stop(std::unique_ptr<FileSink>& sink) {
  (void)sink->close(0ns);
  sink.reset();
}

// Whatever is below /out, as rows.
std::multiset<std::string> rows_of(FakeHost& host) {
  std::multiset<std::string> rows;
  for (const auto& path : host.files().paths()) {
    if (!path.starts_with("/out/") || path.ends_with(".lock")) continue;
    const auto content = host.files().read_file(path);
    for (size_t at = 0; at < content.size(); at = content.find('\n', at) + 1)
      rows.insert(content.substr(at, content.find('\n', at) - at));
  }
  return rows;
}

TEST(FileNames, sinks_that_start_in_one_moment_give_no_name_twice) {
  FakeHost machine("one"), host("two", machine);
  const auto one = start(machine, settings(1)), two = start(host, settings(1));
  for (int row = 0; row < 3; ++row) {
    ASSERT_TRUE(write(*one, "one " + std::to_string(row)));
    ASSERT_TRUE(write(*two, "two " + std::to_string(row)));
  }
  ASSERT_TRUE(commit(*one) && commit(*two));
  EXPECT_EQ(SinkFiles(machine).paths().size(), 6u);
  EXPECT_NE(SinkFiles(machine).id(), SinkFiles(host).id());
  for (const auto* number : {"0", "1", "2"}) {
    const auto path = std::string("/out/levada-20260101T000000-ID-00000") + number + ".ndjson";
    EXPECT_EQ(SinkFiles(machine).content(path), std::string("one ") + number + "\n");
    EXPECT_EQ(SinkFiles(host).content(path), std::string("two ") + number + "\n");
  }
}

// The two look for a free name at the same moment, and one of them dies then.
TEST(FileNames, a_restart_leaves_the_open_files_of_another_sink_alone) {
  FakeHost machine("one"), host("two", machine);
  machine.files().make_folders("/out");
  auto one = start(machine, settings()), two = start(host, settings());
  ASSERT_TRUE(write(*one, "of one"));
  ASSERT_TRUE(commit(*one));
  // Looking for the folder, for two names, which are free as far as it can see; three calls for the
  // manifest; the file; then it dies.
  machine.files().fail_call(2, ENOENT);
  machine.files().fail_call(3, ENOENT);
  machine.files().crash_at(8);
  (void)write(*two, "never committed");
  stop(one);
  stop(two);
  machine.files().crash(Lose::nothing);
  two = start(host, settings());
  one = start(machine, settings());
  stop(one);
  stop(two);
  EXPECT_EQ(rows_of(machine), std::multiset<std::string>{"of one"});
}

TEST(FileNames, whichever_of_two_sinks_dies_wherever_each_row_is_there_once) {
  for (int64_t call = 1; call <= 120; ++call) {
    SCOPED_TRACE("call " + std::to_string(call));
    FakeHost machine("one"), host("two", machine);
    const auto rolls = settings(2);
    machine.files().crash_at(call);
    auto one = sink_on(machine, rolls), two = sink_on(host, rolls);
    std::multiset<std::string> committed;
    std::multiset<std::string> maybe;  // In the commit that was under way.
    for (auto* sink : {one.get(), two.get()})
      if (sink->open()) (void)sink->recover();
    for (int row = 0; row < 6; ++row) {
      for (auto* sink : {one.get(), two.get()}) {
        const auto text = (sink == one.get() ? "one " : "two ") + std::to_string(row);
        if (!write(*sink, text)) continue;
        (commit(*sink) ? committed : maybe).insert(text);
      }
    }
    stop(one);
    stop(two);
    machine.files().crash(Lose::nothing);
    two = start(host, rolls);
    one = start(machine, rolls);
    stop(one);
    stop(two);
    auto rows = rows_of(machine);
    for (const auto& row : maybe) rows.erase(row), committed.erase(row);
    EXPECT_EQ(rows, committed);
  }
}

TEST(FileNames, a_number_is_never_given_twice) {
  FakeHost host;
  const std::string first = "/out/levada-20260101T000000-ID-000000.ndjson";
  auto sink = start(host, settings(1));
  ASSERT_TRUE(write(*sink, "1") && commit(*sink));
  ASSERT_EQ(SinkFiles(host).paths(), Strings{first});
  // A reader takes it away; it must not find another one of that name.
  SinkFiles(host).remove(first);
  stop(sink);
  sink = start(host, settings(1));
  ASSERT_TRUE(write(*sink, "2") && commit(*sink));
  EXPECT_EQ(SinkFiles(host).paths(), Strings{"/out/levada-20260101T000000-ID-000001.ndjson"});
}

TEST(FileNames, names_sort_in_the_order_in_which_the_files_were_made) {
  FakeHost host;
  auto sink = start(host, settings(1));
  Strings rows;
  for (int row = 0; row < 12; ++row) {
    rows.push_back(std::to_string(row) + "\n");
    ASSERT_TRUE(write(*sink, std::to_string(row)) && commit(*sink));
  }
  Strings found;
  for (const auto& path : SinkFiles(host).paths()) found.push_back(SinkFiles(host).content(path));
  EXPECT_EQ(found, rows);
}

TEST(FileNames, a_sink_on_a_copy_of_another_ones_data_dir_waits) {
  FakeHost machine("one"), host("two", machine);
  auto one = start(machine, settings());
  machine.files().write_file(host.data_dir() + "/files", machine.files().read_file(machine.data_dir() + "/files"));
  auto two = sink_on(host, settings());
  const Done refused = two->open();
  EXPECT_EQ(refused.code(), Code::retry);
  EXPECT_EQ(refused.error().message,
            "another agent has /out/.levada-" + SinkFiles(machine).id() +
                ".lock: it runs on a copy of this one's data_dir, and would write files of the same names; stop one of "
                "the two for good");
  stop(one);
  EXPECT_TRUE(two->open());
}

TEST(FileNames, the_lock_is_where_no_column_and_no_time_is_in_the_path) {
  const std::pair<const char*, const char*> folders[] = {
      {"/out", "/out"}, {"/out/{host}/%Y", "/out"}, {"/out/day-%d", "/out"}, {"/out/a/b", "/out/a/b"}};
  for (const auto& [path, folder] : folders) {
    FakeHost host;
    auto with_path = settings();
    with_path.path = path;
    auto sink = start(host, with_path);
    EXPECT_TRUE(host.files().exists(std::string(folder) + "/.levada-" + SinkFiles(host).id() + ".lock")) << path;
    stop(sink);
    EXPECT_EQ(SinkFiles(host).paths(), Strings());
    EXPECT_FALSE(host.files().exists(std::string(folder) + "/.levada-" + SinkFiles(host).id() + ".lock")) << path;
  }
}

}  // namespace
}  // namespace levada::file_sink
