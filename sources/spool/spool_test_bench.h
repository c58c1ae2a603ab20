// For tests of the spool source: a folder in memory, the source over it, and what came out so far.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "levada/testkit/fake_host.h"
#include "spool.h"

namespace levada::spool {

struct SpoolTestBench {
  static Spool::Settings usual() {
    Spool::Settings settings;
    settings.path = "/in";
    settings.include = {"*"};
    settings.ignore = {"*.tmp", ".*"};
    settings.poll_interval = std::chrono::milliseconds(500);
    settings.completed_suffix = ".COMPLETED";
    settings.line_bytes = {1 << 20};
    settings.read_bytes = {1 << 20};
    settings.file_column = "file";
    settings.offset_column = "offset";
    return settings;
  }

  explicit SpoolTestBench(Spool::Settings with = usual()) : settings(std::move(with)) {
    host.files().make_folders("/in");
  }

  // With several batches of rows, with one row, empty, in a folder and without a last
  // line end. Gives their lines.
  std::vector<std::string> fill_with_five_files() {
    settings.recursive = true;
    settings.order = Order::name;
    settings.read_bytes = {256};
    std::vector<std::string> lines;
    const auto add = [&](const std::string& name, int count, bool ends_line) {
      std::string text;
      for (int each = 0; each < count; ++each) {
        lines.push_back(name + " line " + std::to_string(each) + std::string(40, '.'));
        text += lines.back() + (ends_line || each + 1 < count ? "\n" : "");
      }
      write(name, text);
    };
    add("a", 12, true);
    add("b", 1, true);
    add("c", 0, true);
    add("d/e", 3, false);
    add("f", 12, true);
    return lines;
  }

  // A new instance, as after a crash or a stop; it goes on where downstream stands.
  Done open_at(std::optional<std::string> position) {
    auto made = Spool::create(settings, host.host());
    EXPECT_TRUE(made.ok()) << made.error().message;
    spool = *std::move(made);
    std::vector<Position> positions;
    if (position) positions.push_back({"", *position, 0});
    return spool->open(positions);
  }
  void start(std::optional<std::string> position = std::nullopt) {
    const auto opened = open_at(std::move(position));
    EXPECT_TRUE(opened.ok()) << opened.error().message;
  }

  // One poll; false where it gave no batch.
  bool poll() {
    auto batch = spool->poll(std::chrono::nanoseconds(0));
    last_code = batch.code();
    if (!batch) return false;
    for (auto& body : testkit::texts(*batch, "body")) rows.push_back(std::move(body));
    position = batch->position;
    last = std::move(*batch);
    return true;
  }
  // Polls until there is nothing more, some time later.
  void drain() {
    host.clock().advance(settings.poll_interval);
    for (int retries = 0; retries < 10;) {
      if (poll()) continue;
      if (last_code == Code::idle || last_code == Code::end) return;
      ++retries;
      host.clock().advance(std::chrono::minutes(2));
    }
  }
  Done acknowledge() { return spool->acknowledge("", position); }
  void drain_and_acknowledge() {
    drain();
    EXPECT_TRUE(acknowledge().ok());
  }
  std::vector<std::string> taken_rows() { return std::exchange(rows, {}); }
  void write(const std::string& name, std::string_view text) { host.files().write_file("/in/" + name, text); }
  void append(const std::string& name, std::string_view text) { host.files().append_file("/in/" + name, text); }
  bool exists(const std::string& name) { return host.files().exists("/in/" + name); }

  Spool::Settings settings;
  testkit::FakeHost host{"sources.test"};
  std::unique_ptr<Spool> spool;
  std::vector<std::string> rows;
  std::string position;
  Batch last;
  Code last_code = Code::ok;
};

using Texts = std::vector<std::string>;

}  // namespace levada::spool
