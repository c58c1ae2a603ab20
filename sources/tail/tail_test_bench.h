// For tests of the tail source: a folder in memory, the source over it, and what came out so far.
#pragma once

#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "levada/testkit/fake_host.h"
#include "tail.h"

namespace levada::tail {

using Texts = std::vector<std::string>;

class TailTestBench : public testing::Test {
 protected:
  TailTestBench() {
    settings.include = {"/log/*.log"};
    settings.exclude = {"*.tmp"};
    settings.start = Tail::Start::beginning;
    settings.line_bytes = {1 << 20};
    settings.read_bytes = {1 << 20};
    settings.file_column = "file";
    settings.offset_column = "offset";
    host.files().make_folders("/log");
  }

  // A new instance, as after a crash or a stop; it goes on where downstream stands.
  void start() {
    tail.reset();
    auto made = Tail::create(settings, host.host());
    ASSERT_TRUE(made) << made.error().option << ": " << made.error().message;
    tail = *std::move(made);
    std::vector<Position> at;
    for (const auto& [stream, position] : positions) at.push_back({stream, position, 0});
    const auto opened = tail->open(at);
    ASSERT_TRUE(opened) << opened.error().message;
  }
  // All that comes within a span of time; gives the rows in it.
  Texts read(std::chrono::nanoseconds span = std::chrono::seconds(1)) {
    Texts all;
    const auto end = host.host().monotonic() + span;
    while (host.host().monotonic() < end) {
      auto batch = tail->poll(std::chrono::milliseconds(100));
      last_code = batch.code();
      if (last_code == Code::end) break;
      if (!batch) {
        if (last_code == Code::retry) last_error = batch.error().message;
        host.clock().advance(std::chrono::milliseconds(100));
        continue;
      }
      jumped = jumped || batch->jump;
      if (batch->rows() > 0) {
        EXPECT_NE(positions[batch->stream], batch->position) << "no two batches have one position";
        for (auto& text : testkit::texts(*batch, "body")) all.push_back(text);
        last = *batch;
      }
      positions[batch->stream] = batch->position;
    }
    return all;
  }
  void write(const std::string& path, const std::string& text) { host.files().write_file(path, text); }
  void append(const std::string& path, const std::string& text) {
    host.clock().advance(std::chrono::milliseconds(1));
    host.files().append_file(path, text);
  }
  void rename(const std::string& from, const std::string& to) { host.files().rename_file(from, to); }

  testkit::FakeHost host{"sources.test"};
  Tail::Settings settings;
  std::unique_ptr<Tail> tail;
  std::map<std::string, std::string> positions;  // Of each stream: what a restart goes on with.
  Batch last;
  Code last_code = Code::ok;
  std::string last_error;
  bool jumped = false;
};

}  // namespace levada::tail
