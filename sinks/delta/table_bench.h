// The surroundings of a table in a test: a host, its sinks by name, and what a reader sees.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "action_json.h"
#include "delta.h"
#include "file_scan.h"
#include "lake/stores/local_store.h"
#include "levada/testkit/fake_host.h"

namespace levada::delta {

class TableBench {
 public:
  using Strings = std::vector<std::string>;
  static constexpr const char* kTable = "/table";

  TableBench() {
    settings.path = kTable;
    host.files().make_folders("/data");
  }

  static Batch rows(const std::vector<std::string>& names, const std::vector<std::optional<int64_t>>& numbers) {
    Batch batch(static_cast<int64_t>(names.size()));
    batch.set(testkit::text_column("name", {names.begin(), names.end()}));
    batch.set(testkit::value_column<int64_t>("number", Type::int64, numbers));
    return batch;
  }

  // A sink that is open and has recovered.
  std::unique_ptr<DeltaSink> start(testkit::FakeHost& at) {
    auto sink = DeltaSink::create(settings, at.host());
    EXPECT_TRUE(sink) << sink.error().message;
    const Done opened = (*sink)->open();
    EXPECT_TRUE(opened) << opened.error().message;
    const auto positions = (*sink)->recover();
    EXPECT_TRUE(positions) << positions.error().message;
    if (positions) recovered = *positions;
    return *std::move(sink);
  }
  std::unique_ptr<DeltaSink> start() { return start(host); }

  Done write(DeltaSink& sink, Batch batch) {
    Done done = sink.write(batch, std::chrono::nanoseconds(0));
    rejected = Batch::rejected(batch, batch.rejections());
    return done;
  }
  static Done commit(DeltaSink& sink, std::vector<Position> positions = {}) {
    Batch none;
    return sink.commit({std::move(positions), 1}, std::chrono::nanoseconds(0), none);
  }

  lake::LocalStore store() { return lake::LocalStore(kTable, host.host()); }
  Snapshot snapshot() {
    auto files = store();
    TableLog log(files, host.host());
    auto loaded = log.load();
    EXPECT_TRUE(loaded) << loaded.error().message;
    return loaded ? *loaded : Snapshot();
  }
  std::vector<AddFile> live() {
    auto files = store();
    TableLog log(files, host.host());
    std::vector<AddFile> all;
    const Done done = scan_files(log, snapshot(), {.live = [&](AddFile& add) -> Done {
                                   all.push_back(add);
                                   return {};
                                 }});
    EXPECT_TRUE(done) << done.error().message;
    return all;
  }
  // What a command says; what went wrong behind it, if something did.
  std::string command(const std::vector<std::string>& arguments) {
    auto sink = DeltaSink::create(settings, host.host());
    std::vector<std::string_view> views(arguments.begin(), arguments.end());
    std::string said;
    const Done done = (*sink)->command(views, [&](std::string_view text) { said += text; });
    return done ? said : said + "error: " + done.error().message;
  }
  // The rows as JSON, sorted.
  Strings cat(std::vector<std::string> options = {}) {
    options.insert(options.begin(), "cat");
    const auto text = command(options);
    Strings lines;
    for (size_t at = 0; at < text.size();) {
      const auto end = std::min(text.find('\n', at), text.size());
      lines.push_back(text.substr(at, end - at));
      at = end + 1;
    }
    std::sort(lines.begin(), lines.end());
    return lines;
  }
  void put_log(int64_t version, std::string_view content) {
    host.files().write_file(std::string(kTable) + "/" + commit_path(version), content);
  }
  std::string log(int64_t version) { return host.files().read_file(std::string(kTable) + "/" + commit_path(version)); }
  // Paths of data files that are there.
  Strings data_files() {
    Strings all;
    for (const auto& path : host.files().paths())
      if (path.starts_with(kTable) && path.ends_with(".parquet") && path.find("/_") == path.npos) all.push_back(path);
    return all;
  }

  testkit::FakeHost host;
  DeltaSettings settings;
  std::vector<Position> recovered;
  Batch rejected;
};

}  // namespace levada::delta
