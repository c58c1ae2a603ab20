// A sink in the hands of a test, on a disk in memory.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "files/unpack.h"
#include "hdfs.h"
#include "lake/stores/local_store.h"
#include "levada/testkit/fake_host.h"

namespace levada::hdfs_sink {

// A local store that puts files together in one step, as HDFS does.
class ConcatenatingStore : public lake::LocalStore {
 public:
  using LocalStore::LocalStore;
  Result<bool> concatenate(const std::vector<lake::StoredFile>& files) override {
    auto first = open(files.front().path);
    if (!first) return std::move(first).error();
    if (!*first) return retry("the first file is missing");
    uint64_t bytes = 0;
    for (const auto& file : files) bytes += file.bytes;
    if ((*first)->bytes() != bytes) {
      std::string whole;
      for (const auto& file : files) {
        auto content = lake::read_file(*this, file.path);
        if (!content) return std::move(content).error();
        if (!*content || (*content)->size() != file.bytes) return retry(file.path + " is not what it was");
        whole += **content;
      }
      LEVADA_TRY(replace(files.front().path, whole));
    }
    // One that stays is of no other commit: a NameNode takes all away at once.
    for (size_t at = 1; at < files.size(); ++at) LEVADA_TRY(remove(files[at].path));
    return true;
  }
};

class SinkBench : public testing::Test {
 protected:
  using Positions = std::vector<Position>;
  using Strings = std::vector<std::string>;

  SinkBench() { settings_.path = "/out"; }

  Result<std::unique_ptr<HdfsSink>> make() {
    if (!concatenates_) return HdfsSink::create(settings_, host_.host());
    return HdfsSink::create_in(settings_, host_.host(), std::make_unique<ConcatenatingStore>("/out", host_.host()));
  }
  Positions start() {
    if (sink_) (void)sink_->close({});
    auto sink = make();
    EXPECT_TRUE(sink) << sink.error().message;
    sink_ = *std::move(sink);
    const auto opened = sink_->open();
    EXPECT_TRUE(opened) << opened.error().message;
    return recover();
  }
  Positions recover() {
    auto positions = sink_->recover();
    EXPECT_TRUE(positions) << positions.error().message;
    return positions ? *positions : Positions();
  }
  void write(Batch batch) {
    const Done written = sink_->write(batch, {});
    ASSERT_TRUE(written) << written.error().message;
    rejected_ = Batch::rejected(batch, batch.rejections());
  }
  Done commit(Positions positions = {}) {
    Batch rejected;
    return sink_->commit({std::move(positions), 1}, std::chrono::seconds(1), rejected);
  }
  void stop() {
    const Done closed = sink_->close({});
    EXPECT_TRUE(closed) << closed.error().message;
    sink_.reset();
  }
  // The process dies here and now.
  void die(testkit::Lose lose = testkit::Lose::nothing) {
    host_.files().crash_at(1);
    sink_.reset();
    host_.files().crash(lose);
  }
  void wait(std::chrono::nanoseconds time) { host_.clock().advance(time); }
  void be_idle() { ASSERT_TRUE(sink_->idle()); }

  Strings paths() const { return host_paths(false); }
  // Of files in use.
  Strings hidden() const { return host_paths(true); }
  std::string content(const std::string& path) { return host_.files().read_file(path); }
  // The contents of all files that a reader sees, by name.
  Strings contents() {
    Strings all;
    for (const auto& path : paths()) all.push_back(content(path));
    return all;
  }
  // The lines of all files that a reader sees, sorted.
  Strings lines() {
    Strings all;
    for (const auto& path : paths()) {
      const auto text = files::unpack(files::Compressor::kind_of(path), content(path));
      for (size_t at = 0, end; (end = text.find('\n', at)) != text.npos; at = end + 1)
        all.push_back(text.substr(at, end - at));
    }
    std::sort(all.begin(), all.end());
    return all;
  }
  std::string fault() {
    auto sink = make();
    return sink ? "none" : sink.error().option + ": " + sink.error().message;
  }

  mutable testkit::FakeHost host_;
  HdfsSettings settings_;
  bool concatenates_ = true;
  Batch rejected_;
  std::unique_ptr<HdfsSink> sink_;

 private:
  Strings host_paths(bool is_hidden) const {
    Strings all;
    for (const auto& path : host_.files().paths()) {
      if (!path.starts_with("/out/") || path.ends_with(".lock") || path.ends_with("/here")) continue;
      if ((path.find("/.levada") != path.npos) == is_hidden) all.push_back(path);
    }
    return all;
  }
};

}  // namespace levada::hdfs_sink
